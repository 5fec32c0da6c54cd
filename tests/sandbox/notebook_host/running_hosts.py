"""Starts a notebook host in a test, reads what it says, and sees what it leaves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[3]
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/alice"

Event = dict[str, Any]


class Host:
    """One notebook instance's directory, and the runs of the host on it."""

    def __init__(self, folder: Path, prefix: list[str] | None = None) -> None:
        self.folder = folder
        self.root = folder / "instance"
        self.home = self.root / "home" / "ec2-user"
        self.volume = self.home / "SageMaker"
        self.prefix = prefix or []
        self.python = sys.executable
        self.checkout = CHECKOUT
        self.process: subprocess.Popen[str] | None = None
        self.metadata = folder / "resource-metadata.json"
        self.metadata.write_text(json.dumps({"ResourceArn": ARN, "ResourceName": "alice"}))

    def command(self, on_start: str | bytes | None, *options: str) -> list[str]:
        """The host's command line; the script is written to a file for it."""
        given = ["--name", "alice", "--root", self.root, "--metadata", self.metadata]
        if on_start is not None:
            script = self.folder / "on_start.sh"
            text = on_start if isinstance(on_start, bytes) else on_start.encode()
            script.write_bytes(text)
            given += ["--on-start", script]
        module = [self.python, "-m", "sandbox.notebook_host"]
        return [*self.prefix, *module, *map(str, given), *options]

    def start(
        self, on_start: str | bytes | None = None, *options: str, env: dict[str, str] | None = None
    ) -> list[Event]:
        """Start the host; what it said until it was in service or had failed."""
        self.process = subprocess.Popen(
            self.command(on_start, *options),
            cwd=self.checkout,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            text=True,
        )
        events = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] in {"in-service", "failed"}:
                break
        return events

    def stop(self) -> int:
        """End the host with SIGTERM, if it has not ended; its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=30)

    def log(self, hook: str = "OnStart") -> str:
        """What the hook wrote."""
        return (self.root / "logs" / f"LifecycleConfig{hook}.log").read_text()
