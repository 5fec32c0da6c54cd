"""Starts a session's process, talks to it, keeps its log and ends it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.environment import CHECKOUT
from sandbox.livy.wire import INTERPRETER_LOG, Wire

Json = dict[str, Any]

STOP_SECONDS = 10
# livy.cache-log.size, Livy's default; and how much of a file is read to find that many lines.
LOG_LINES = 200
LOG_BYTES = 64 * 1024

# The checkout leaves sys.path again, so that a notebook does not import from it by accident.
BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from sandbox.livy.driver import main; del sys.path[0]; main()"
)


class SessionProcess:
    """One process with its JVM, in a process group and a working directory of its own.

    `on_message` gets each message it sends, `on_end` is called once it is gone; both on the
    process's own thread.
    """

    def __init__(
        self,
        directory: Path,
        on_message: Callable[[Json], None],
        on_end: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._on_message, self._on_end = on_message, on_end
        ours, self._theirs = socket.socketpair()
        self._wire = Wire(ours)
        self._thread = threading.Thread(target=self._live, daemon=True)

    def start(self, conf: dict[str, str]) -> None:
        """Start it with these Spark settings, without waiting for anything."""
        self._wire.write({"conf": conf})
        self._thread.start()

    def send(self, message: Json) -> None:
        """Send a message; lost when the process has ended."""
        self._wire.write(message)

    def stop(self) -> None:
        """End it and everything in its group, within ten seconds or so."""
        self._wire.close()
        self._thread.join()

    def log(self) -> list[str]:
        """The last 200 lines of what it wrote to each stream, under Livy's headings."""
        out, err = self._directory / "stdout.log", self._directory / "stderr.log"
        return ["stdout: ", *_tail(out), "\nstderr: ", *_tail(err)]

    def last_words(self) -> str:
        """What its interpreter wrote to standard error, which Livy shows when it has died."""
        return "\n".join(_tail(self._directory / INTERPRETER_LOG))

    def _live(self) -> None:
        # The kernel ends the process when the thread that started it does (die_with_parent),
        # so this thread stays until the process is gone.
        process = self._spawn()
        while (message := self._wire.read()) is not None:
            self._on_message(message)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._on_end()

    def _spawn(self) -> subprocess.Popen[bytes]:
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        fileno = self._theirs.fileno()
        with (
            self._theirs,
            (self._directory / "stdout.log").open("wb") as out,
            (self._directory / "stderr.log").open("wb") as err,
        ):
            return subprocess.Popen(
                [sys.executable, "-P", "-c", BOOT, CHECKOUT, str(fileno)],
                env={**os.environ, "PYTHONPATH": _pyspark_archives(os.environ)},
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=[fileno],
                start_new_session=True,
            )


def _pyspark_archives(environ: Mapping[str, str]) -> str:
    """The PySpark that Spark's own folder carries, which is the one that Livy imports too."""
    folder = Path(environ.get("SPARK_HOME", os.devnull)) / "python" / "lib"
    return os.pathsep.join(str(archive) for archive in sorted(folder.glob("*.zip")))


def _tail(path: Path) -> list[str]:
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_BYTES))
        return file.read().decode(errors="replace").splitlines()[-LOG_LINES:]
