"""Reads and checks the settings: what may be asked for, and in whose words it is refused."""
