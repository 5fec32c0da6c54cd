"""What is measured: one Measure each."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench import resolver
from bench.pairs import Sample


@dataclass(frozen=True)
class Measure:
    """A subject and its baseline, the ratio that must not be exceeded, and how many pairs tell.

    `prepared` gives both, as functions that measure once, for as long as it is entered.
    """

    of: str
    against: str
    unit: str
    goal: float
    # As many as its noise asks for.
    pairs: int
    prepared: Callable[[], AbstractContextManager[tuple[Sample, Sample]]]


MEASURES: Mapping[str, Measure] = {
    "resolver_cold_start": Measure(
        of="resolver imported, its EMR client made",
        against="boto3 imported, an EMR client made",
        unit="CPU s",
        goal=1.2,
        pairs=15,
        prepared=resolver.cold_start,
    ),
    "resolver_memory": Measure(
        of="peak memory of the resolver's longest look-up",
        against="Lambda's least memory",
        unit="MiB",
        goal=1.0,
        pairs=3,
        prepared=resolver.memory,
    ),
}
