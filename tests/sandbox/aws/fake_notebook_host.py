"""Stands in for `python -m sandbox.notebook_host`: same options, same lines, no JupyterLab.

Runs the lifecycle scripts with bash in the instance's directory, keeps SageMaker/ and the logs.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from sandbox.isolation.system_calls import die_with_parent


def say(event: str, **details: object) -> None:
    print(json.dumps({"event": event, **details}), flush=True)  # noqa: T201


def run_hook(hook: str, script: Path, root: Path, seconds: float) -> bool:
    log, started, timed_out, status = root / "logs" / f"{hook}.log", time.monotonic(), False, 0
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        try:
            status = subprocess.run(
                ["bash", str(script)],
                cwd=root,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status, timed_out = -9, True
    took = round(time.monotonic() - started, 2)
    say("hook", hook=hook, status=status, seconds=took, timed_out=timed_out, log=str(log))
    return status == 0 and not timed_out


def main() -> int:
    die_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parser = argparse.ArgumentParser()
    for option in ("--root", "--metadata", "--hosts", "--aws", "--on-create", "--on-start"):
        parser.add_argument(option, type=Path)
    parser.add_argument("--name")
    parser.add_argument("--hook-seconds", type=float)
    given = parser.parse_args()
    json.loads(given.metadata.read_text())
    (given.root / "SageMaker").mkdir(parents=True, exist_ok=True)
    for hook, script in (("OnCreate", given.on_create), ("OnStart", given.on_start)):
        if script and not run_hook(hook, script, given.root, given.hook_seconds):
            say("failed", reason=f"{hook} failed")
            return 1
    say("in-service", url=f"http://127.0.0.1:1/lab?token={given.name}", pid=1)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
