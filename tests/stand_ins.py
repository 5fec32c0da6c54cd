"""A folder to run the project's scripts in, where stand-ins note how they are called."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

Run = subprocess.CompletedProcess[str]


class StandIns:
    """A clone with a blank in its path, and stand-ins for commands first on PATH."""

    def __init__(self, root: Path) -> None:
        self.root, self.bin, self.calls = root / "a clone", root / "bin", root / "calls.txt"

    def put(self, name: str, text: str, folder: Path | None = None) -> None:
        """Put a command there, by its lines of shell."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run_command(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None
    ) -> Run:
        """Run a command to its end, in the clone unless `cwd` says otherwise."""
        return subprocess.run(
            command,
            env={"PATH": f"{self.bin}{os.pathsep}{os.defpath}", **env},
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def called(self) -> list[str]:
        """The commands that were called, with their arguments."""
        return self.calls.read_text().splitlines() if self.calls.exists() else []
