"""Adds to ministack's EC2 what the sandbox's network needs."""
