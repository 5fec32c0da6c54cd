"""Runs the whole chain on one machine, with no AWS account; never imported by the app."""
