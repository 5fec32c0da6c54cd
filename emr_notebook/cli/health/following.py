"""Decides what is wrong with a name that notebooks follow; without AWS."""

import re
from collections.abc import Iterator

from cluster_record.record import State
from emr_notebook.cli.aws.followed_records import FollowedRecord
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint
from emr_notebook.cli.aws.notebooks import NotebookStatus
from emr_notebook.cli.health.findings import Comparison, Finding, Verdict, compared_with_live
from emr_notebook.cli.next_commands import Commands

# What a look-up refuses that a name does not mind: it stays with the cluster that it has.
SEVERAL = "cluster-several"
SOON = "it is looked at every 5 minutes; if it stays so, read the log of the stack's resolver"


def uses_name(notebook: NotebookStatus, followed: FollowedRecord | None) -> bool:
    """Whether the notebook's start script goes to the followed name."""
    script = notebook.script
    return bool(followed and script and f"://{followed.name}:" in script.livy_url)


def live_for_name(live: LiveEndpoint | None) -> LiveEndpoint | None:
    """What a look-up found, as far as it is about a name: not that there are two clusters."""
    if live is not None and live.code == SEVERAL:
        return LiveEndpoint()
    return live


def comparison(notebook: NotebookStatus, followed: FollowedRecord | None) -> Comparison:
    """What a notebook is to be compared with: the followed name, or where Livy is now."""
    if followed is None:
        return compared_with_live
    if uses_name(notebook, followed):
        return lambda live, notebook, commands: list(_findings(followed, live, notebook, commands))
    return lambda live, notebook, commands: [
        *compared_with_live(live, notebook, commands),
        *_not_followed(followed),
    ]


def _findings(
    followed: FollowedRecord, live: LiveEndpoint, notebook: NotebookStatus, commands: Commands
) -> Iterator[Finding]:
    record = followed.record
    if followed.denied or followed.is_unread:
        yield Finding(Verdict.UNKNOWN, str(followed))
    elif record is None:
        yield Finding(Verdict.FAILED, str(followed), (commands.refresh(),))
    elif record.state is State.CHANGED:
        mend = (commands.refresh(), commands.restart(notebook.name))
        yield Finding(Verdict.FAILED, str(followed), mend)
    elif record.state is State.ABSENT:
        advice = "start one, then restart the kernel: the name follows it by itself"
        yield Finding(Verdict.FAILED, str(followed), advice=advice)
    elif live.denied:
        what = f"{followed}; whether that is true is not known: these credentials may not"
        yield Finding(Verdict.UNKNOWN, f"{what} {live.denied}")
    elif live.refusal:
        yield Finding(Verdict.FAILED, live.refusal)
    elif live.values and not _leads_there(record.cluster_id, record.address, live):
        now = f"{live.values['ClusterId']} at {live.values['LivyUrl']}"
        yield Finding(Verdict.FAILED, f"{followed}; the cluster is {now} now", advice=SOON)
    else:
        yield Finding(Verdict.OK, str(followed))


def _not_followed(followed: FollowedRecord) -> Iterator[Finding]:
    """Why a notebook uses the primary's own name."""
    if followed.record is not None and followed.record.state is State.TLS:
        yield Finding(Verdict.OK, str(followed))


def _leads_there(cluster_id: str, address: str, live: LiveEndpoint) -> bool:
    host = re.sub(r"^https?://|:\d+$", "", live.values["LivyUrl"])
    # A certificate's name says nothing of the address.
    is_address = re.fullmatch(r"[0-9.]+", host) is not None
    return live.values["ClusterId"] == cluster_id and (host == address or not is_address)
