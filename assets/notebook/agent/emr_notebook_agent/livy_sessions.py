"""Remembers the Livy sessions of this notebook's kernels, and asks Livy whether they work.

A cell that was interrupted may run on in its session, when its kernel looks idle.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from emr_notebook_agent import files

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
    kernel's heartbeat, and keep it on the cluster. One that Livy does not have is forgotten.
    """
    known = dict(_remembered(home))
    if not known:
        return []
    # A kernel, which only remembers, needs none of it.
    from emr_notebook_agent import connection, livy

    with contextlib.suppress(OSError, ValueError):
        bundle = home / ".sparkmagic/ca.pem"
        config = json.loads(files.read(home / ".sparkmagic/config.json") or "{}")
        target = connection.livy(config, str(bundle) if bundle.exists() else "")
        views = {str(each.get("id")): each for each in livy.sessions(target, seconds=SECONDS)}
        mine = {each: app for each, (url, app) in known.items() if url == target.url.rstrip("/")}
        there = {
            each
            for each, application in mine.items()
            if each in views and application in ("", views[each].get("appId"))
        }
        for gone in set(mine) - there:
            forget(home, gone)
        busy = sorted(each for each in there if views[each].get("state") == "busy")
        return [f"Spark session {each} runs a statement" for each in busy]
    return []


def _remembered(home: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """The sessions' numbers, with their Livy's address and their application."""
    with contextlib.suppress(OSError):
        for path in sorted((home / FOLDER).iterdir())[:MOST]:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                known = json.loads(files.read(path) or "")
                if path.name.isdecimal():
                    yield path.name, (str(known.get("url")), str(known.get("appId") or ""))
