"""Reads and writes a cluster's DNS name: an A record, and a TXT record that says what it means."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cluster_record import refusals

TTL_SECONDS = 10
# The address of a cluster that has never been there. A name without one would be remembered as
# unknown for 15 minutes, the TTL of the zone's SOA record; this one refuses connections at once.
NOWHERE = "0.0.0.0"  # noqa: S104 - nothing listens on it
# Whose TXT records are this app's, as external-dns marks its own.
HERITAGE = "emr-notebook"
# What a character-string of a TXT record may hold beside its quotes: 255 bytes, RFC 1035.
_MOST_CHARACTERS = 250
_STRING = re.compile(r'"([^"]*)"')


class State(StrEnum):
    """Whether the name leads to a usable cluster, and if not, why."""

    FOLLOWED = "followed"
    ABSENT = "no usable cluster"
    CHANGED = "changed: deploy"
    TLS = "not followed: TLS"


@dataclass(frozen=True)
class Record:
    """What a name says: the stack that owns it, its state since when, its cluster and address.

    `livy` is the scheme and the port of the URL that notebooks use, such as http:8998: what a new
    address cannot change. Without an address there is no A record. `since` is in UTC, as ISO 8601.
    """

    owner: str
    state: State
    since: str
    livy: str
    cluster_id: str = ""
    address: str = ""
    why: str = ""


def owner_of(stack: str, region: str) -> str:
    """Whose record it is: a zone may be that of VPCs in several regions."""
    return f"{stack}/{region}"


def record_sets(name: str, record: Record | None) -> list[dict[str, Any]]:
    """The record as Route 53's API takes it; none for None."""
    if record is None:
        return []
    strings = {
        "heritage": HERITAGE,
        "owner": record.owner,
        "state": record.state.value,
        "since": record.since,
        "livy": record.livy,
        "cluster": record.cluster_id,
        "why": record.why,
    }
    text = " ".join(f'"{key}={_plain(value)}"' for key, value in strings.items() if value)
    sets = [_record_set(name, "TXT", text)]
    return [_record_set(name, "A", record.address), *sets] if record.address else sets


def parse(name: str, owner: str, held: Iterable[Mapping[str, Any]]) -> Record | None:
    """The record in the sets that Route 53 holds at a name; None when there are none.

    Raises Refusal for sets that are not this stack's.
    """
    sets = list(held)
    if not sets:
        return None
    values = {str(each.get("Type")): _first_value(each) for each in sets}
    said = dict(part.partition("=")[::2] for part in _STRING.findall(values.get("TXT", "")))
    if said.get("heritage") != HERITAGE or said.get("owner") != owner:
        raise refusals.record_taken(name, {kind: value for kind, value in values.items() if value})
    state = said.get("state")
    return Record(
        owner=owner,
        state=State(state) if state in list(State) else State.ABSENT,
        since=said.get("since", ""),
        livy=said.get("livy", ""),
        cluster_id=said.get("cluster", ""),
        address=values.get("A", ""),
        why=said.get("why", ""),
    )


def changes(
    held: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Route 53's changes from the sets that it holds to those wanted.

    Route 53 takes all or none, and deletes a set only by its exact value: a name that somebody
    else changed meanwhile is not overwritten.
    """
    before, after = ({str(each["Type"]): dict(each) for each in sets} for sets in (held, wanted))
    differing = [kind for kind in ("A", "TXT") if before.get(kind) != after.get(kind)]
    return [
        {"Action": action, "ResourceRecordSet": sets[kind]}
        for action, sets in (("DELETE", before), ("CREATE", after))
        for kind in differing
        if kind in sets
    ]


def _record_set(name: str, kind: str, value: str) -> dict[str, Any]:
    records = [{"Value": value}]
    # As Route 53 answers it: a full name ends in a dot.
    return {"Name": f"{name}.", "Type": kind, "TTL": TTL_SECONDS, "ResourceRecords": records}


def _first_value(record_set: Mapping[str, Any]) -> str:
    records = record_set.get("ResourceRecords") or [{}]
    return str(records[0].get("Value", ""))


def _plain(text: str) -> str:
    """The text without what a TXT record would have to escape."""
    return re.sub(r"[^ !#-\[\]-~]", "?", text.replace('"', "'"))[: _MOST_CHARACTERS - 10]
