"""What the two were seen to do, as it is written down and read again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.pairs import Summary

OURS, ARTICLE = "this project", "the article"


@dataclass(frozen=True)
class Outcome:
    """What became of a fault in some words, what the person read, and after how many seconds.

    The seconds are those of a deploy, and 0 for what is not deployed.
    """

    result: str
    says: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Results:
    """All of a comparison.

    `times` are pairs of both, `calls` the requests to AWS of one deploy, `commands` what a person
    types for a first notebook, `replaced` the seconds from the new cluster to a first result and
    `replaced_commands` what a person types for it, `faults` what each did, by fault and contender.
    """

    times: Mapping[str, Summary]
    calls: Mapping[str, int]
    commands: Mapping[str, list[str]]
    replaced: Mapping[str, float]
    replaced_commands: Mapping[str, list[str]]
    faults: Mapping[str, Mapping[str, Outcome]]


def as_json(found: Results) -> dict[str, Any]:
    """As it is written down."""
    return asdict(found)


def from_json(written: Mapping[str, Any]) -> Results:
    """As it was."""
    return Results(
        times={name: Summary(**each) for name, each in written["times"].items()},
        calls=written["calls"],
        commands=written["commands"],
        replaced=written["replaced"],
        replaced_commands=written["replaced_commands"],
        faults={
            fault: {label: Outcome(**each) for label, each in seen.items()}
            for fault, seen in written["faults"].items()
        },
    )
