"""Knows since which version Livy takes a field of a session, and refuses one that it does not."""

import re
from collections.abc import Iterable, Mapping

from cluster_endpoint import refusals

# CreateInteractiveRequest of Livy 0.8 (LIVY-968) and 0.9 (LIVY-989). An older Livy answers 400 to
# POST /sessions with a field that it does not know, and no kernel starts.
FIRST_WITH: Mapping[str, tuple[int, int]] = {"idleTimeout": (0, 9), "ttl": (0, 8)}


def refuse_unknown(cluster_id: str, livy_version: str, fields: Iterable[str]) -> None:
    """Raise Refusal for those of the fields, all of FIRST_WITH, that this Livy does not take.

    A version that cannot be read counts as the newest.
    """
    found = re.match(r"([0-9]{1,3})\.([0-9]{1,3})", livy_version)
    if found is None:
        return
    version = int(found[1]), int(found[2])
    unknown = {name: FIRST_WITH[name] for name in sorted(fields) if version < FIRST_WITH[name]}
    if unknown:
        needed = {name: f"{major}.{minor}" for name, (major, minor) in unknown.items()}
        raise refusals.session_fields_unknown(cluster_id, livy_version, needed)
