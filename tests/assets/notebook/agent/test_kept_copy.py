"""Which agents stay on the volume."""

import os
from pathlib import Path

from emr_notebook_agent import files, kept_copy


def program(folder: Path, digit: str) -> Path:
    path = folder / f"{digit * 64}.pyz"
    path.write_text(digit)
    return path


def kept(home: Path) -> list[str]:
    return sorted(path.name[0] for path in (files.folder(home) / "agent").iterdir())


def test_the_running_one_and_the_one_before_it_stay(tmp_path: Path) -> None:
    for at, digit in enumerate("abcd"):
        kept_copy.keep(tmp_path, program(tmp_path, digit))
        copy = files.folder(tmp_path) / "agent" / f"{digit * 64}.pyz"
        os.utime(copy, (at, at))

    assert kept(tmp_path) == ["c", "d"]


def test_a_broken_copy_is_replaced_and_what_is_not_the_agents_stays(tmp_path: Path) -> None:
    folder = files.folder(tmp_path) / "agent"
    folder.mkdir(parents=True)
    (folder / f"{'a' * 64}.pyz").write_text("half")
    (folder / "notes.txt").touch()
    (folder / f"{'b' * 64}.pyz").mkdir()

    kept_copy.keep(tmp_path, program(tmp_path, "a"))

    assert (folder / f"{'a' * 64}.pyz").read_text() == "a"
    assert kept(tmp_path) == ["a", "b", "n"]
