"""The emr-notebook command: one module a command."""
