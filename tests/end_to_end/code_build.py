"""Stands in for CodeBuild: a clean clone of the project, and a buildspec's commands run in it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

# Longer than an installation on a slow day.
SECONDS = 900


@dataclass(frozen=True)
class Build:
    """A build that has ended; `exported` are the variables that it hands on."""

    status: int
    printed: str
    exported: Mapping[str, str]


def clone(target: Path) -> None:
    """Clone the project as it is here, what is not committed yet included."""
    git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(target), cwd=ROOT)
    for name in git("ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\n"):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)


def share_installation(target: Path) -> None:
    """Give a clone what `make install` has made here, so that its own finds nothing to do.

    Packages and tools are linked; the project itself is installed as scripts/install.sh does it.
    CI's run in a clean clone shows that `make install` makes the rest.
    """
    packages = Path(sysconfig.get_path("purelib")).relative_to(ROOT)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", target / ".venv"], check=True)
    (target / "node_modules").mkdir()
    for folder in (packages, Path(".venv/bin"), Path(".venv"), Path("node_modules")):
        for each in (ROOT / folder).iterdir():
            place = target / folder / each.name
            if not place.exists() and "emr_notebook" not in each.name.replace("-", "_"):
                place.symlink_to(each)
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--editable", "."]
    pip = ["-m", "pip", "install", "--quiet", *options]
    subprocess.run([target / ".venv/bin/python", *pip], cwd=target, check=True)


def git(*arguments: str, cwd: Path) -> str:
    """What git prints."""
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def build(
    commands: Iterable[str], *, cwd: Path, env: Mapping[str, str], exported: Iterable[str] = ()
) -> Build:
    """Run a buildspec's commands, in one shell and until one fails, as CodeBuild does."""
    names = list(exported)
    told = cwd / ".exported"
    ends = [f"printf '%s' \"${name}\" >'.exported.{name}'" for name in names]
    script = "\n".join(["set -e", *commands, *ends])
    done = subprocess.run(
        # CodeBuild's own shell; bash's extensions are not in it everywhere.
        ["sh", "-c", script],
        cwd=cwd,
        env={**env, "CI": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    found = {name: told.with_name(f".exported.{name}") for name in names}
    values = {name: file.read_text() for name, file in found.items() if file.exists()}
    for file in found.values():
        file.unlink(missing_ok=True)
    return Build(done.returncode, done.stdout, values)


def bare(env: Mapping[str, str]) -> dict[str, str]:
    """Without what this project has installed here: a build brings its own."""
    own = {str(ROOT / ".venv/bin"), str(ROOT / "node_modules/.bin")}
    path = [part for part in env["PATH"].split(os.pathsep) if part not in own]
    # A make that runs these tests would have the build's own say where it enters and leaves.
    left = {"VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    return {
        **{name: value for name, value in env.items() if name not in left},
        "PATH": os.pathsep.join(path),
    }
