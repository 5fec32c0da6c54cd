"""Refuses in words, for every custom resource: a code, what was found, and the next step."""

from collections.abc import Sequence

# Of what was found. CloudFormation takes an answer of 4,096 bytes, which the Provider framework's
# own lines and the stack's ids share; a longer one is reported as that, without a word of it.
MOST_BYTES = 1500
# Of a list of names; the rest is counted.
MOST_NAMES = 10


class Refusal(Exception):
    """A deploy cannot go on: a cluster is unfit, say, or a notebook would be replaced unasked.

    The text is what CloudFormation shows to whoever deploys: the code, what was found and the next
    step.
    """

    def __init__(self, code: str, found: str, next_step: str) -> None:
        super().__init__(f"[{code}] {_one_line(found)} Next: {next_step}")
        self.code = code


def _one_line(text: str) -> str:
    """The text as one line, which is all that CloudFormation's events show.

    Names may hold anything: control characters, which a terminal would obey, are replaced.
    """
    line = "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
    if len(line.encode()) <= MOST_BYTES:
        return line
    return line.encode()[:MOST_BYTES].decode(errors="ignore") + " …"


def listed(items: Sequence[str], most: int) -> str:
    """The first items in words, and how many more there are; `none` without any."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return (", ".join(items[:most]) + more) or "none"


def bad_request(name: str, value: object) -> Refusal:
    """A property of the custom resource is not of the form that the app writes."""
    return Refusal(
        "request-unfit",
        f"The custom resource's property {name} is {repr(value)[:80]}.",
        "deploy with the app that made this Lambda, unedited.",
    )
