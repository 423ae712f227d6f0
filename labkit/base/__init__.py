"""What all rooms need: the errors, text made fit to be shown, lazy names."""
