"""What runs inside a container: a POSIX shell and the everyday commands, as busybox has them."""
