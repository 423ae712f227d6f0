"""Tests in JupyterLab in a real browser."""
