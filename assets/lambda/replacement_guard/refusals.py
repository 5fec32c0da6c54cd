"""The two reasons for which an update is refused: code, what would happen, and the next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cluster_endpoint.refusals import MOST_NAMES, Refusal, listed

# Kinds of change that are told apart. Most updates have one, whatever the number of notebooks.
MOST_KINDS = 3
# Five security groups, SageMaker's most, and any key's ARN.
MOST_VALUE_CHARACTERS = 120
# What lies behind the list still fits into a refusal.
MOST_LIST_CHARACTERS = 1200


@dataclass(frozen=True)
class Change:
    """A property that is fixed at birth, and its two values; None where it is not given."""

    name: str
    before: str | Sequence[str] | None
    after: str | Sequence[str] | None

    def __str__(self) -> str:
        return f"{self.name} from {self._shown(self.before)} to {self._shown(self.after)}"

    def _shown(self, value: str | Sequence[str] | None) -> str:
        if value is None:
            return "SageMaker's own key" if self.name == "KmsKeyId" else "none"
        text = value if isinstance(value, str) else ", ".join(value)
        return _short(text, MOST_VALUE_CHARACTERS)


def replaced(changes: Mapping[str, tuple[Change, ...]]) -> Refusal:
    """Notebooks would be replaced, and the settings do not allow it; their changes by key."""
    kinds: dict[tuple[Change, ...], list[str]] = {}
    for key, kind in changes.items():
        kinds.setdefault(kind, []).append(key)
    largest = sorted(kinds.items(), key=lambda each: -len(each[1]))
    shown = [
        f"{listed(keys, MOST_NAMES)} ({', '.join(str(each) for each in kind)})"
        for kind, keys in largest[:MOST_KINDS]
    ]
    others = sum(len(keys) for _, keys in largest[MOST_KINDS:])
    what = "; ".join(shown) + (f"; and {others} more" if others else "")
    return Refusal(
        "notebook-replaced",
        f"CloudFormation would replace {_short(what, MOST_LIST_CHARACTERS)}. A replaced notebook's "
        "files stay on the old instance, which is kept unless opt_outs.delete_volumes is set; the "
        "new one starts empty.",
        "put the old value back, or give each notebook that may start empty `replace: true`.",
    )


def name_taken(names: Mapping[str, str]) -> Refusal:
    """Notebooks may be replaced, but have the same name as before; their names by key."""
    same = listed([f"{key} (named {name})" for key, name in names.items()], MOST_NAMES)
    return Refusal(
        "notebook-name-taken",
        "CloudFormation makes a notebook's new instance before it lets go of the old one, and two "
        f"cannot have one name: {same}.",
        "give the notebook a new `name`, or remove `name` so that one is made.",
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + " …"
