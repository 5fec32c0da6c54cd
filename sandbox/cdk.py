"""The real CDK command line, run against the sandbox's AWS."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.processes import die_with_parent

CLI = Path("node_modules/.bin/cdk")
SHOWN_LINES = 25


def run_cdk(
    *arguments: str,
    env: Mapping[str, str],
    checkout: Path,
    output: Path,
    log: Path,
    seconds: float = 900,
) -> str:
    """Run `cdk` with these arguments in a checkout; answer what it printed.

    `output` is the folder for the cloud assembly. Everything printed goes to `log` too. Raises
    SandboxError with the end of it when the command fails or takes longer than `seconds`.
    """
    command = ["node", str(checkout / CLI), *arguments, "--output", str(output), "--ci"]
    settings = {
        **env,
        # No word to AWS about the run, and no look for a newer version.
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
        "NO_COLOR": "1",
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as printed:
        try:
            ended = subprocess.run(
                command,
                env=settings,
                cwd=checkout,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
                preexec_fn=die_with_parent,
            )
        except subprocess.TimeoutExpired:
            raise SandboxError(
                f"cdk {arguments[0]} took longer than {seconds:.0f} s; see {log}"
            ) from None
    text = log.read_text(errors="replace")
    if ended.returncode != 0:
        tail = "\n".join(text.rstrip().splitlines()[-SHOWN_LINES:])
        raise SandboxError(
            f"cdk {arguments[0]} ended with status {ended.returncode}. Its last lines ({log}):"
            f"\n{tail}"
        )
    return text
