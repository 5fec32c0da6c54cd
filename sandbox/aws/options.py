"""Where the emulator listens, and what its process was told on its command line."""

from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
# In the state folder: the port on which it listens.
PORT_FILE = "port"
# Where the clock of its Scheduler is moved; not a path of AWS.
SCHEDULER_PATH = "/_sandbox/scheduler"


@dataclass(frozen=True)
class Options:
    """What `python -m sandbox.aws` was told."""

    state: Path
    # 0: whichever is free.
    port: int
    certificate: Path
    key: Path
    ca: Path
    hook_seconds: float
    instances_per_page: int
    # For how long a changed policy of a role does not count yet.
    policy_seconds: float
    notebook_host: list[str]
