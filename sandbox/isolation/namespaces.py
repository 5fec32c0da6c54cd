"""The Linux calls that containment rests on and Python 3.11 does not offer."""

import ctypes
import os
import select
import signal

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Move this process, or with CLONE_NEWPID its next child, into namespaces of its own."""
    _checked(_libc.unshare(flags), "unshare")


def mount(
    source: str, target: str, filesystem: str = "", flags: int = 0, options: str = ""
) -> None:
    """The system call; OSError names the target."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(filesystem),
        ctypes.c_ulong(flags),
        os.fsencode(options),
    )
    _checked(result, f"mount {target}")


def make_mounts_private() -> None:
    """Keep what is mounted from now on to this mount namespace."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def end_with(parent: int | None = None) -> None:
    """Ask the kernel to kill this process as soon as the one that started it ends.

    `parent` is a pidfd of that process. Without it, a parent that ended before this call
    goes unnoticed.
    """
    _checked(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")
    if parent is not None and select.select([parent], [], [], 0)[0]:
        os._exit(128 + signal.SIGKILL)
