"""Runs a notebook host: reads what it prints, ends it, and notices its end."""

import contextlib
import contextvars
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.environment import CHECKOUT, clean_environment

STOP_SECONDS = 30


class NotebookProcess:
    """One run of a notebook: every JSON line goes to `on_event`, the end to `on_end(status)`.

    Both are called on a thread that lives as long as the host: a host that asks the kernel to
    end it with its parent would otherwise end with the thread that started it.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        on_event: Callable[[Mapping[str, Any]], None],
        on_end: Callable[[int], None],
    ) -> None:
        self._command = list(command)
        self._log = log
        self._on_event = on_event
        self._on_end = on_end
        self._process: subprocess.Popen[str] | None = None
        self._stopping = threading.Event()
        # The copied context carries the account and region of the request that started it.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the host to end; after thirty seconds it is killed. Does not wait."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        killer = threading.Timer(STOP_SECONDS, self._signal, [signal.SIGKILL])
        killer.daemon = True
        killer.start()

    def join(self, seconds: float) -> None:
        """Wait for the end; kill the host when it takes longer."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._signal(signal.SIGKILL)
            self._thread.join(1)

    def _run(self) -> None:
        try:
            status = self._follow()
        except OSError as error:
            self._on_event({"event": "failed", "reason": f"The host did not start: {error}"})
            status = 1
        self._on_end(status)

    def _follow(self) -> int:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a") as log:
            process = subprocess.Popen(
                self._command,
                env=clean_environment(os.environ),
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Not in the emulator's group: the host is told once, by `stop`, and cleans up.
                start_new_session=True,
            )
            self._process = process
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            assert process.stdout is not None  # noqa: S101 - asked for above
            for line in process.stdout:
                log.write(line)
                log.flush()
                with contextlib.suppress(json.JSONDecodeError):
                    self._on_event(json.loads(line))
            return process.wait()

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def stop_all(processes: Sequence[NotebookProcess], seconds: float) -> None:
    """End every host at the same time, in at most `seconds` in all."""
    for process in processes:
        process.stop()
    deadline = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.1, deadline - time.monotonic()))
