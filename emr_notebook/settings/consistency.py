"""Finds contradictions between parts of the settings that are each right."""

import re
from collections.abc import Iterator
from typing import Any

from emr_notebook.settings.arns import arn_mistakes
from emr_notebook.settings.egress import egress_rules
from emr_notebook.settings.messages import Location, Mistake
from emr_notebook.settings.model import Settings
from emr_notebook.settings.network import ExtraEgress
from emr_notebook.settings.notebook import ResolvedNotebook
from emr_notebook.settings.types import LONGEST_SAGEMAKER_NAME, LONGEST_STACK_NAME

# AWS takes 50 tags on a resource; the rest are Owner and this app's two.
MOST_TAGS = 47
# In small letters: IAM takes Owner and owner for one tag.
RESERVED_TAGS = ("emrnotebookname", "emrnotebookstack")
# Beside the policies that a notebook's role has when it stops itself: IAM takes ten.
MOST_POLICIES_OF_ONE_THAT_STOPS = 7


def mistakes(settings: Settings) -> list[Mistake]:
    """Every contradiction between the parts, each with its place in the file."""
    notebooks = {each.key: each for each in settings.resolved_notebooks}
    return [
        *_unknown_clusters(settings),
        *_unreachable_livy(settings),
        *_ingress_rules(settings),
        *_security_groups(settings),
        *_egress(settings),
        *_notebook_names(notebooks),
        *_lifecycle_names(settings, notebooks),
        *_stack_names(settings, notebooks),
        *_session_names(settings, notebooks),
        *_tags(settings),
        *_followed_names(settings),
        *arn_mistakes(settings),
        *_policies(settings),
        *_policies_beside_the_stop(settings),
    ]


def _unknown_clusters(settings: Settings) -> Iterator[Mistake]:
    known = ", ".join(sorted(settings.clusters))
    for key, notebook in settings.notebooks.items():
        if notebook.cluster not in settings.clusters:
            yield ("notebooks", key, "cluster"), notebook.cluster, f"one of the clusters: {known}"


def _notebook_names(notebooks: dict[str, ResolvedNotebook]) -> Iterator[Mistake]:
    taken: dict[str, str] = {}
    for key, notebook in notebooks.items():
        name, where = notebook.name, ("notebooks", key, "name")
        if len(name) > LONGEST_SAGEMAKER_NAME:
            accepted = f"at most {LONGEST_SAGEMAKER_NAME} characters; this is {len(name)} long"
            yield where, name, f"{accepted}: give a shorter one"
        first = taken.setdefault(name.lower(), key)
        if first != key:
            yield where, name, f"a name of its own: {first} has this one"


def _lifecycle_names(
    settings: Settings, notebooks: dict[str, ResolvedNotebook]
) -> Iterator[Mistake]:
    taken: dict[str, tuple[str, object]] = {}
    for key, notebook in notebooks.items():
        name = notebook.lifecycle_config_name
        if name is None:
            continue
        script = (notebook.stack, notebook.cluster, notebook.start_settings)
        first, other = taken.setdefault(name.lower(), (key, script))
        if other != script:
            own = settings.notebooks[key].lifecycle_config_name is not None
            where = ("notebooks", key) if own else ("defaults",)
            accepted = f"one name for one script: {key} has another than {first}"
            yield (*where, "lifecycle_config_name"), name, accepted


def _stack_names(settings: Settings, notebooks: dict[str, ResolvedNotebook]) -> Iterator[Mistake]:
    for key, notebook in notebooks.items():
        long = len(notebook.stack)
        if long > LONGEST_STACK_NAME and settings.notebooks[key].stack is not None:
            most = f"at most {LONGEST_STACK_NAME} characters"
            accepted = f"{most} with the stack_name before it; this makes {long}"
            yield ("notebooks", key, "stack"), settings.notebooks[key].stack, accepted


def _session_names(settings: Settings, notebooks: dict[str, ResolvedNotebook]) -> Iterator[Mistake]:
    """Livy refuses a second session of one name."""
    taken: dict[tuple[str, str], str] = {}
    told = False
    for key, notebook in notebooks.items():
        name = notebook.spark.name
        if name is None:
            continue
        first = taken.setdefault((notebook.cluster, name), key)
        own = settings.notebooks[key].spark is not None
        if first != key and (own or not told):
            where = ("notebooks", key) if own else ("defaults",)
            accepted = f"a name for each notebook of {notebook.cluster}: {first} has this one"
            yield (*where, "spark", "name"), name, accepted
            told = told or not own


def _followed_names(settings: Settings) -> Iterator[Mistake]:
    """The stack's name is a label of the followed clusters' names: RFC 1123, section 2.1."""
    stack_name = settings.stack_name
    if settings.followed_clusters and not re.fullmatch(r".{,62}[A-Za-z0-9]", stack_name):
        accepted = (
            "at most 63 characters, a letter or digit last, where a cluster is followed: its DNS "
            "name holds it (or set follow: false for the clusters)"
        )
        yield ("stack_name",), stack_name, accepted
    for key, cluster in settings.clusters.items():
        if cluster.is_followed:
            continue
        if cluster.tls and cluster.tls.names_alias:
            accepted = "false for a cluster that is not followed: notebooks use no name of its own"
            yield ("clusters", key, "tls", "names_alias"), True, accepted
        if cluster.when_absent == "deploy":
            accepted = "refuse for a cluster that is not followed: nobody would notice its start"
            yield ("clusters", key, "when_absent"), "deploy", accepted
    topic = settings.alarms_topic_arn
    if topic is not None and topic.split(":")[3] != settings.region:
        yield ("alarms_topic_arn",), topic, f"a topic in the stage's region, {settings.region}"


def _tags(settings: Settings) -> Iterator[Mistake]:
    yield from _reserved_tags(("tags",), settings.tags)
    yield from _too_many_tags(("tags",), settings.tags, settings.tags)
    # Roles have the stage's tags.
    first: dict[str, str] = {}
    for tag, value in settings.tags.items():
        if (other := first.setdefault(tag.lower(), tag)) != tag:
            yield ("tags", tag), value, f"a tag of its own: to IAM this is {other}"
    for key, notebook in settings.notebooks.items():
        where = ("notebooks", key, "tags")
        yield from _reserved_tags(where, notebook.tags)
        if notebook.tags and len(settings.tags) <= MOST_TAGS:
            yield from _too_many_tags(where, notebook.tags, {**settings.tags, **notebook.tags})


def _reserved_tags(where: tuple[str, ...], tags: dict[str, str]) -> Iterator[Mistake]:
    for tag, value in tags.items():
        if tag.lower() == "owner":
            yield (*where, tag), value, "no tag Owner here: it is a notebook's owner"
        if tag.lower() in RESERVED_TAGS:
            yield (*where, tag), value, "another tag: this one is the app's own"


def _too_many_tags(
    where: tuple[str, ...], given: dict[str, str], together: dict[str, str]
) -> Iterator[Mistake]:
    if (number := len(together)) > MOST_TAGS:
        yield where, given, f"at most {MOST_TAGS} tags, the stage's among them; here are {number}"


def _unreachable_livy(settings: Settings) -> Iterator[Mistake]:
    if settings.network.security_group_ids is not None or settings.network.vpc_cidr is not None:
        return
    accepted = (
        "the primary's security group, unless network.vpc_cidr or network.security_group_ids "
        "is given: without one of them no rule lets the notebooks reach Livy"
    )
    for key, cluster in settings.clusters.items():
        if cluster.security_group_id is None:
            yield ("clusters", key, "security_group_id"), None, accepted


def _ingress_rules(settings: Settings) -> Iterator[Mistake]:
    """EC2 takes a rule once: two resources for it would fail the deploy."""
    seen: dict[tuple[str, int], str] = {}
    made_in: dict[tuple[str, int], str] = {}
    for key, cluster in settings.clusters.items():
        if cluster.security_group_id is None or cluster.ingress is None:
            continue
        rule, where = (cluster.security_group_id, cluster.port), ("clusters", key, "ingress")
        first = seen.setdefault(rule, key)
        if (ingress := settings.clusters[first].ingress) != cluster.ingress:
            accepted = f"{ingress}, as clusters.{first} says of the same group and port"
            yield where, cluster.ingress, accepted
        if cluster.ingress == "create" and settings.network.security_group_ids is not None:
            stacks = settings.stacks_of_cluster(key)
            others = {made_in.setdefault(rule, stack) for stack in stacks} | set(stacks)
            if len(others) > 1:
                accepted = f"external: {' and '.join(sorted(others))} would each make the same rule"
                yield where, "create", accepted


def _security_groups(settings: Settings) -> Iterator[Mistake]:
    groups = settings.network.security_group_ids or ()
    for number, group in enumerate(groups):
        if groups.index(group) < number:
            yield ("network", "security_group_ids", number), group, "each group once"


def _egress(settings: Settings) -> Iterator[Mistake]:
    network = settings.network
    if network.extra_egress and network.security_group_ids is not None:
        accepted = "none beside network.security_group_ids: groups of your own are not changed"
        yield ("network", "extra_egress"), [_given(each) for each in network.extra_egress], accepted
    settings_of: dict[tuple[str, int, str], tuple[str | int, ...]] = {}
    for rule in egress_rules(network, settings.clusters):
        first = settings_of.setdefault((rule.protocol, rule.port, rule.peer), rule.setting)
        if first != rule.setting:
            other = ".".join(map(str, first))
            repeated = network.extra_egress[int(rule.setting[-1])]
            yield rule.setting, _given(repeated), f"each rule once: {other} has this one"


def _given(rule: ExtraEgress) -> dict[str, Any]:
    return rule.model_dump(exclude_defaults=True)


def _policies(settings: Settings) -> Iterator[Mistake]:
    """A role that exists already is not modified, and CloudFormation takes a policy once."""
    accepted = "none beside a role_arn: a role of your own is not modified"
    defaults = settings.defaults
    places: list[tuple[Location, tuple[str, ...], str | None]] = [
        (("defaults",), defaults.managed_policy_arns, defaults.role_arn)
    ]
    for key, each in settings.notebooks.items():
        role = each.role_arn or defaults.role_arn
        places.append((("notebooks", key), each.managed_policy_arns or (), role))
    for where, arns, role in places:
        if arns and role is not None:
            yield (*where, "managed_policy_arns"), list(arns), accepted
        for number, arn in enumerate(arns):
            if arn in arns[:number]:
                yield (*where, "managed_policy_arns", number), arn, "each policy once"


def _policies_beside_the_stop(settings: Settings) -> Iterator[Mistake]:
    most = MOST_POLICIES_OF_ONE_THAT_STOPS
    told = False
    for key, notebook in settings.notebooks.items():
        resolved = settings.notebook(key)
        arns = resolved.managed_policy_arns
        if resolved.idle_minutes is None or resolved.role_arn is not None or len(arns) <= most:
            continue
        own = notebook.managed_policy_arns is not None
        if own or not told:
            where = ("notebooks", key) if own else ("defaults",)
            accepted = f"at most {most} beside stop_after_idle_minutes, which takes a policy itself"
            yield (*where, "managed_policy_arns"), list(arns), accepted
            told = told or not own
