"""Runs the real CDK command line against the sandbox's AWS."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.isolation.processes import Child

CLI = Path("node_modules/.bin/cdk")
SHOWN_LINES = 25
REFUSAL = re.compile(r"(\[[a-z]+(?:-[a-z]+)+\] .*? Next: .*?) (?:Logs: |at |\(RequestToken|❌)")
STACK_LINE = re.compile(r"\s+at |\s*Source Location|\s*CloudTrail delivery")
ERROR_MARKS = ("❌", "error: ")


def run_cdk(
    *arguments: str,
    env: Mapping[str, str],
    checkout: Path,
    output: Path,
    log: Path,
    folder: Path | None = None,
    seconds: float = 900,
) -> str:
    """Run a checkout's `cdk` with these arguments; answer what it printed.

    It runs in the checkout, or in another `folder`; `output` is for the cloud assembly. Everything
    printed goes to `log`, too. Raises SandboxError with the words that say why when the command
    fails or takes longer than `seconds`; what it started ends with it.
    """
    command = ["node", str(checkout / CLI), *arguments, "--output", str(output), "--ci"]
    settings = {
        **env,
        # No word to AWS about the run, and no look for a newer version.
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
        "NO_COLOR": "1",
        # Not in the home of whoever runs this, which may be read-only.
        "CDK_HOME": str(checkout / ".cache" / "cdk"),
    }
    log.unlink(missing_ok=True)
    with Child("cdk", command, env=settings, log=log, cwd=folder or checkout) as child:
        try:
            status = child.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise SandboxError(
                f"cdk {arguments[0]} took longer than {seconds:.0f} s; see {log}"
            ) from None
    text = log.read_text(errors="replace")
    if status != 0:
        raise SandboxError(
            f"cdk {arguments[0]} ended with status {status}: {failure_in(text)}\n"
            f"All it printed is in {log}"
        )
    return text


def failure_in(printed: str) -> str:
    """The words that say why a CDK command failed, out of everything that it printed.

    The resolver's own refusal when there is one; else what stands from the error on, without the
    stack traces of the CLI and of the Provider framework, or the last lines.
    """
    unwrapped = " ".join(printed.split())
    refusals = REFUSAL.findall(unwrapped)
    if refusals:
        return str(refusals[-1])
    lines = [line for line in printed.splitlines() if line.strip() and not STACK_LINE.match(line)]
    errors = [number for number, line in enumerate(lines) if line.startswith(ERROR_MARKS)]
    return "\n".join(lines[errors[0] :] if errors else lines[-SHOWN_LINES:])
