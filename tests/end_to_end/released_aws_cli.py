"""Puts the AWS CLI that comes with the CDK on PATH, for what it adds to the API's own calls."""

from pathlib import Path

from sandbox.notebook_host.aws_cli import aws_script, ensure_aws_cli


def put_aws_cli(folder: Path) -> Path:
    """Make a folder for PATH with `aws` in it: Amazon's own program, version 1.

    `cloudformation deploy` makes its change set and leaves executing it to the caller: it would
    look only every 30 s whether that is done.
    """
    program = folder / "bin" / "aws"
    program.parent.mkdir(parents=True)
    shebang, rest = aws_script(ensure_aws_cli()).split("\n", 1)
    option = '[ "$1 $2" = "cloudformation deploy" ] && set -- "$@" --no-execute-changeset'
    program.write_text(f"{shebang}\n{option}\n{rest}")
    program.chmod(0o755)
    return program.parent
