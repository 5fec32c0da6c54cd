"""Runs a program's work where the kernel ends whatever it starts, however the program ends.

Four processes stand in a row: the caller, which waits; one that enters the namespaces (the
caller itself stays outside, so it may go on afterwards); the first process of the new PID
namespace; and the work. The kernel kills everything in a PID namespace when its first process
ends, and each of the four dies with the one before it.

docs/adr/0005-contained-sandbox.md says why util-linux's `unshare` does not do instead.
"""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Set
from typing import NoReturn

from sandbox.errors import SandboxError
from sandbox.isolation.linux import read_sysctls, refusal, require_linux
from sandbox.isolation.system_calls import (
    die_with_parent,
    enter_namespaces,
    isolate_mounts_and_proc,
)

FORWARDED = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

# make, uv and a terminal may each pass the same Ctrl-C on. What arrives within this many
# seconds of the last one is taken for the same press, or it would interrupt the clean-up.
SAME_PRESS_SECONDS = 1.0


class Terminated(SystemExit):
    """SIGTERM or SIGHUP, as an exception, so that the work's `with` blocks are left in order."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


def run_contained(main: Callable[[], int]) -> int:
    """Run `main` in PID and mount namespaces of its own, as their root, and return its status.

    An ordinary user becomes root of a user namespace in which only their own id exists. When
    `main` returns or this process ends, even by SIGKILL, no process that `main` started is left.
    SIGINT reaches `main` as one KeyboardInterrupt, SIGTERM and SIGHUP as Terminated; the status
    is then 128 plus the signal's number. Signals that this process ignores stay ignored.

    Call it before any thread is started: signals that another thread takes are not passed on.
    `main` runs in a fork and ends without this process's atexit functions.
    Raises SandboxError where the machine grants no namespaces.
    """
    require_linux()
    sys.stdout.flush()
    sys.stderr.flush()
    passed_on = {number for number in FORWARDED if signal.getsignal(number) != signal.SIG_IGN}
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or the child's status would be lost
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*passed_on, signal.SIGCHLD})
    caller = os.pidfd_open(os.getpid())
    problems, report = os.pipe()
    try:
        entered = os.fork()
        if entered == 0:
            _enter(main, mask, caller, report)
        os.close(report)
        with open(problems, encoding="utf-8", closefd=False) as pipe:
            problem = pipe.read()
        status = _supervise(entered, passed_on, same_press=SAME_PRESS_SECONDS)
    finally:
        os.close(problems)
        os.close(caller)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if problem:
        raise SandboxError(refusal(problem, read_sysctls()))
    return status


def _enter(main: Callable[[], int], mask: Set[int], caller: int, report: int) -> NoReturn:
    # A session of its own: a terminal's Ctrl-C reaches the caller alone, which passes it on once.
    os.setsid()
    try:
        enter_namespaces()
        die_with_parent(caller)
        here = os.pidfd_open(os.getpid())
        first = os.fork()
        if first == 0:
            _first_process(main, mask, here, report)
    except OSError as error:
        os.write(report, str(error).encode())
        os._exit(1)
    os.close(report)
    os._exit(_supervise(first, FORWARDED))


def _first_process(main: Callable[[], int], mask: Set[int], parent: int, report: int) -> NoReturn:
    try:
        die_with_parent(parent)
        isolate_mounts_and_proc()
        work = os.fork()
    except OSError as error:
        os.write(report, str(error).encode())
        os._exit(1)
    os.close(report)
    if work == 0:
        os.close(parent)
        os._exit(_status_of(main, mask))
    os._exit(_supervise(work, FORWARDED))


def _supervise(child: int, signals: Set[int], same_press: float = 0.0) -> int:
    """Pass signals on to the child until it ends; its status, 128 + n for signal n.

    Reaps, apart from the child, only orphans that the kernel hands to the namespace's first
    process: other children of the caller keep their statuses.
    """
    passed: dict[int, float] = {}
    while True:
        number = signal.sigwait({*signals, signal.SIGCHLD})
        if number == signal.SIGCHLD:
            status = _reap(child)
            if status is not None:
                return status if status >= 0 else 128 - status
        elif time.monotonic() - passed.get(number, -same_press) >= same_press:
            passed[number] = time.monotonic()
            os.kill(child, number)


def _reap(child: int) -> int | None:
    anyone = -1 if os.getpid() == 1 else child
    while True:
        pid, status = os.waitpid(anyone, os.WNOHANG)
        if pid == child:
            return os.waitstatus_to_exitcode(status)
        if pid == 0:
            return None


def _status_of(main: Callable[[], int], mask: Set[int]) -> int:
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _terminate)
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        status = main()
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except SystemExit as end:
        status = _exit_status(end.code)
    except BaseException:
        traceback.print_exc()
        status = 1
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return status & 0xFF


def _terminate(number: int, _frame: object) -> NoReturn:
    # A repeated SIGTERM must not interrupt the clean-up that the first one started. A function,
    # not SIG_IGN, which the programs started during the clean-up would inherit.
    for later in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(later, lambda *_: None)
    raise Terminated(number)


def _exit_status(code: object) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1
