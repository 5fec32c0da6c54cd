"""Adds to ministack's IAM quotas, tags, and the actions of the added services."""
