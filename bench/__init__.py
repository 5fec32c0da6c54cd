"""Measures what the project promises about speed and size, each against a baseline."""
