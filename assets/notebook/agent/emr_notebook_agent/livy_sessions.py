"""Remembers the Livy sessions of this notebook's kernels, and asks Livy whether they work.

A cell that was interrupted may run on in its session, when its kernel looks idle.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from emr_notebook_agent import files
from emr_notebook_agent.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ".sparkmagic/sessions"
SECONDS = 15.0
# More than kernels that one notebook holds; the rest is not looked at.
MOST = 50


def remember(home: Path, url: str, session: str, application: str = "") -> None:
    """Note a session of a kernel's, at the Livy of `url`. Raises OSError."""
    text = json.dumps({"url": url.rstrip("/"), "appId": application})
    files.write(home / FOLDER / str(int(session)), text)


def forget(home: Path, session: str) -> None:
    """Take the note of a session away, if there is one. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        (home / FOLDER / str(int(session))).unlink()


def running(home: Path) -> list[str]:
    """Those that run a statement now, in words; none where Livy does not answer.

    Livy is asked for the list of all sessions: a request for one of them would count as its
    kernel's heartbeat, and keep it on the cluster.
    """
    known = dict(_remembered(home))
    if not known:
        return []
    # A kernel, which only remembers, needs none of it.
    from emr_notebook_agent import livy, look

    with contextlib.suppress(OSError, ValueError):
        target = look.configured_livy(home)
        url = target.url.rstrip("/")
        busy = [
            str(view["id"])
            for view in livy.sessions(target, seconds=SECONDS)
            if view.get("state") == "busy"
            # After a restart of Livy the number may be another's.
            and known.get(str(view.get("id"))) in ((url, ""), (url, str(view.get("appId") or "")))
        ]
        return [f"Spark session {printable(each, 20)} runs a statement" for each in sorted(busy)]
    return []


def _remembered(home: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """The sessions' numbers, with their Livy's address and their application; the last ones."""
    with contextlib.suppress(OSError):
        numbers = [int(each.name) for each in (home / FOLDER).iterdir() if each.name.isdecimal()]
        for number in sorted(numbers)[-MOST:]:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                known = json.loads(files.read(home / FOLDER / str(number)) or "")
                yield str(number), (str(known.get("url")), str(known.get("appId") or ""))
