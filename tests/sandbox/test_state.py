"""Where the sandbox could not write, it says so before it starts anything."""

import os
import shutil
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.state import prepare_state


def test_the_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    prepare_state(tmp_path / ".sandbox")
    prepare_state(tmp_path / ".sandbox")

    assert (tmp_path / ".sandbox").is_dir()


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / ".sandbox").write_text("")

    with pytest.raises(SandboxError, match=r"\.sandbox is not a folder.*Move it away"):
        prepare_state(tmp_path / ".sandbox")


@pytest.mark.parametrize("folder", [".", ".sandbox", ".sandbox/world", ".cache"])
def test_what_a_run_as_root_left_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    foreign = tmp_path / folder
    foreign.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != foreign)

    with pytest.raises(SandboxError) as refused:
        prepare_state(tmp_path / ".sandbox")

    assert f"{foreign} cannot be written by this user" in str(refused.value)
    assert f"sudo chown -R $(id -un) '{foreign}'" in str(refused.value)


def test_a_disk_with_40_mb_left_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=40_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    with pytest.raises(SandboxError, match="has 40 MB of disk left; the sandbox needs 500 MB"):
        prepare_state(tmp_path / ".sandbox")
