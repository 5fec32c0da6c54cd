"""doctor: what AWS says of the security groups on both sides of Livy, in a few calls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain

from emr_notebook.cli.doctor.ec2_reads import Group, Subnet, groups, subnets
from emr_notebook.cli.doctor.prerequisites import Unknown, attempt
from emr_notebook.cli.doctor.primaries import Primary, primary
from emr_notebook.cli.doctor.stack_groups import StackGroups, stack_groups
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings


@dataclass(frozen=True)
class Seen:
    """What AWS says: the primaries by their clusters' keys, and the rest by its ids."""

    primaries: Mapping[str, Primary | Unknown | None]
    stacks: Mapping[str, StackGroups | Unknown]
    groups: Mapping[str, Group] | Unknown
    subnets: Mapping[str, Subnet] | Unknown


def see(reader: Reader, settings: Settings) -> Seen:
    """A call a cluster, more for one by its name or tags; the rest is one call for 200."""

    def one(key: str) -> Primary | Unknown | None:
        # A record of its own: a look-up reads there which of its calls was denied.
        return primary(replace(reader, asked=[]), settings, key)

    keys = list(settings.clusters)
    primaries = dict(zip(keys, reader.together(one, keys, lambda: None), strict=True))
    known = [each for each in primaries.values() if isinstance(each, Primary)]
    named = [each.security_group_id for each in settings.clusters.values()]
    wanted = {each for each in named if each is not None}.union(
        given(settings), chain.from_iterable(each.groups for each in known)
    )
    places = {each.subnet_id for each in known if each.subnet_id}.union(subnet_ids(settings))
    stacks = settings.stack_names() if _stacks_count(settings) else []
    made = reader.together(lambda each: stack_groups(reader, each), stacks, lambda: None)
    return Seen(
        primaries,
        dict(zip(stacks, made, strict=True)),
        attempt(lambda: groups(reader, wanted)),
        attempt(lambda: subnets(reader, places)),
    )


def _stacks_count(settings: Settings) -> bool:
    """Whether anything depends on what the stacks have made."""
    clusters = settings.clusters.values()
    return not given(settings) or any(each.ingress == "create" for each in clusters)


def given(settings: Settings) -> tuple[str, ...]:
    """The notebooks' own security groups; none where each stack makes one."""
    return settings.network.security_group_ids or ()


def subnet_ids(settings: Settings, key: str | None = None) -> list[str]:
    """The subnets of a cluster's notebooks, or of all; the network's own where there is none."""
    notebooks = [settings.notebook(each) for each in settings.notebooks]
    used = [each.subnet_id for each in notebooks if key is None or each.cluster == key]
    return list(dict.fromkeys(used)) or [settings.network.subnet_id]
