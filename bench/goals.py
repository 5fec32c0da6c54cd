"""What is measured, beside what, and what may come of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """A subject and its baseline in words, and the ratio of the two that must not be exceeded."""

    subject: str
    baseline: str
    unit: str
    goal: float
