"""The tools that printed commands name, as a user has them on PATH."""

import sys
from pathlib import Path


def put_tools(root: Path) -> None:
    """Put `cdk` and `aws` into the checkout's folder `tools`."""
    tools = root / "tools"
    tools.mkdir()
    programs = {
        "cdk": f'exec node "{root}/node_modules/.bin/cdk" "$@"',
        "aws": f'exec "{sys.executable}" "{Path(__file__).with_name("aws_cli.py")}" "$@"',
    }
    for name, text in programs.items():
        (tools / name).write_text(f"#!/bin/bash\n{text}\n")
        (tools / name).chmod(0o755)
