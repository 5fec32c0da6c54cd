"""What a deploy needs, and whether it is there: `command.py` asks the areas, each a module."""
