"""Adds to ministack's EMR instances, security configurations and seeded clusters."""
