"""What goes wrong while plain templates are written, in words."""


class TemplateError(Exception):
    """No template is written; the text says why, and what to do."""
