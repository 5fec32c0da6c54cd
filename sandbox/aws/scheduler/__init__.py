"""Runs what EventBridge Scheduler holds: each schedule at its time, in its own role's name."""
