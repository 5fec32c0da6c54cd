"""Tells whether this machine grants namespaces, and what to do where it does not."""

import contextlib
import sys
from pathlib import Path

from sandbox.errors import SandboxError

# Below /proc/sys: the value that refuses user namespaces to ordinary users, one that allows them.
SYSCTLS = {
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "user/max_user_namespaces": ("0", "15000"),
}


def require_linux(platform: str = sys.platform) -> None:
    """Raise SandboxError, with what is missing, where the sandbox cannot run."""
    if platform != "linux":
        raise SandboxError(
            f"The sandbox runs on Linux; this is {platform}. It holds its processes together with "
            "PID, mount and user namespaces, which macOS and Windows do not have. Run it in a "
            "Linux virtual machine or on a Linux host; synthesis and unit tests run here too."
        )


def refusal(problem: str, sysctls: dict[str, str]) -> str:
    """The words for a machine that grants no namespaces: what it refused, and the next step.

    `sysctls` maps names as in SYSCTLS to their values; absent ones do not exist there.
    """
    steps = [
        f"sudo sysctl -w {name.replace('/', '.')}={allows}"
        for name, (refuses, allows) in SYSCTLS.items()
        if sysctls.get(name) == refuses
    ]
    allow = f"allow them to ordinary users ({'; '.join(steps)})" if steps else "run it as root"
    return (
        f"The sandbox could not enter namespaces of its own ({problem}), so it could not promise "
        f"to end what it starts. Next step: {allow}"
        + (", or run it as root." if steps else "; inside a container, start that --privileged.")
    )


def read_sysctls() -> dict[str, str]:
    """The values of SYSCTLS on this machine, without those that it does not have."""
    values = {}
    for name in SYSCTLS:
        with contextlib.suppress(OSError):
            values[name] = Path("/proc/sys", name).read_text().strip()
    return values
