"""Holds what EMR has beyond ministack's clusters: instances, roles, security configurations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.aws.emulator import ministack
from sandbox.environment import ACCOUNT, REGION

Stamp = tuple[int, int, int]
OnChange = Callable[[dict[str, Any]], None]


class EmrStore:
    """The seeded files of one directory, read again when they change.

    `on_change` is told of a cluster that is new or whose state changed.
    """

    def __init__(self, directory: Path, on_change: OnChange = lambda _: None) -> None:
        self._directory = directory
        self._on_change = on_change
        self._seen: dict[Path, Stamp] = {}
        self.instances: dict[str, list[dict[str, Any]]] = {}
        self.roles: dict[str, dict[str, str]] = {}
        self.indexed: dict[str, float] = {}
        self.security_configurations: dict[str, dict[str, Any]] = {}

    def refresh(self) -> None:
        """Take over what was written since the last call, and forget what was removed."""
        found: dict[Path, Stamp] = {}
        for path in sorted(self._directory.glob("*.json")):
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_ino, status.st_size)
            if self._seen.get(path) != found[path]:
                self._load(path)
        for path in self._seen.keys() - found.keys():
            self._forget(path)
        self._seen = found

    def collection_roles(self, cluster: dict[str, Any]) -> dict[str, str]:
        """Group or fleet id to MASTER, CORE or TASK, for seeded and for RunJobFlow's clusters."""
        listed = {g["Id"]: g["InstanceGroupType"] for g in cluster.get("InstanceGroups", [])}
        listed |= {f["Id"]: f["InstanceFleetType"] for f in cluster.get("InstanceFleets", [])}
        return listed | self.roles.get(cluster["Id"], {})

    def _load(self, path: Path) -> None:
        content = json.loads(path.read_text())
        if path.name.startswith("security-"):
            self.security_configurations[content["name"]] = content["document"]
            return
        cluster = content["cluster"]
        self.instances[cluster["Id"]] = content["instances"]
        self.roles[cluster["Id"]] = content["roles"]
        self.indexed[cluster["Id"]] = content["indexed"]
        clusters = ministack("services.emr")._clusters
        before = clusters.get_scoped(ACCOUNT, REGION, cluster["Id"]) or {}
        clusters.set_scoped(ACCOUNT, REGION, cluster["Id"], cluster)
        if before.get("Status", {}).get("State") != cluster["Status"]["State"]:
            self._on_change(cluster)

    def _forget(self, path: Path) -> None:
        kind, _, name = path.stem.partition("-")
        if kind == "security":
            self.security_configurations.pop(name, None)
            return
        self.instances.pop(name, None)
        self.roles.pop(name, None)
        self.indexed.pop(name, None)
        ministack("services.emr")._clusters._data.pop((ACCOUNT, REGION, name), None)
