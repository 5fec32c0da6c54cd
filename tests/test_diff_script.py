"""`scripts/diff.sh`, run: what it calls, what it keeps, and how it ends."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

Run = subprocess.CompletedProcess[str]


class Checkout:
    """A clone with a blank in its path, and stand-ins for the two commands first on PATH."""

    def __init__(self, root: Path) -> None:
        self.root = root / "a clone"
        self.bin, self.calls = root / "bin", root / "calls.txt"
        self.bin.mkdir()
        (self.root / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts/diff.sh", self.root / "scripts")
        self.stand_in("cdk")
        self.stand_in("python3")

    def stand_in(
        self, name: str, status: int = 0, says: str = "", folder: Path | None = None
    ) -> None:
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\necho "{name} in $PWD"\n'
            f"cat <<'SAID'\n{says}\nSAID\necho {name} warns >&2\nexit {status}\n"
        )
        path.chmod(0o755)

    def diff(self, *arguments: str, cwd: Path | None = None) -> Run:
        return subprocess.run(
            [str(self.root / "scripts/diff.sh"), *arguments],
            env={"PATH": f"{self.bin}{os.pathsep}{os.defpath}"},
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_shows_the_diff_and_then_the_plan_of_the_stage(checkout: Checkout) -> None:
    ended = checkout.diff("dev")

    assert ended.returncode == 0
    assert checkout.called() == [
        "cdk diff -c stage=dev",
        "python3 -m emr_notebook plan --stage dev",
    ]
    assert [line for line in ended.stdout.splitlines() if " in " in line] == [
        f"cdk in {checkout.root}",
        f"python3 in {checkout.root}",
    ]


def test_a_refresh_is_told_to_both(checkout: Checkout) -> None:
    checkout.diff("dev", "--refresh=2026 november")

    assert checkout.called() == [
        "cdk diff -c stage=dev -c refresh=2026 november",
        "python3 -m emr_notebook plan --stage dev --refresh=2026 november",
    ]


def test_with_the_look_up_role_no_change_set_is_made(checkout: Checkout) -> None:
    checkout.diff("prod", "--lookup-role", "--fail-on=destructive")

    assert checkout.called() == [
        "cdk diff -c stage=prod --method=template --fail-on=destructive",
        "python3 -m emr_notebook plan --stage prod --lookup-role",
    ]


@pytest.mark.parametrize("status", [0, 1, 2, 3])
@pytest.mark.parametrize("keeps", [False, True])
def test_it_ends_as_the_plan_does(checkout: Checkout, status: int, keeps: bool) -> None:
    checkout.stand_in("python3", status)

    assert checkout.diff("dev", *(["--into=kept"] if keeps else [])).returncode == status


@pytest.mark.parametrize("status", [0, 2, 3])
def test_a_failed_diff_fails_and_the_plan_is_shown_all_the_same(
    checkout: Checkout, status: int
) -> None:
    checkout.stand_in("cdk", 7)
    checkout.stand_in("python3", status, says="a plan")

    ended = checkout.diff("dev", "--into=kept")

    assert ended.returncode == 1
    assert "a plan" in ended.stdout
    assert (checkout.root / "kept/dev/status.txt").read_text() == "1\n"


def test_what_both_print_is_kept_by_stage_where_the_caller_stands(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.stand_in("cdk", says="a diff")
    checkout.stand_in("python3", 2, says="a plan")
    checkout.diff("dev", "--into=what changes", cwd=tmp_path)

    kept = tmp_path / "what changes/dev"
    assert {path.name: path.read_text() for path in kept.iterdir()} == {
        "diff.txt": f"cdk in {checkout.root}\na diff\ncdk warns\n",
        "plan.txt": f"python3 in {checkout.root}\na plan\npython3 warns\n",
        "status.txt": "2\n",
    }


def test_the_summary_is_written_by_the_plan_where_the_caller_stands(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.diff("dev", "--summary=in one line.txt", cwd=tmp_path)

    assert checkout.called()[-1] == (
        f"python3 -m emr_notebook plan --stage dev --summary={tmp_path}/in one line.txt"
    )


@pytest.mark.parametrize("folder", ["node_modules/.bin", ".venv/bin"])
def test_what_make_install_made_comes_before_what_is_on_path(
    checkout: Checkout, folder: str
) -> None:
    name = "cdk" if "node" in folder else "python3"
    checkout.stand_in(name, says="the installed one", folder=checkout.root / folder)

    assert checkout.diff("dev").stdout.count("the installed one") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [""],
        ["--lookup-role"],
        ["../dev"],
        ["dev; true"],
        ["dev", "prod"],
        ["dev", "--into="],
        ["dev", "--yes"],
    ],
)
def test_a_mistaken_call_runs_nothing_and_is_told_how_it_is_called(
    checkout: Checkout, arguments: list[str]
) -> None:
    ended = checkout.diff(*arguments)

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "Usage: scripts/diff.sh STAGE" in ended.stderr
    assert checkout.called() == []
