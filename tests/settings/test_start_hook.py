"""The team's script that runs after each start: what may be given, and which files are refused."""

from pathlib import Path
from typing import Any

import pytest

from emr_notebook.settings.file import SettingsError, parse
from emr_notebook.settings.hook_file import LARGEST_BYTES, read_hook_files, script
from emr_notebook.settings.model import Settings
from emr_notebook.settings.start_hook import StartHook
from tests.conftest import stage
from tests.settings.changes import refusal

FILE = "hooks/team.sh"


def settings(default: Any, own: Any = None) -> Settings:
    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {"start_hook": default}
        if own is not None:
            data["notebooks"]["alice"]["start_hook"] = own

    return parse(stage(change))


def hook(default: Any, own: Any = None) -> StartHook | None:
    return settings(default, own).notebook("alice").hook


def said_of(default: Any) -> str:
    return refusal(lambda data: data.update(defaults={"start_hook": default}))


def said_of_file(folder: Path, content: bytes, **given: str) -> str:
    """What is said at synthesis of a hook with this content."""
    (folder / "team.sh").write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read_hook_files(settings({"file": "team.sh", **given}), folder)
    return str(refused.value)


def test_the_notebooks_user_runs_it_unless_root_is_asked_for() -> None:
    found = hook({"file": FILE})

    assert found is not None
    assert (found.file, found.run_as) == (FILE, "user")


@pytest.mark.parametrize(
    "given", [{"file": FILE, "as": "root"}, {"file": FILE, "because": "it has to"}]
)
def test_root_goes_with_a_reason_and_a_reason_with_root(given: dict[str, str]) -> None:
    assert "defaults.start_hook: as: root goes with because, and because with it" in said_of(given)


def test_only_the_user_and_root_run_it() -> None:
    said = said_of({"file": FILE, "as": "ec2-user"})

    assert "start_hook.as: 'ec2-user' was given; accepted: user or root" in said


def test_the_name_in_python_is_no_key() -> None:
    assert "start_hook.run_as: there is no such key" in said_of({"file": FILE, "run_as": "user"})


def test_a_notebook_declines_the_defaults_hook_with_none() -> None:
    assert hook({"file": FILE}, "none") is None
    assert hook("none", {"file": "own.sh"}) == hook({"file": "own.sh"})


def test_each_notebooks_hook_is_read_from_the_projects_folder(tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / FILE).write_text("echo hello\n")

    assert read_hook_files(settings({"file": FILE}), tmp_path) == {"alice": b"echo hello\n"}
    assert read_hook_files(settings({"file": FILE}, "none"), tmp_path) == {}


def test_windows_line_ends_and_the_byte_order_mark_go() -> None:
    given = StartHook.model_validate({"file": FILE})

    assert script(b"\xef\xbb\xbf#!/bin/bash\r\ntrue\r\n", given) == b"#!/bin/bash\ntrue\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x7fELF\x02\x01\x01\xff", "it is not UTF-8 text (byte number 8): save it as UTF-8"),
        (b"#!/bin/bash\n\0", "it is not text: it holds a NUL character"),
        (b" \n\n", "it is empty"),
        (b"#" * (LARGEST_BYTES + 1), "it is larger than 262,144 bytes"),
    ],
)
def test_what_is_no_script_is_refused_with_its_place_and_what_is_accepted(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    said = said_of_file(tmp_path, content)

    assert f"  defaults.start_hook.file: 'team.sh' was given; {reason}; accepted: a script" in said


def test_a_script_of_the_largest_size_is_accepted() -> None:
    content = b"#" * LARGEST_BYTES

    assert script(content, StartHook.model_validate({"file": FILE})) == content


def test_a_missing_file_is_one_mistake_however_many_notebooks_have_it(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        data["defaults"] = {"start_hook": {"file": FILE}}
        data["notebooks"]["bob"] = {**data["notebooks"]["alice"], "start_hook": {"file": "b.sh"}}
        data["notebooks"]["carol"] = {**data["notebooks"]["alice"]}

    with pytest.raises(SettingsError) as refused:
        read_hook_files(parse(stage(change)), tmp_path)

    first, *lines = str(refused.value).splitlines()
    assert first == "2 mistakes"
    assert "defaults.start_hook.file: 'hooks/team.sh' was given; there is no file" in lines[0]
    assert "notebooks.bob.start_hook.file: 'b.sh' was given; there is no file" in lines[1]


def test_root_runs_no_program_that_the_notebooks_user_can_replace(tmp_path: Path) -> None:
    content = b"#!/home/ec2-user/anaconda3/bin/python\n"

    said = said_of_file(tmp_path, content, **{"as": "root", "because": "it has to"})

    assert "its first line has root run a program below /home" in said
    assert script(content, StartHook.model_validate({"file": FILE})) == content
