"""Checks this machine's Python, its packages, Node and the CDK's CLI."""

import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, failed, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings

INSTALL = "make install"
# requires-python of this app; the oldest Node that the CDK still supports.
OLDEST_PYTHON, FIRST_PYTHON_TOO_NEW = (3, 11), (3, 14)
OLDEST_NODE = 22
# The CDK library's assemblies need it (schema 55); 3.0.0 was published by accident.
OLDEST_CDK, FIRST_CDK_TOO_NEW = (2, 1148), (3,)
PACKAGES = ("aws-cdk-lib", "constructs")
SECONDS = 20


@dataclass(frozen=True)
class Machine:
    """Versions, "" of what is not there. `missing` are Python packages that the app needs."""

    python: str
    missing: tuple[str, ...] = ()
    node: str = ""
    cdk: str = ""


def check(_reader: Reader, _settings: Settings, _commands: Commands) -> list[Line]:
    """The lines of this machine; no call."""
    return machine_lines(inspect_machine(Path()))


def inspect_machine(directory: Path) -> Machine:
    """What is on this machine; the CDK's CLI is the checkout's, in `directory`, or else on PATH."""
    return Machine(
        platform.python_version(),
        tuple(each for each in PACKAGES if not _is_installed(each)),
        _version_printed_by("node", "--version"),
        _pinned(directory) or _version_printed_by("cdk", "--version"),
    )


def machine_lines(machine: Machine) -> list[Line]:
    """Whether each is there, and neither too old nor too new."""
    return [_python_line(machine), _node_line(machine.node), _cdk_line(machine.cdk)]


def _python_line(machine: Machine) -> Line:
    subject, version = "Python", _numbers(machine.python)
    if not OLDEST_PYTHON <= version < FIRST_PYTHON_TOO_NEW:
        cause = f"this is {machine.python}; 3.11, 3.12 and 3.13 do"
        return failed(subject, cause, f"{INSTALL} PYTHON=python3.13")
    if machine.missing:
        return failed(subject, f"it has no {' and no '.join(machine.missing)}", INSTALL)
    return ok(subject, machine.python)


def _node_line(version: str) -> Line:
    subject, found = "Node", _numbers(version)
    if not found:
        return failed(subject, "there is no node on PATH", INSTALL)
    if found < (OLDEST_NODE,):
        return failed(subject, f"this is {version}; Node {OLDEST_NODE} or later does", INSTALL)
    return ok(subject, version)


def _cdk_line(version: str) -> Line:
    subject, found = "CDK CLI", _numbers(version)
    if not found:
        return failed(subject, "there is none in node_modules or on PATH", INSTALL)
    if not OLDEST_CDK <= found < FIRST_CDK_TOO_NEW:
        return failed(subject, f"this is {version}; 2.1148.1 or later does, below 3", INSTALL)
    return ok(subject, version)


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _version_printed_by(program: str, *arguments: str) -> str:
    """What a program on PATH, or beside this Python, says of itself; "" when it does not run."""
    beside = Path(sys.executable).parent / program
    path = shutil.which(program) or (str(beside) if beside.exists() else None)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip().removeprefix("v").partition(" ")[0]


def _pinned(directory: Path) -> str:
    package = directory / "node_modules/aws-cdk/package.json"
    try:
        return str(json.loads(package.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)(?:\.(\d+))?", version)
    return tuple(int(each) for each in found.groups() if each) if found else ()
