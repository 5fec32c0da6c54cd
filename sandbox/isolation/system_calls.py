"""Makes the Linux calls that the sandbox rests on and Python 3.11 does not offer."""

import ctypes
import os
import select
import signal
import sys
from pathlib import Path

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


def enter_namespaces() -> None:
    """Enter a mount namespace of its own, and a PID namespace with the next child.

    An ordinary user does so as root of a user namespace in which only their own id exists.
    """
    try:
        _unshare(CLONE_NEWPID | CLONE_NEWNS)
    except PermissionError:
        uid, gid = os.geteuid(), os.getegid()
        _unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER)
        # The kernel takes a group map from an ordinary user only after this refusal.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


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


def isolate_mounts_and_proc() -> None:
    """Keep what is mounted from now on to this mount namespace, and see this PID namespace alone.

    With the machine's /proc, ps, psutil and every /proc/<pid> would speak of processes outside.
    """
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when the thread that started it ends, however it ends.

    `parent` is a pidfd of its process. Without it, a parent that ended before this call goes
    unnoticed.
    """
    _checked(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")
    if parent is not None and select.select([parent], [], [], 0)[0]:
        os._exit(128 + signal.SIGKILL)


def die_with_make() -> None:
    """Ask the same where make is the parent: a make that is killed ends nothing itself."""
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        die_with_parent()


def _unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def _checked(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
