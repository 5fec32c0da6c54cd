"""A scratch copy of the project in which a test may break things, and the sandbox run in it."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PARTS = ("app.py", "cdk.json", "package.json", "assets", "config", "emr_notebook", "examples")
# What the first run would make.
MADE_ONCE = (Path(".sandbox", "jars"), Path(".sandbox", "aws-cli"))
END_SECONDS = 60
# Held by every sandbox that a test starts, in whichever of pytest's processes.
LOCK = Path(tempfile.gettempdir(), f"emr-notebook-tests-{os.getuid()}.lock")


class Checkout:
    """The copy: its path has a space in it, as many a home does."""

    def __init__(self, parent: Path) -> None:
        self.root = parent / "a check out"
        self.root.mkdir()
        ignored = shutil.ignore_patterns("__pycache__")
        for part in (*PARTS, "sandbox"):
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, self.root / part, ignore=ignored)
            else:
                shutil.copy2(source, self.root / part)
        (self.root / "node_modules").symlink_to(ROOT / "node_modules")
        (self.root / ".sandbox").mkdir()
        for folder in MADE_ONCE:
            (ROOT / folder).mkdir(parents=True, exist_ok=True)
            (self.root / folder).symlink_to(ROOT / folder)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands in the file exactly once."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    def start(
        self, *arguments: str, alone: bool = False, make: bool = False, **env: str
    ) -> subprocess.Popen[str]:
        """`python -m sandbox …` in the copy, its output in `output.txt`.

        `alone`: while no other copy's sandbox runs, so that Livy's port is nobody's. `make`: by the
        target of the same name.
        """
        command = [sys.executable, "-m", "sandbox", *arguments]
        if make:
            shutil.copy(ROOT / "Makefile", self.root)
            shutil.copytree(ROOT / "scripts", self.root / "scripts", dirs_exist_ok=True)
            # With what is installed here, whatever make thinks of its age.
            installed = ["-o", ".venv/.installed", "-o", "node_modules/.installed"]
            command = ["make", *installed, f"BIN={Path(sys.executable).parent}", *arguments]
            env["PYTHON"] = sys.executable
        with (self.root / "output.txt").open("w") as output, LOCK.open("w") as lock:
            # The sandbox inherits the lock, and so holds it until it ends.
            fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            return subprocess.Popen(
                command,
                cwd=self.root,
                env={**os.environ, **env},
                pass_fds=[lock.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def output(self) -> str:
        """What the last started command has printed."""
        return (self.root / "output.txt").read_text()

    def report(self) -> dict[str, Any]:
        """The report of the last demo."""
        found: dict[str, Any] = json.loads((self.root / ".sandbox/report.json").read_text())
        return found

    def demo(self, **env: str) -> int:
        """Run the demo to its end; answer its exit status."""
        with self._ended_at_last(self.start("demo", alone=False, make=False, **env)) as demo:
            return demo.wait(timeout=300)

    @contextlib.contextmanager
    def up(self, **env: str) -> Iterator[dict[str, str]]:
        """The running sandbox's endpoints."""
        endpoints = self.root / ".sandbox/endpoints.json"
        with self._ended_at_last(self.start("up", alone=False, make=False, **env)) as sandbox:
            wait_until(lambda: endpoints.exists() or sandbox.poll() is not None, seconds=180)
            assert endpoints.exists(), self.output()
            found: dict[str, str] = json.loads(endpoints.read_text())
            yield found

    @contextlib.contextmanager
    def _ended_at_last(self, process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=END_SECONDS)
                process.kill()
                process.wait()

    def processes(self) -> list[str]:
        """Every process whose command or environment names the copy's folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if str(self.root).encode() in text and entry.name != str(os.getpid()):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


def wait_until(ready: Any, *, seconds: float) -> None:
    """Wait until `ready()` is true, or fail."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.2)
