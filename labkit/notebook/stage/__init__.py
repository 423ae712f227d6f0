"""The stage: one living picture of a lab, and the terminal beside it."""
