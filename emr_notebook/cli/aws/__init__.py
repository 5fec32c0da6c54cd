"""Calls AWS for the commands: reader.py, which only reads, and notebook_actions.py."""
