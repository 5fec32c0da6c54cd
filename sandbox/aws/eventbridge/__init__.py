"""Adds to ministack's EventBridge what AWS's own services send, and what a target has to allow."""
