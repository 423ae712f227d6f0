"""How Go writes and reads: JSON, structs, templates, paths, quoting, units, moments. Values and functions."""
