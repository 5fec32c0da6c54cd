"""Adds conditions of IAM and a resolver to ministack's Route 53."""
