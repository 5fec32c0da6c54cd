"""Refuses updates that would replace a notebook that its settings do not allow to be replaced."""
