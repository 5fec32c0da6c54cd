"""A shell that allows too little is told what; what may be raised is."""

import resource

import pytest

from sandbox.errors import SandboxError
from sandbox.isolation import limits


def test_a_hard_limit_of_256_open_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))

    with pytest.raises(SandboxError, match=r"open 256 files \(ulimit -n\).*needs 1024"):
        limits.raise_open_files()


@pytest.mark.parametrize(
    ("soft", "hard", "then"),
    [
        (256, 4096, [(1024, 4096)]),
        (256, resource.RLIM_INFINITY, [(1024, resource.RLIM_INFINITY)]),
        (1024, 1024, []),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, []),
    ],
)
def test_a_soft_limit_is_raised_as_far_as_needed(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, then: list[tuple[int, int]]
) -> None:
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: made.append(pair))

    limits.raise_open_files()

    assert made == then
