"""A Docker image engine small enough to read and exact enough to believe."""
