"""What `make template` leaves behind: zips to rely on, a whole folder, or words."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from emr_notebook.plain_template.__main__ import main
from emr_notebook.plain_template.assembly import TemplateError
from emr_notebook.plain_template.code_files import code_zip, zip_name
from emr_notebook.plain_template.output import replace_folder
from tests.conftest import ROOT


def code(folder: Path, text: str = "x = 1\n") -> Path:
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "handler.py").write_text(text)
    (folder / "a.js").write_text("1")
    return folder


def test_the_same_files_make_the_same_zip_whenever_they_were_written(tmp_path: Path) -> None:
    first, second = code(tmp_path / "first"), code(tmp_path / "second")
    os.utime(second / "a.js", (1e9, 1e9))
    (second / "a.js").chmod(0o600)

    assert code_zip(first) == code_zip(second)


def test_lambda_may_read_what_a_zip_holds(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    path.write_bytes(code_zip(code(tmp_path / "code")))

    with zipfile.ZipFile(path) as archive:
        modes = {each.filename: each.external_attr >> 16 & 0o777 for each in archive.infolist()}
    assert modes == {"a.js": 0o644, "package/handler.py": 0o644}


def test_another_content_is_another_name(tmp_path: Path) -> None:
    names = {
        zip_name("package.handler.go", code_zip(code(tmp_path / text, text))) for text in ("x", "y")
    }

    assert len(names) == 2
    assert {name.partition("-")[0] for name in names} == {"package"}


def test_a_later_result_replaces_the_earlier_one_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "dev"
    replace_folder(folder, {"code/old.zip": b"1", "README.md": b"1"})
    replace_folder(folder, {"code/new.zip": b"2", "README.md": b"2"})

    assert sorted(each.name for each in (folder / "code").iterdir()) == ["new.zip"]
    assert (folder / "README.md").read_bytes() == b"2"
    assert [each.name for each in folder.parent.iterdir()] == ["dev"]


def test_a_result_that_cannot_be_written_leaves_the_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    replace_folder(folder, {"README.md": b"1"})

    with pytest.raises(TemplateError, match="cannot be written"):
        # The first is a file when the second asks for a folder of that name.
        replace_folder(folder, {"README.md": b"2", "README.md/x": b"2"})

    assert (folder / "README.md").read_bytes() == b"1"
    assert [each.name for each in tmp_path.iterdir()] == ["dev"]


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")

    with pytest.raises(TemplateError, match=r"thesis\.txt was not written by this command"):
        replace_folder(tmp_path, {"README.md": b"1"})

    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_was_added_to_a_result_keeps_it_from_being_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "dev"
    replace_folder(folder, {"code/a.zip": b"1"})
    (folder / "code" / "my.json").write_text("mine")

    with pytest.raises(TemplateError, match=r"code/my\.json was not written by this command"):
        replace_folder(folder, {"code/a.zip": b"2"})

    assert (folder / "code" / "my.json").read_text() == "mine"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emr_notebook.plain_template", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_one_command_writes_the_folder_and_says_where_to_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)

    main(["--stage", "example", "--output", str(tmp_path / "out")])

    assert f"Next: {tmp_path}/out/README.md" in capsys.readouterr().out
    assert (tmp_path / "out/emr-notebooks-example.template.json").exists()


def test_a_stage_that_does_not_exist_is_told_in_words(tmp_path: Path) -> None:
    ended = run("--stage", "exmaple", "--output", str(tmp_path / "out"))

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: there is no stage 'exmaple'")
    assert list(tmp_path.iterdir()) == []
