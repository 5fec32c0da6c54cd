"""Checks what a deploy needs: `command.py` asks the areas, each a module with a `check`."""
