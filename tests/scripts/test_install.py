"""An installation that was interrupted, however, leaves nothing that the next one trips over."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from scripts import checkout as checkout_checks
from scripts import install
from tests.conftest import ROOT
from tests.end_to_end.checkouts import wait_until
from tests.sandbox.processes import wait_for
from tests.scripts.wheels import write_wheel

# In the place of uv, which would need a network: it takes its time where a file asks for that.
UV = """#!/usr/bin/env python3
import pathlib, subprocess, sys
print("Downloading everything", file=sys.stderr, flush=True)
print(" + everything==1", file=sys.stderr, flush=True)
if pathlib.Path("slow").exists():
    pathlib.Path("uv runs").touch()
    subprocess.run(["sleep", "300"])
"""
BACKEND = """
import pathlib, sys
from tests.scripts.wheels import write_wheel
def build_editable(folder, *_):
    write_wheel(pathlib.Path(folder, "scratch-1-py3-none-any.whl"), {})
    return "scratch-1-py3-none-any.whl"
"""
PROJECT = """
[project]
name = "scratch"
version = "1"
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


class Scratch:
    """A checkout with the project's own Makefile and scripts, and next to nothing to install."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for part in ("scripts", "sandbox", "tests/scripts"):
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "Makefile", root)
        (root / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PROJECT)
        wheel = root / "uv-0.0.1-py3-none-any.whl"
        write_wheel(wheel, {"uv-0.0.1.data/scripts/uv": UV})
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        pins = f"other==1 \\\n    --hash=sha256:00\nuv==0.0.1 \\\n    --hash=sha256:{digest}\n"
        (root / "requirements-dev.txt").write_text(pins)

    def make(self, target: str = ".venv/.installed") -> subprocess.Popen[str]:
        """`make`, in a process group of its own, with no network."""
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.root.as_uri()}
        return subprocess.Popen(
            ["make", target],
            cwd=self.root,
            env={**os.environ, **offline, "PYTHONPATH": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def begun(self) -> int:
        """When the .venv was begun whose Python is there, which has no pip yet; 0 for none."""
        begun, python = self.root / ".venv/.installing", self.root / ".venv/bin/python"
        return begun.stat().st_mtime_ns if begun.exists() and python.exists() else 0

    def processes(self) -> list[str]:
        """The process ids of whatever works in this checkout."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink().is_relative_to(self.root):
                    found.append(entry.name)
        return found


def child_of(make: "subprocess.Popen[str]") -> int:
    return int(Path(f"/proc/{make.pid}/task/{make.pid}/children").read_text().split()[0])


def end(make: "subprocess.Popen[str]", target: str, number: int) -> None:
    if target == "group":
        os.killpg(make.pid, number)
    else:
        os.kill(make.pid if target == "make" else child_of(make), number)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.minutes(0.3)
def test_after_every_way_to_end_make_nothing_runs_and_the_next_make_installs_all(
    tmp_path: Path,
) -> None:
    scratch = Scratch(tmp_path / "a check out")
    report = scratch.root / ".sandbox/report.json"
    report.parent.mkdir()
    report.write_text('{"ok": true}')
    for target, number in (
        ("group", signal.SIGINT),
        ("make", signal.SIGTERM),
        ("child", signal.SIGKILL),
        ("group", signal.SIGKILL),
    ):
        before = scratch.begun()
        make = scratch.make("demo")
        wait_until(partial(lambda old: scratch.begun() > old, before), seconds=30)

        end(make, target, number)

        assert make.wait(timeout=30) != 0
        assert wait_for(lambda: scratch.processes() == [], seconds=30)
        assert not (scratch.root / ".venv/.installed").exists()
        assert not report.exists()

    (scratch.root / "slow").touch()
    make = scratch.make()
    wait_until((scratch.root / "uv runs").exists, seconds=30)
    make.kill()
    assert wait_for(lambda: scratch.processes() == [], seconds=30)
    (scratch.root / "slow").unlink()

    whole = scratch.make()
    printed, _ = whole.communicate(timeout=60)

    assert whole.returncode == 0, printed
    assert "Downloading everything" in printed
    assert "everything==1" not in printed
    assert (scratch.root / ".venv/.installed").exists()
    assert not (scratch.root / ".venv/.installing").exists()


def test_one_packages_pin_is_its_version_with_all_its_hashes() -> None:
    pin = install.pinned("uv", (ROOT / "requirements-dev.txt").read_text())

    first, *hashes = pin.splitlines()
    assert first.startswith("uv==")
    assert len(hashes) > 5
    assert all(line.strip().startswith("--hash=sha256:") for line in hashes)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(checkout_checks, "CHECKOUT", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAKELEVEL", raising=False)
    return tmp_path


def test_a_full_disk_is_told_before_anything_is_downloaded(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(checkout)._replace(free=40_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    assert install.main(["python"]) == 1

    assert "has 40 MB free; the installation takes 2500 MB. Next: " in capfd.readouterr().err


@pytest.mark.parametrize("part", ["python", "node"])
def test_what_another_user_made_is_refused_with_what_to_do(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    part: str,
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    assert install.main([part]) == 1

    said = capfd.readouterr().err
    assert f"you may not write into {checkout}" in said
    assert "Next: sudo chown -R" in said


def test_a_second_make_is_refused_while_one_installs(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with checkout_checks.only_one():
        assert install.main(["python"]) == 1

    assert "another make is installing into this checkout" in capfd.readouterr().err
