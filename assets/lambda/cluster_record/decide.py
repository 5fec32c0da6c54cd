"""Decides what a cluster's DNS name says next, by values alone: no clock, no network."""

from dataclasses import dataclass, replace

from cluster_record.record import NOWHERE, Record, State


@dataclass(frozen=True)
class Found:
    """A usable cluster, the address of its primary node, and its Livy's scheme and port."""

    cluster_id: str
    address: str
    livy: str


@dataclass(frozen=True)
class Absent:
    """No cluster can be used."""

    why: str


@dataclass(frozen=True)
class Unfit:
    """A cluster runs that notebooks cannot use as it is."""

    why: str


@dataclass(frozen=True)
class Terms:
    """What holds whatever is found.

    `expected` are the scheme and port that notebooks use before a cluster was ever seen.
    `is_deploy` is whether notebooks get the URL of what is found now; otherwise they keep theirs,
    which an address cannot change: `deployed` are its scheme and port, where they are known; they
    differ from the record's when the deploy that wrote it was rolled back.
    """

    owner: str
    expected: str
    names_alias: bool
    is_deploy: bool
    now: str
    deployed: str = ""


def decide(current: Record | None, seen: Found | Absent | Unfit, terms: Terms) -> Record:
    """The record to be; the current one itself when there is nothing to write."""
    wanted = _wanted(current, seen, terms)
    unchanged = current is not None and replace(wanted, since=current.since) == current
    return current if current is not None and unchanged else wanted


def _first(terms: Terms) -> Record:
    return Record(terms.owner, State.ABSENT, terms.now, terms.expected, address=NOWHERE)


def _wanted(held: Record | None, seen: Found | Absent | Unfit, terms: Terms) -> Record:
    current = held or _first(terms)
    takes_any = terms.is_deploy or (held is None and not terms.deployed)
    if not takes_any and terms.deployed:
        current = replace(current, livy=terms.deployed)
    if isinstance(seen, Absent):
        return replace(current, state=State.ABSENT, since=terms.now, why=seen.why)
    if isinstance(seen, Unfit):
        return replace(current, state=State.CHANGED, since=terms.now, why=seen.why)
    if not takes_any and seen.livy != current.livy:
        why = f"Livy of {seen.cluster_id} is at {seen.livy}; notebooks use {current.livy}"
        return replace(current, state=State.CHANGED, since=terms.now, why=why)
    found = Record(terms.owner, State.FOLLOWED, terms.now, seen.livy, seen.cluster_id, seen.address)
    if seen.livy.startswith("https:") and not terms.names_alias:
        # The certificate holds the primary's own name, which notebooks then use.
        return replace(found, state=State.TLS, address="")
    return found
