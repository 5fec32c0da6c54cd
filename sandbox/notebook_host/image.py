"""Lays out what SageMaker's image puts into an instance's home, anew at every start."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from sandbox.environment import NOWHERE, REGION
from sandbox.files import write_private
from sandbox.notebook_host.user import Ec2User

SPARKMAGIC_KERNELS = {
    "pysparkkernel": ("Sparkmagic (PySpark)", "python"),
    "sparkkernel": ("Sparkmagic (Spark)", "scala"),
    "sparkrkernel": ("Sparkmagic (SparkR)", "r"),
}
# The AWS CLI's settings of an instance that is given none: it reaches nothing.
NO_AWS = f"""[default]
region = {REGION}
endpoint_url = {NOWHERE}
aws_access_key_id = sandbox
aws_secret_access_key = sandbox
"""


def install(home: Path, user: Ec2User, aws_config: str) -> None:
    """Lay the image's part of ec2-user's home, all of it owned by ec2-user.

    `home` holds the volume alone, as `wipe` leaves it. `aws_config` has credentials.
    """
    (home / ".aws").mkdir(mode=0o700)
    write_private(home / ".aws" / "config", aws_config.encode())
    python = python_script()
    for name in ("python", "python3"):
        _write(home / "anaconda3" / "bin" / name, python, mode=0o755)
    kernels = home / "anaconda3" / "share" / "jupyter" / "kernels"
    for name, spec in kernel_specs().items():
        _write(kernels / name / "kernel.json", json.dumps(spec, indent=1))
    volume = home / "SageMaker"
    if volume.is_symlink() or not volume.is_dir():
        # Its user's doing. Followed, a link would hand over the folder that it names.
        volume.unlink(missing_ok=True)
        volume.mkdir()
    _own(home, user)
    _own(volume, user)
    for part in (".aws", "anaconda3"):
        for folder, _, files in os.walk(home / part):
            for path in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118
                _own(Path(path), user)


def python_script() -> str:
    """A program that runs this Python."""
    return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n'


def kernel_specs() -> dict[str, dict[str, Any]]:
    """SageMaker's kernels by name, run by this Python: SparkMagic's three and conda_python3."""
    specs = {
        name: _kernel_spec(f"sparkmagic.kernels.{name}.{name}", display, language)
        for name, (display, language) in SPARKMAGIC_KERNELS.items()
    }
    specs["conda_python3"] = _kernel_spec("ipykernel_launcher", "conda_python3", "python")
    return specs


def wipe(root: Path) -> None:
    """Remove what an instance loses when it stops: all but ~/SageMaker, and the logs.

    The logs are CloudWatch's on AWS, so they outlive the instance.
    """
    for folder, kept in (
        (root, {"home", "logs"}),
        (root / "home", {"ec2-user"}),
        (root / "home" / "ec2-user", {"SageMaker"}),
    ):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in kept:
                _remove(path)


def _own(path: Path, user: Ec2User) -> None:
    os.chown(path, user.uid, user.gid, follow_symlinks=False)


def _kernel_spec(module: str, display_name: str, language: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", module, "-f", "{connection_file}"]
    return {"argv": argv, "display_name": display_name, "language": language}


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
