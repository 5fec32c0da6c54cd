"""The recipes' hooks, run with stand-ins for what only SageMaker's image or AWS has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

HOOKS = ROOT / "examples" / "hooks"
PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
# A Python of the image, or of an environment: it notes what it is asked for, and makes an
# environment by giving it a Python of this kind.
PYTHON = """#!/bin/bash
echo "$0 $*" >>"$CALLS"
case "$*" in
  "-m venv --clear "*) rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  "-m ipykernel install --user --name "*) mkdir -p "$HOME/.local/share/jupyter/kernels/$6" ;;
esac
"""
CONDA = """#!/bin/bash
echo "$0 $*" >>"$CALLS"
mkdir -p "$5/bin" && cp "$HOME/anaconda3/bin/python3" "$5/bin/python"
"""
NOTED = """#!/bin/bash
echo "${0##*/} $*" >>"$CALLS"
"""


class Image:
    """A home of ec2-user's, and programs that note how they are called."""

    def __init__(self, folder: Path) -> None:
        self.home, self.calls, self._bin = folder / "home", folder / "calls", folder / "bin"
        self.program(self.home / "anaconda3" / "bin" / "python3", PYTHON)
        self.program(self.home / "anaconda3" / "bin" / "conda", CONDA)
        (self.home / "SageMaker").mkdir()

    def program(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def stand_in(self, name: str, text: str = NOTED) -> None:
        """Have a command of the system noted."""
        self.program(self._bin / name, text)

    def run(self, hook: str, **environment: str) -> list[str]:
        """Run a hook; what it called."""
        self.calls.write_text("")
        path = f"{self._bin}:/usr/sbin:/usr/bin:/sbin:/bin"
        variables = {"HOME": str(self.home), "PATH": path, "CALLS": str(self.calls)}
        subprocess.run(
            [HOOKS / hook], env={**variables, **environment}, check=True, capture_output=True
        )
        return self.calls.read_text().splitlines()

    @property
    def kernels(self) -> list[str]:
        """The kernels that Jupyter finds in the home."""
        folder = self.home / ".local" / "share" / "jupyter" / "kernels"
        return [each.name for each in folder.iterdir()] if folder.exists() else []


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return Image(tmp_path)


def test_the_page_names_every_hook_that_is_there_and_no_other() -> None:
    named = {each for each in PAGE.split("`") if each.startswith("examples/hooks/")}

    assert named == {f"examples/hooks/{each.name}" for each in HOOKS.iterdir()}


@pytest.mark.parametrize(
    ("hook", "kernel", "makes"), [("packages.sh", "team", "-m venv"), ("conda.sh", "geo", "create")]
)
def test_an_environment_is_made_once_or_when_it_is_broken_and_its_kernel_is_always_listed(
    image: Image, hook: str, kernel: str, makes: str
) -> None:
    made = []
    for _ in range(3):
        made.append(sum(makes in call for call in image.run(hook)))
        assert image.kernels == [kernel]
        # What a stop leaves is the volume.
        shutil.rmtree(image.home / ".local")
        if len(made) == 2:
            (python,) = image.home.glob("SageMaker/environments/*/bin/python")
            python.unlink()
            python.symlink_to("/no/such/python")

    assert made == [1, 0, 1]


def test_the_file_system_is_mounted_once_and_shown_by_the_user(image: Image) -> None:
    for name in ("mkdir", "mount", "runuser"):
        image.stand_in(name)
    image.stand_in("mountpoint", "#!/bin/sh\nexit 1\n")
    mounted = image.run("efs.sh", EFS="fs-1.efs.eu-west-1.amazonaws.com")
    image.stand_in("mountpoint", "#!/bin/sh\nexit 0\n")
    again = image.run("efs.sh", EFS="fs-1.efs.eu-west-1.amazonaws.com")

    [mount] = [each for each in mounted if each.startswith("mount ")]
    # "Mounting on Linux without the EFS mount helper", Amazon EFS User Guide.
    advised = "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport"
    assert mount.startswith(f"mount -t nfs4 -o {advised},")
    assert mount.endswith(" fs-1.efs.eu-west-1.amazonaws.com:/ /mnt/team")
    assert not any(each.startswith("mount ") for each in again)
    # In the user's folder, root does nothing itself.
    assert all(each.startswith("runuser -u ec2-user -- ") for each in mounted if "/home/" in each)
