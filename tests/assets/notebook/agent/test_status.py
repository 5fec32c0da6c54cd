"""How status.txt is written, by several at once and against a user's will."""

import threading
from pathlib import Path

import pytest

from emr_notebook_agent import files, status


def text(home: Path) -> str:
    return (files.folder(home) / "status.txt").read_text()


def test_a_background_line_is_changed_and_removed_alone(tmp_path: Path) -> None:
    status.replace(tmp_path, "state: ok\ncheck: ok\n")
    status.update(tmp_path, {"hook": "running", "idle_stop": "never"})
    status.update(tmp_path, {"hook": "ended ok", "idle_stop": None})

    assert text(tmp_path) == "state: ok\ncheck: ok\nhook: ended ok\n"


def test_none_of_many_lines_that_are_set_at_once_is_lost(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=status.update, args=(tmp_path, {f"key{n}": "set"}))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(text(tmp_path).splitlines()) == sorted(f"key{n}: set" for n in range(20))


def test_whoever_holds_the_lock_for_good_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "LOCK_SECONDS", 0.1)

    with status.locked(tmp_path):
        status.update(tmp_path, {"hook": "running"})

    assert text(tmp_path) == "hook: running\n"
