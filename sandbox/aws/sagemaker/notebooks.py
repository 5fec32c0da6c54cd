"""Makes, starts, stops and deletes notebook instances, with the processes behind them."""

import contextvars
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.aws.answers import Refused
from sandbox.aws.sagemaker import hook_logs
from sandbox.aws.sagemaker.notebook_files import NotebookFiles, script_of
from sandbox.aws.sagemaker.notebook_process import NotebookProcess, stop_all
from sandbox.aws.sagemaker.notebook_states import (
    RULES,
    TRANSITIONAL,
    Action,
    Event,
    Hook,
    Status,
    after,
    failure_reason,
    refusal,
)
from sandbox.aws.sagemaker.store import Notebook, SageMakerStore, arn

# Long enough to be seen by whoever polls, as on AWS; short enough for a test.
UPDATING_SECONDS = 0.2
FAILURE_REASON_CHARACTERS = 1024


class Notebooks:
    """What callers may do to notebook instances. Safe to call from any thread."""

    def __init__(self, store: SageMakerStore, files: NotebookFiles) -> None:
        self._store = store
        self._files = files
        self._changed = threading.Condition(threading.RLock())
        self._processes: set[NotebookProcess] = set()

    def create(self, name: str, properties: dict[str, Any]) -> Notebook:
        """Make the notebook and start it for the first time."""
        with self._changed:
            existing = self._store.notebook(name)
            if existing is not None:
                raise Refused(
                    "ValidationException",
                    f"Cannot create a duplicate Notebook Instance ({existing.arn})",
                )
            identity = arn("notebook-instance", name)
            notebook = Notebook(name, identity, properties, Status.PENDING)
            self._store.notebooks[name.lower()] = notebook
            self._launch(notebook)
            return notebook

    def start(self, name: str) -> None:
        """Start a stopped or failed notebook."""
        with self._changed:
            self._launch(self._begin(name, Action.START))

    def stop(self, name: str) -> None:
        """Stop a notebook that is in service."""
        with self._changed:
            notebook = self._begin(name, Action.STOP)
            assert notebook.process is not None  # noqa: S101 - InService has one
            notebook.process.stop()

    def update(self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Give a stopped notebook other properties: `change` gets the old ones, or refuses."""
        with self._changed:
            notebook = self._require_allowed(name, Action.UPDATE)
            notebook.properties = change(notebook.properties)
            self._set(notebook, RULES[Action.UPDATE].target)
            timer = threading.Timer(UPDATING_SECONDS, self._settle, [notebook])
            timer.daemon = True
            timer.start()

    def delete(self, name: str) -> None:
        """Delete a stopped or failed notebook and its volume."""
        with self._changed:
            notebook = self._begin(name, Action.DELETE)
            # The copied context carries the account and region whose store forgets it.
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(self._erase, notebook), daemon=True).start()

    def get(self, name: str) -> Notebook:
        """The notebook, or AWS's refusal of a name that does not exist."""
        notebook = self._store.notebook(name)
        if notebook is None:
            raise Refused("ValidationException", "RecordNotFound")
        return notebook

    def wait(self, name: str, seconds: float) -> Notebook | None:
        """The notebook once its status no longer passes by itself; None once it is gone.

        Raises TimeoutError after `seconds`.
        """
        with self._changed:
            deadline = time.monotonic() + seconds
            while (notebook := self._store.notebook(name)) and notebook.status in TRANSITIONAL:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(
                        f"Notebook instance {name} was still {notebook.status} "
                        f"after {seconds:.0f} seconds."
                    )
            return notebook

    def stop_all(self, seconds: float = 8.0) -> None:
        """End every host, as the emulator itself ends."""
        stop_all(list(self._processes), seconds)

    def _require_allowed(self, name: str, action: Action) -> Notebook:
        notebook = self.get(name)
        sentence = refusal(action, notebook.status, notebook.arn)
        if sentence is not None:
            raise Refused("ValidationException", sentence)
        return notebook

    def _begin(self, name: str, action: Action) -> Notebook:
        notebook = self._require_allowed(name, action)
        self._set(notebook, RULES[action].target)
        return notebook

    def _launch(self, notebook: Notebook) -> None:
        notebook.hooks, notebook.failure_reason, notebook.jupyter_url = [], "", ""
        lifecycle = self._store.lifecycle(notebook.lifecycle)
        scripts: dict[str, bytes | None] = {}
        if lifecycle is not None:
            on_create = None if notebook.on_create_done else script_of(lifecycle.on_create)
            scripts = {"on-create": on_create, "on-start": script_of(lifecycle.on_start)}
        process = NotebookProcess(
            self._files.command(notebook.name, notebook.arn, scripts, notebook.properties),
            self._files.log(notebook.name),
            lambda event: self._on_event(notebook, event),
            lambda status: self._on_end(notebook, status),
        )
        notebook.process = process
        self._processes.add(process)

    def _on_event(self, notebook: Notebook, event: Mapping[str, Any]) -> None:
        with self._changed:
            kind = event.get("event")
            if kind == "hook":
                self._on_hook(notebook, event)
            elif kind == "in-service":
                notebook.on_create_done = True
                notebook.jupyter_url = str(event["url"])
                self._set(notebook, after(notebook.status, Event.IN_SERVICE))
            elif kind == "failed":
                notebook.failure_reason = self._reason(notebook, str(event["reason"]))
                if notebook.process is not None:
                    notebook.process.stop()

    def _on_hook(self, notebook: Notebook, event: Mapping[str, Any]) -> None:
        hook = Hook(str(event["hook"]), int(event["status"]), bool(event["timed_out"]))
        notebook.hooks.append(hook)
        hook_logs.publish(notebook.name, hook.name, Path(event["log"]))
        if hook.name == "OnCreate" and not hook.failed:
            notebook.on_create_done = True

    def _on_end(self, notebook: Notebook, status: int) -> None:
        with self._changed:
            if notebook.process is not None:
                self._processes.discard(notebook.process)
            notebook.process, notebook.jupyter_url = None, ""
            status_now = after(notebook.status, Event.ENDED)
            if status_now is Status.FAILED and not notebook.failure_reason:
                reason = f"The notebook's host ended with status {status}."
                notebook.failure_reason = self._reason(notebook, reason)
            self._set(notebook, status_now)

    def _reason(self, notebook: Notebook, reason: str) -> str:
        lifecycle = arn("notebook-instance-lifecycle-config", notebook.lifecycle)
        text = failure_reason(notebook.hooks, reason, notebook.arn, lifecycle)
        return text[:FAILURE_REASON_CHARACTERS]

    def _settle(self, notebook: Notebook) -> None:
        with self._changed:
            notebook.failure_reason = ""
            self._set(notebook, Status.STOPPED)

    def _erase(self, notebook: Notebook) -> None:
        self._files.remove(notebook.name)
        with self._changed:
            del self._store.notebooks[notebook.name.lower()]
            self._store.tags.pop(notebook.arn, None)
            self._changed.notify_all()

    def _set(self, notebook: Notebook, status: Status) -> None:
        notebook.status = status
        notebook.modified = time.time()
        self._changed.notify_all()
