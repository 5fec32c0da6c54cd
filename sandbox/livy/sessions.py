"""Makes, finds, expires and ends the sessions of a server."""

import threading
import time
from pathlib import Path
from typing import Any

from sandbox.livy.protocol import NEWEST, LivyError, illegal_argument
from sandbox.livy.rejections import check_session
from sandbox.livy.session import Session

Json = dict[str, Any]

# Livy looks once a minute; a sandbox's user should not have to wait that long.
EXPIRY_INTERVAL_SECONDS = 1


class Sessions:
    """The sessions of a Livy of one version, by id and name. Safe to use from several threads."""

    def __init__(self, directory: Path, version: str = NEWEST) -> None:
        self.version = version
        self._directory = directory
        self._lock = threading.Lock()
        self._by_id: dict[int, Session] = {}
        self._next_id = 0
        threading.Thread(target=self._expire, daemon=True).start()

    def create(self, request: Json) -> Session:
        """Start a session; LivyError when Livy rejects it. Also a rejected one has used an id."""
        with self._lock:
            number = self._next_id
            self._next_id += 1
            try:
                check_session(request)
                self._check_name(number, request.get("name"))
            except ValueError as reason:
                raise illegal_argument(f"Rejected, Reason: {reason}") from None
            session = Session(number, request, self._directory / str(number), self.version)
            self._by_id[number] = session
            session.start()
        return session

    def _check_name(self, number: int, name: str | None) -> None:
        if name is not None and any(each.name == name for each in self._by_id.values()):
            raise ValueError(f"Duplicate session name: Some({name}) for session {number}")

    def find(self, key: str) -> Session:
        """The session of this id or name, whose heartbeat this is; LivyError when unknown."""
        with self._lock:
            by_name = (s for s in self._by_id.values() if s.name == key)
            session = self._by_id.get(int(key)) if key.isdecimal() else next(by_name, None)
        if session is None:
            raise LivyError(404, {"msg": f"Session '{key}' not found."})
        session.heartbeat()
        return session

    def all(self) -> list[Session]:
        """Every session, oldest first."""
        with self._lock:
            return list(self._by_id.values())

    def delete(self, session: Session) -> None:
        """End a session and forget it; returns when its processes are gone."""
        session.stop()
        with self._lock:
            self._by_id.pop(session.id, None)

    def delete_all(self) -> None:
        """End every session, at the same time."""
        enders = [threading.Thread(target=self.delete, args=(s,)) for s in self.all()]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join()

    def _expire(self) -> None:
        while True:
            time.sleep(EXPIRY_INTERVAL_SECONDS)
            for session in self.all():
                if session.expired(time.monotonic()):
                    self.delete(session)
