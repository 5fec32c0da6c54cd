"""Runs one of the project's scripts in a clone, with stand-ins for the commands that it calls."""

import shutil
from pathlib import Path

from tests.conftest import ROOT
from tests.stand_ins import Run, StandIns


class ScriptCheckout(StandIns):
    """A clone with one script, and stand-ins for cdk and python3.

    `speaks` are the lines of shell with which one speaks, with {name} and {says} in their places.
    """

    speaks: str

    def __init__(self, root: Path, script: str) -> None:
        super().__init__(root)
        self.script = self.root / "scripts" / script
        self.script.parent.mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / script, self.script)
        self.stand_in("cdk")
        self.stand_in("python3")

    def stand_in(
        self, name: str, status: int = 0, says: str = "", folder: Path | None = None
    ) -> None:
        """Put a command there that notes its call, says something and ends so."""
        spoken = self.speaks.format(name=name, says=says)
        self.put(name, f'echo "{name} $*" >>"{self.calls}"\n{spoken}exit {status}', folder)

    def run(self, *arguments: str, cwd: Path | None = None, **env: str) -> Run:
        """Run the script to its end."""
        return self.run_command([str(self.script), *arguments], env, cwd)
