"""Runs the team's start hook, in the background and within a bound.

Root's hook is run by root: nothing here reads or writes what the notebook's user could have
replaced. What the hook prints, and how it ends, goes to a process of the user's as messages.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import signal
import subprocess
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from emr_notebook_agent import environment, files
from emr_notebook_agent.hook_messages import BEGAN, BUSY, ENDED, LARGEST_OUTPUT, OUTPUT, Sender
from emr_notebook_agent.wording import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# In the agent's file, where the deploy has put it.
NAME = "start_hook"
SECONDS = 1800.0
# How long its processes get to end by themselves after that.
GRACE_SECONDS = 5.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_SET_CHILD_SUBREAPER = 36  # prctl(2)
_LOG = "see hook.log"


def main(program: Path, given: Mapping[str, str], output: int) -> None:
    """Run the hook in the agent's file as the start script's variables say.

    Raises KeyError for a file without a hook, and ValueError for a malformed ENVIRONMENT.
    """
    with zipfile.ZipFile(program) as archive:
        script = archive.read(NAME)
    if given.get("START_HOOK") == "root":
        # Where root keeps the agent that it has verified: root's alone.
        folder, directory, home, user = program.parent, Path("/"), "/root", "root"
    else:
        home, user = given["HOME"], "ec2-user"
        folder, directory = files.folder(Path(home)), Path(home, "SageMaker")
    own = {"HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash", "PATH": PATH}
    variables = {**own, "LANG": "C.UTF-8", **environment.variables(given)}
    run(script, folder, directory, variables, Sender(output))


def run(
    script: bytes,
    folder: Path,
    directory: Path,
    variables: Mapping[str, str],
    sender: Sender,
    *,
    seconds: float = SECONDS,
    grace: float = GRACE_SECONDS,
) -> None:
    """Run the script by its first line, or by bash, and send what becomes of it.

    It is laid into `folder`, which runs one hook at a time, and run in `directory`. After
    `seconds`, and when it fails, all processes that it has started end, whatever session they are
    in. Those of one that succeeds live on; what they print is read, so that they can, and dropped:
    this process is `cat` then.
    """
    _adopt_orphans(True)
    reader, writer = os.pipe()
    try:
        with _only_one(folder) as alone:
            if not alone:
                sender.send(BUSY)
                return
            sender.send(BEGAN)
            path = folder / NAME
            files.write(path, script, mode=0o700)
            process = subprocess.Popen(
                [str(path)] if script.startswith(b"#!") else ["/bin/bash", str(path)],
                cwd=directory,
                env=dict(variables),
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o022,
            )
            os.close(writer)
            sender.send(ENDED, _outcome(process, reader, sender, seconds, grace).encode())
    except OSError as error:
        sender.send(ENDED, f"failed at {utc_now()}: it cannot be run: {error}".encode())
        return
    sender.close()
    _drain(reader)


def _outcome(
    process: subprocess.Popen[bytes], reader: int, sender: Sender, seconds: float, grace: float
) -> str:
    """Pass on what the hook prints until it has ended, or been ended; how it ended, in words."""
    deadline = time.monotonic() + seconds
    is_open = True
    while (status := process.poll()) is None and time.monotonic() < deadline:
        if not is_open:
            time.sleep(0.2)
        elif _is_ready(reader, 0.2):
            is_open = _pass_on(reader, sender)
    survivors = [] if status == 0 else _end_all(grace)
    # What it printed last; no more than a pipe holds, since others may go on printing.
    for _ in range(20):
        if not (is_open and _is_ready(reader, 0)):
            break
        is_open = _pass_on(reader, sender)
    if status == 0:
        return f"ended ok at {utc_now()}"
    left = f"; still running: {', '.join(map(str, survivors))}" if survivors else ""
    if status is None:
        return f"stopped after {_duration(seconds)}, at {utc_now()}: {_LOG}{left}"
    how = f"failed with status {status}" if status > 0 else f"was ended by signal {-status}"
    return f"{how} at {utc_now()}: {_LOG}{left}"


def _is_ready(reader: int, seconds: float) -> bool:
    return bool(select.select([reader], [], [], seconds)[0])


def _pass_on(reader: int, sender: Sender) -> bool:
    """Send what there is to read. Returns whether there may be more."""
    content = os.read(reader, LARGEST_OUTPUT)
    if content:
        sender.send(OUTPUT, content)
    return bool(content)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[bool]:
    """Whether no other hook of this folder runs now; none does until the block has ended."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hook.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _adopt_orphans(adopt: bool) -> None:
    """Have what the hook's processes leave behind become this process's own: none gets lost."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def _drain(reader: int) -> NoReturn:
    """Become a small program that reads until nobody can print any more: the hook is over."""
    _adopt_orphans(False)
    os.dup2(reader, 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Of a descriptor that is 1 already, dup2 makes nothing inheritable.
    os.set_inheritable(1, True)
    os.execv("/bin/cat", ["cat"])  # noqa: S606 - no shell is wanted


def _end_all(grace: float) -> list[int]:
    """Ask all processes below this one to end, then make them. Returns those that still run."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline, told = time.monotonic() + grace, set[int]()
        while (alive := _descendants()) and time.monotonic() < deadline:
            for pid in set(alive) - told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            time.sleep(0.02)
    return _descendants()


def _descendants() -> list[int]:
    """The processes below this one that have not ended."""
    parents = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - names alone
        try:
            text = Path("/proc", entry, "stat").read_bytes() if entry.isdigit() else b""
        except OSError:
            continue
        # proc(5): the name, in brackets, may hold anything, and is cut at 15 bytes.
        state, parent = [*text.rpartition(b")")[2].split(), b"", b""][:2]
        if state and state not in b"ZX":
            parents[int(entry)] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
