"""Tells from /proc what a notebook's user has left running, in a terminal or from a kernel."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emr_notebook_agent.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROC = Path("/proc")
# What jupyter_client gives to a kernel and Jupyter's terminals to a shell; their children, and
# those that outlive them (nohup), have it too. Neither Jupyter nor what it starts for itself does.
MARKS = (b"JPY_PARENT_PID=", b"JUPYTER_SERVER_URL=")
KERNEL = re.compile(r"kernel-[0-9a-fA-F-]{8,}\.json$")
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "fish", "ksh", "csh", "tcsh"})
# Those that only hold keys or shells, or another's program, which is looked at by itself.
HOLDERS = frozenset({"tmux", "screen", "sudo", "su", "ssh-agent", "gpg-agent"})
# What Python and JupyterLab's debugger leave beside a kernel for as long as it lives.
HELPERS = re.compile(
    r"multiprocessing\.(resource_tracker|forkserver)|loky\.backend|debugpy[/.]adapter"
)
# Neither -c, which a command follows, nor a script.
SHELL_OPTION = re.compile(r"--[\w-]+|[-+][^c-]+")
# Shown of a command: neither an option nor an address, which may hold a password.
PLAIN = re.compile(r"[\w./+][\w./+-]{,59}")
LARGEST_BYTES = 1 << 17
# Of a core: what a kernel takes that works in a thread, or a shell in a loop of its own. A kernel
# that waits takes a hundredth, with what JupyterLab asks it for.
COMPUTING = 0.1
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A process: who started it, its command line, and whether a kernel or terminal marked it.

    `started` and `worked`, the time that it computed, are in clock ticks; `home` is "" of another
    user's.
    """

    pid: int
    parent: int
    state: str
    arguments: tuple[str, ...]
    marked: bool = False
    started: int = 0
    home: str = ""
    worked: int = 0

    @property
    def is_kernel(self) -> bool:
        """Whether it is one of Jupyter's kernels."""
        return any(KERNEL.search(each) for each in self.arguments)

    @property
    def program(self) -> str:
        """The program's name, of a login shell too."""
        return os.path.basename(self.arguments[0]).lstrip("-") if self.arguments else ""  # noqa: PTH119

    @property
    def label(self) -> str:
        """Its number and command, without what may be a secret."""
        words = [self.program, *(each for each in self.arguments[1:2] if PLAIN.fullmatch(each))]
        return f"process {self.pid} ({printable(' '.join(words), 60)})"


def running(proc: Path = PROC) -> dict[int, Process]:
    """All processes that this user sees, by their numbers. One that ends meanwhile is left out."""
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                found[int(folder.name)] = _read(folder)
    return found


def started_by_user(table: Mapping[int, Process]) -> Iterator[Process]:
    """What a kernel or a terminal started and still runs; not what waits for a person.

    A kernel waits for a cell and a shell for a line: what they do is seen elsewhere. A program
    that is run as another user counts when one above it is marked.
    """
    for process in table.values():
        if process.state in "ZX" or not process.arguments or not _is_marked(process, table):
            continue
        if not _only_waits(process):
            yield process


def computing(
    before: Mapping[int, Process], table: Mapping[int, Process], seconds: float
) -> Iterator[Process]:
    """What only waits, for a cell, a line or work, and computed in the `seconds` since `before`."""
    for process in table.values():
        known = before.get(process.pid)
        if not known or known.started != process.started:
            continue
        worked = (process.worked - known.worked) / TICKS_A_SECOND
        if process.marked and _only_waits(process) and worked > COMPUTING * seconds:
            yield process


def hooks(table: Mapping[int, Process]) -> list[Process]:
    """The start hook, while it runs: the agent's own process that waits for it."""
    return [each for each in table.values() if is_agent(each, "hook")]


def is_agent(process: Process, command: str) -> bool:
    """Whether it is the agent, with this command; runuser, beside it, has the same arguments."""
    *_, program, last = ("", "", *process.arguments)
    is_python = process.program.startswith("python")
    return is_python and program.endswith(".pyz") and last == command


def _only_waits(process: Process) -> bool:
    is_helper = HELPERS.search(" ".join(process.arguments))
    return process.is_kernel or is_helper is not None or _waits_for_a_line(process)


def _waits_for_a_line(process: Process) -> bool:
    """A shell that was given neither a script nor a command, and what holds one."""
    program, options = process.program.lower(), process.arguments[1:]
    return program in HOLDERS or (program in SHELLS and all(map(SHELL_OPTION.fullmatch, options)))


def _is_marked(process: Process, table: Mapping[int, Process]) -> bool:
    seen = set()
    above: Process | None = process
    while above is not None and above.pid not in seen:
        if above.marked:
            return True
        seen.add(above.pid)
        above = table.get(above.parent)
    return False


def _read(folder: Path) -> Process:
    # The name, in parentheses, may hold anything.
    fields = _start(folder / "stat").rpartition(b")")[2].split()
    arguments = _start(folder / "cmdline").decode("utf-8", "replace").rstrip("\0").split("\0")
    variables: list[bytes] = []
    with contextlib.suppress(OSError):
        # Another user's is not to be read.
        variables = _start(folder / "environ").split(b"\0")
    home = next((each[5:] for each in variables if each.startswith(b"HOME=")), b"")
    return Process(
        int(folder.name),
        int(fields[1]),
        fields[0].decode(),
        tuple(arguments) if arguments != [""] else (),
        any(each.startswith(MARKS) for each in variables),
        int(fields[19]),
        os.fsdecode(home),
        int(fields[11]) + int(fields[12]),
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES)
