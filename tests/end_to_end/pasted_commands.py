"""Printed commands, run as a user runs them, and the tools that they name."""

import os
import subprocess
import sys
from collections.abc import Mapping
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


def with_tools(root: Path, env: Mapping[str, str], **more: str) -> dict[str, str]:
    """The environment of pasted commands: `more`, and the checkout's tools first on PATH."""
    found = {**env, "CDK_VALIDATION": "false", "CI": "true", **more}
    tools = f"{root / 'tools'}{os.pathsep}{found['PATH']}"
    return found | {"PATH": tools, "CDK_DISABLE_CLI_TELEMETRY": "true"}


def paste(*commands: str, root: Path, env: Mapping[str, str]) -> str:
    """Run commands as a user does who pastes them into a shell; all that they print."""
    printed = ""
    for command in commands:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        printed += done.stdout
    return printed
