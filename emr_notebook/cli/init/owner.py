"""Tells who is calling, as an owner of notebooks: by the ARN that AWS gives the credentials."""

import re
from dataclasses import dataclass

_USER = re.compile(r"arn:[a-z-]+:iam::[0-9]+:user/(?:.*/)?([\w.=+@-]+)")
# A role's session is named by whoever begins it: an address is a person's, another may be anything.
_SESSION = re.compile(r"arn:[a-z-]+:sts::[0-9]+:assumed-role/[^/]+/([\w.=+-]+@[\w.-]+)")
LONGEST_KEY = 16


@dataclass(frozen=True)
class Caller:
    """An owner's name, "" when the credentials name no person; whether it is an IAM user's."""

    owner: str
    is_user: bool = False

    @property
    def key(self) -> str:
        """A notebook's key in the settings, made of the name."""
        return as_key(self.owner.partition("@")[0], "first")


def caller_of(arn: str) -> Caller:
    """The owner that the caller is, as the owners' policy would know them."""
    if user := _USER.fullmatch(arn):
        return Caller(user[1], is_user=True)
    session = _SESSION.fullmatch(arn)
    return Caller(session[1] if session else "")


def as_key(text: str, otherwise: str) -> str:
    """A key of the settings that is like the text, or `otherwise` when there is none."""
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_KEY].rstrip("-")
    # YAML reads some words as something else than text.
    return found if found[:1].isalpha() and found not in ("true", "false", "null") else otherwise
