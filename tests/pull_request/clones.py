"""A clone in which the commands of a check run for real, with stand-ins for what takes minutes."""

import shutil
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.stand_ins import Run, StandIns

OWN = ("scripts/diff.sh", "emr_notebook/__init__.py")


class Clone(StandIns):
    """A clone whose `make`, `cdk` and plan note how they are called."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for name in OWN:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        shutil.copytree(ROOT / "emr_notebook/pull_request", self.root / "emr_notebook/pull_request")
        (self.root / "config").mkdir()
        for stage in ("dev", "prod"):
            (self.root / f"config/{stage}.yaml").touch()
        self.stand_in("make")
        self.stand_in("cdk", says="a diff")
        self.plan(0)

    def stand_in(self, name: str, *, says: str = "", fails_for: str = "nothing") -> None:
        """A command that ends with 1 when it is called with those words."""
        self.put(
            name,
            f'echo "{name} $*" >>"{self.calls}"\necho "{says}"\n'
            f'case "$*" in *"{fails_for}"*) exit 1 ;; esac',
        )

    def plan(self, status: int, *, of: str = "") -> None:
        """A Python that is real, but for the plan of a stage: that says so, and ends so."""
        self.put(
            "python3",
            f'case "$*" in\n"-m emr_notebook plan --stage {of}"*)\n'
            f'echo "plan $*" >>"{self.calls}"; echo "a plan"; exit {status} ;;\n'
            '"-m emr_notebook plan"*) exit 0 ;;\n'
            f'esac\nexec "{sys.executable}" -S "$@"',
        )

    def run(self, command: str, *, options: str = "-e", **env: str) -> Run:
        """A command as GitHub's runner runs it: bash that stops at the first failure."""
        return self.run_command(["bash", *options.split(), "-c", command], env)
