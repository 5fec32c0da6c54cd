"""Checks notebooks that are deployed: `verify` and `status`."""
