"""A changed policy of a role counts some seconds after its first use."""

from dataclasses import dataclass

from sandbox.aws.iam.propagation import Propagation


@dataclass
class Clock:
    time: float = 0.0

    def now(self) -> float:
        return self.time


def test_a_new_roles_policies_count_at_once() -> None:
    assert Propagation(5, Clock().now).known("role", ["a"]) == ["a"]


def test_a_changed_policy_counts_after_its_seconds_and_not_before() -> None:
    clock = Clock()
    lag = Propagation(5, clock.now)
    lag.known("role", ["a"])

    assert lag.known("role", ["b"]) == ["a"]
    clock.time = 4.9
    assert lag.known("role", ["b"]) == ["a"]
    clock.time = 5
    assert lag.known("role", ["b"]) == ["b"]


def test_another_change_meanwhile_begins_anew() -> None:
    clock = Clock()
    lag = Propagation(5, clock.now)
    lag.known("role", ["a"])
    lag.known("role", ["b"])
    clock.time = 3
    lag.known("role", ["c"])
    clock.time = 6

    assert lag.known("role", ["c"]) == ["a"]
    clock.time = 8
    assert lag.known("role", ["c"]) == ["c"]


def test_roles_do_not_wait_for_each_other() -> None:
    lag = Propagation(5, Clock().now)
    lag.known("role", ["a"])
    lag.known("role", ["b"])

    assert lag.known("other", ["b"]) == ["b"]
