"""Says what Livy answers now, for START HERE."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from emr_notebook_agent import connection, files, livy, status, trust
from emr_notebook_agent.start import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

# A person waits for it.
LOOK_SECONDS = 10.0


def report(home: Path) -> str:
    """What a look at Livy found now, with the next step; and what the last start says of itself."""
    said = _said(home)
    return "\n".join([*_now(home), *(["", "The last start's report:", said] if said else []), ""])


def configured_livy(home: Path) -> livy.Livy:
    """The Livy that SparkMagic is configured for. Raises OSError and ValueError."""
    bundle = home / trust.BUNDLE
    config = json.loads(files.read(home / CONFIG) or "{}")
    return connection.livy(config, str(bundle) if bundle.exists() else "")


def _now(home: Path) -> list[str]:
    try:
        target = configured_livy(home)
    except (OSError, ValueError) as error:
        return [
            f"SparkMagic's configuration, ~/{CONFIG}, cannot be used: {error}",
            "Next: stop and start this notebook",
        ]
    found = livy.look(target, seconds=LOOK_SECONDS)
    now = time.strftime("%H:%M:%S UTC", time.gmtime())
    if found.check == livy.OK:
        return [f"Livy at {target.url} answers (looked at {now})"]
    return [f"{found.problem} (looked at {now})", f"Next: {found.next_step}"]


def _said(home: Path) -> str:
    try:
        return (files.read(files.folder(home) / status.NAME) or "").rstrip("\n")
    except (OSError, ValueError) as error:
        return f"status.txt cannot be read: {error}"
