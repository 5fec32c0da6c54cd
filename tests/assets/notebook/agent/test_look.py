"""What START HERE shows of Livy, each time it is run."""

import json
from pathlib import Path

from emr_notebook_agent import connection, files, look, status
from tests.assets.notebook.scratch_instance import NOTHING_LISTENS, Server

STARTED = "state: ok\ntime: 2026-01-02T03:04:05Z\ncheck: ok\n"


def configured(home: Path, url: str) -> None:
    files.write(home / ".sparkmagic/config.json", json.dumps(connection.deployed(url, "{}")))
    status.replace(home, STARTED)


def test_a_livy_that_answers_is_said_to(tmp_path: Path, livy: Server) -> None:
    configured(tmp_path, livy.url)

    assert look.report(tmp_path).startswith(f"Livy at {livy.url} answers")


def test_a_livy_that_is_dead_now_is_not_called_ok_because_the_start_did(tmp_path: Path) -> None:
    configured(tmp_path, NOTHING_LISTENS)

    first, second, *rest = look.report(tmp_path).splitlines()
    assert first.startswith(f"Livy at {NOTHING_LISTENS}: refused")
    assert second == "Next: start livy-server on the primary"
    assert "time: 2026-01-02T03:04:05Z" in rest


def test_without_a_configuration_it_says_what_to_do(tmp_path: Path) -> None:
    said = look.report(tmp_path)

    assert "cannot be used" in said
    assert "Next: stop and start this notebook" in said


def test_what_the_user_made_of_the_files_ends_in_words(tmp_path: Path) -> None:
    configured(tmp_path, NOTHING_LISTENS)
    (tmp_path / ".sparkmagic/config.json").write_text("[")
    (files.folder(tmp_path) / "status.txt").unlink()
    (files.folder(tmp_path) / "status.txt").mkdir()

    said = look.report(tmp_path)
    assert "cannot be used" in said
    assert "status.txt cannot be read: it is no regular file" in said
