"""Words a mistake in the settings: its place, what was given and what is accepted."""

import re
import reprlib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from emr_notebook.settings.keys import place_at
from emr_notebook.settings.model import Settings
from emr_notebook.settings.suggestions import suggestion

Location = tuple[str | int, ...]
# (path in the file, what was given, what is accepted)
Mistake = tuple[Location, Any, str]

LONGEST_SHOWN = 120
# Nobody reads more; the rest shows when these are gone.
MOST_LISTED = 50
_SECRET = re.compile(r"secret|password|passwd|token|credential", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z+]{1,10}://")
_PLAIN_KEY = re.compile(r"[\w./:=+@-]([\w ./:=+@-]{0,62}[\w./:=+@-])?")


def listed(mistakes: Iterable[str], number: int | None = None) -> str:
    """Mistakes as an error tells them: how many, then each on a line of its own.

    `number` is how many there are, where not all are put into words.
    """
    told = list(mistakes)
    number = len(told) if number is None else number
    more = number - len(told[:MOST_LISTED])
    rest = [f"and {more} more"] if more > 0 else []
    count = "1 mistake" if number == 1 else f"{number} mistakes"
    return "\n".join([count, *(f"  {line}" for line in [*told[:MOST_LISTED], *rest])])


def refusal(location: Location, given: Any, accepted: str) -> str:
    """`place: <given> was given; accepted: <accepted>`, on one line."""
    shown = "a text that is not shown" if _holds_secret(location, given) else _shown(given)
    return f"{_place(location)}: {shown} was given; accepted: {accepted}"


def pydantic_mistake(detail: ErrorDetails, model: type[BaseModel] = Settings) -> str:
    """A mistake that pydantic found in the values of a model."""
    location, kind = detail["loc"], detail["type"]
    if kind == "invalid_key":
        return refusal(location[:-1], detail["input"], "keys that are texts")
    if kind == "extra_forbidden":
        return f"{_place(location)}: there is no such key; {suggestion(location, model)}"
    if kind == "value_error":
        return f"{_place(location)}: {detail['ctx']['error']}"
    if kind == "format" and _is_about_the_key(detail):
        return refusal(location[:-1], detail["input"], detail["ctx"]["accepted"])
    place = place_at(location, model)
    accepted = detail["msg"] if kind == "format" or place is None else place.accepted
    if kind == "missing":
        return f"{_place(location)}: is missing; accepted: {accepted}"
    return refusal(location, detail["input"], accepted)


def _is_about_the_key(detail: ErrorDetails) -> bool:
    """Whether a mistake is in a mapping's key: pydantic marks it by one more step in the path.

    A key may be called [key], too; then the step before it is another one than what was given.
    """
    *_, before, last = ("", *detail["loc"])
    return last == "[key]" and str(before) == str(detail["input"])


def _holds_secret(location: Location, given: Any) -> bool:
    return isinstance(given, str) and bool(location) and bool(_SECRET.search(str(location[-1])))


def _place(location: Location) -> str:
    """The path; in quotes, what would not read as a name."""
    parts = [str(part) for part in location]
    return (
        ".".join(x if _PLAIN_KEY.fullmatch(x) else _SHORT_REPR.repr(x) for x in parts) or "the file"
    )


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"{str(value).lower()} (a truth value)"
    if isinstance(value, int | float):
        return f"{_SHORT_REPR.repr(value)} (a number)"
    text = _SHORT_REPR.repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


class _ShortRepr(reprlib.Repr):
    """Values as Python writes them; short, whatever they hold, and without passwords."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = LONGEST_SHOWN
        self.maxlevel = 3

    def repr_str(self, value: str, _: int) -> str:
        shown = repr(_without_password(value)[:LONGEST_SHOWN])
        if len(value) <= LONGEST_SHOWN and len(shown) <= LONGEST_SHOWN:
            return shown
        return f"{shown[: LONGEST_SHOWN // 2]}...' ({len(value)} characters)"

    def repr_int(self, value: int, _: int) -> str:
        # Python refuses to write numbers of some thousand digits.
        return str(value) if abs(value) < 10**18 else "a number of 19 digits or more"


def _without_password(text: str) -> str:
    """Without what stands before an @, as in https://user:password@host, and after a ?."""
    before, at_sign, after = text.rpartition("@")
    if at_sign and ":" in before:
        scheme = _SCHEME.match(before)
        text = f"{scheme[0] if scheme else ''}…@{after}"
    address, query, _ = text.partition("?")
    return f"{address}?…" if query and "//" in address else text


_SHORT_REPR = _ShortRepr()
