"""Makes texts that others wrote fit for a terminal: what they hold is shown, never obeyed."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LONGEST = 400


def printable(text: str, longest: int = LONGEST) -> str:
    """The text as one line of at most `longest` characters.

    Control characters, those that begin escape sequences and those that turn the direction of
    writing among them, are replaced; so is all else that Python does not call printable.
    """
    cut = " ".join(text[: 4 * longest].split())
    line = "".join(each if each.isprintable() else REPLACEMENT for each in cut)
    return line if len(line) <= longest else f"{line[: longest - 2]} …"


def quoted(text: str) -> str:
    """The text as a quotation, which nothing in it can end."""
    return f"“{printable(text).replace('”', REPLACEMENT)}”"
