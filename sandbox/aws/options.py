"""What the emulator's process was told on its command line."""

from dataclasses import dataclass
from pathlib import Path


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
    notebook_host: list[str]
