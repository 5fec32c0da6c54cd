"""Measures a subject beside its baseline, and beside itself, in turns."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Sample = Callable[[], float]
# Quantiles between which eight of ten pairs lie.
LOW, HIGH = 0, -1


@dataclass(frozen=True)
class Pair:
    """One baseline and two subjects, measured one after the other."""

    baseline: float
    subject: float
    again: float


@dataclass(frozen=True)
class Summary:
    """What many pairs say.

    `ratio` is the median of subject / baseline; eight of ten pairs lie between `low` and `high`.
    `noise` is the median of the greater by the smaller of two measurements of the same thing: a
    ratio nearer to 1 than that says nothing.
    """

    ratio: float
    low: float
    high: float
    noise: float
    subject: float
    baseline: float


def measure_pairs(subject: Sample, baseline: Sample, count: int) -> list[Pair]:
    """`count` pairs; every second one begins with the baseline, so that a drift favours neither."""
    pairs = []
    for number in range(count):
        if number % 2:
            first = baseline()
            pairs.append(Pair(first, subject(), subject()))
        else:
            one, two = subject(), subject()
            pairs.append(Pair(baseline(), two, one))
    return pairs


def summarize(pairs: Sequence[Pair]) -> Summary:
    """The summary of at least two pairs."""
    ratios = [pair.subject / pair.baseline for pair in pairs]
    tenths = statistics.quantiles(ratios, n=10, method="inclusive")
    both = [(pair.subject, pair.again) for pair in pairs]
    return Summary(
        ratio=statistics.median(ratios),
        low=tenths[LOW],
        high=tenths[HIGH],
        noise=statistics.median(max(each) / min(each) for each in both),
        subject=statistics.median(pair.subject for pair in pairs),
        baseline=statistics.median(pair.baseline for pair in pairs),
    )
