"""Reads all that a plan needs from AWS: what is deployed, and where the clusters' Livy is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emr_notebook.cli.aws.followed_records import FollowedRecord, followed_records
from emr_notebook.cli.aws.kept_notebooks import stack_of
from emr_notebook.cli.aws.live_endpoint import LiveEndpoint, live_endpoint
from emr_notebook.cli.aws.notebooks import list_notebooks
from emr_notebook.cli.aws.reader import Denied, Reader
from emr_notebook.cli.plan.deployed import Deployed, deployed_resources
from emr_notebook.settings.model import Settings


@dataclass(frozen=True)
class AwsState:
    """What AWS says: stacks by name, live endpoints and followed names by cluster, notebooks'
    states by name.

    `notebook_states` is None when they may not be read. `makers` are the stacks that made those of
    the settings' notebooks that exist in none of `stacks`, "" for one that this app did not make;
    what may not be read is not in it. `denied` are the missing IAM actions.
    """

    stacks: Mapping[str, Deployed]
    live_endpoints: Mapping[str, LiveEndpoint]
    notebook_states: Mapping[str, str] | None
    records: Mapping[str, FollowedRecord] = field(default_factory=dict)
    makers: Mapping[str, str] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()


def read_aws_state(reader: Reader, settings: Settings, say: Callable[[str], object]) -> AwsState:
    """Read it all. Raises as Reader.ask does; Denied only without the stacks.

    Three calls a stack and one for each further hundred of its resources, the resolver's own for
    each cluster, one for each hundred notebooks, and one for each whose name is taken.
    """
    say("Reading the stacks")
    names = settings.stack_names()
    stacks = reader.map_concurrently(lambda x: deployed_resources(reader, settings, x), names)
    say("Looking for the clusters' Livy")
    clusters = list(settings.clusters)
    live = reader.map_concurrently(lambda key: live_endpoint(reader, settings, key), clusters)
    records = followed_records(reader, settings)
    say("Reading the notebooks' states")
    wanted = {each.name for each in settings.resolved_notebooks}
    deployed = {name for each in stacks for name in each.stack.notebook_names().values()}
    states, missing = _states(reader, sorted(wanted | deployed))
    makers, untold = _makers(reader, settings, sorted(wanted & set(states or ()) - deployed))
    unread = {each.denied for each in records.values()}
    denied = {each.denied for each in live} | unread | {missing, untold}
    return AwsState(
        dict(zip(names, stacks, strict=True)),
        dict(zip(clusters, live, strict=True)),
        states,
        records,
        makers,
        frozenset(denied - {""}),
    )


def _makers(reader: Reader, settings: Settings, names: list[str]) -> tuple[dict[str, str], str]:
    """The stacks that made the notebooks, or none of them and the IAM action that is missing."""
    try:
        found = reader.map_concurrently(lambda name: stack_of(reader, settings, name), names)
    except Denied as missing:
        return {}, missing.action
    return dict(zip(names, found, strict=True)), ""


def _states(reader: Reader, names: list[str]) -> tuple[dict[str, str] | None, str]:
    """The notebooks' states by name, or None and the IAM action that is missing."""
    try:
        listed = list_notebooks(reader, names)
    except Denied as missing:
        return None, missing.action
    return {name: each.state for name, each in listed.items()}, ""
