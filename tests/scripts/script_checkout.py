"""Runs one of the project's scripts in a clone, with stand-ins for the commands that it calls."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.conftest import ROOT

Run = subprocess.CompletedProcess[str]


class ScriptCheckout:
    """A clone with a blank in its path, and stand-ins for cdk and python3 first on PATH.

    `speaks` are the lines of shell with which one speaks, with {name} and {says} in their places.
    """

    speaks: str

    def __init__(self, root: Path, script: str) -> None:
        self.root, self.bin, self.calls = root / "a clone", root / "bin", root / "calls.txt"
        self.script = self.root / "scripts" / script
        self.script.parent.mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / script, self.script)
        self.stand_in("cdk")
        self.stand_in("python3")

    def stand_in(
        self, name: str, status: int = 0, says: str = "", folder: Path | None = None
    ) -> None:
        """Put a command there that notes its call, says something and ends so."""
        path = (folder or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        spoken = self.speaks.format(name=name, says=says)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n{spoken}exit {status}\n')
        path.chmod(0o755)

    def run(self, *arguments: str, cwd: Path | None = None, **env: str) -> Run:
        """Run the script to its end."""
        return subprocess.run(
            [str(self.script), *arguments],
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
