"""Adds to ministack's EMR instances, security configurations and clusters read from files."""
