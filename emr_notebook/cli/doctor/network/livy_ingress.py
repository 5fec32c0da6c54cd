"""Decides whether the primary admits the notebooks to Livy; without AWS."""

from collections.abc import Sequence

from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.livy import Livy, Notebooks, in_different_vpcs
from emr_notebook.cli.doctor.network.security_rules import lets_through, prefix_lists_for, tcp
from emr_notebook.cli.doctor.report import Line, Unknown, failed, not_checked, ok, unseen

MADE_BY_DEPLOY = "the deploy makes it"


def rule_line(livy: Livy, notebooks: Notebooks, commands: Ec2Commands) -> Line:
    """Whether the primary admits the notebooks, or will after the deploy."""
    if livy.cluster.ingress != "create":
        return _external(livy, notebooks, commands)
    if notebooks.own_groups:
        return _created_for_own_groups(livy, notebooks, commands)
    return _created_for_stack_groups(livy, notebooks, commands)


def _external(livy: Livy, notebooks: Notebooks, commands: Ec2Commands) -> Line:
    subnets, given = notebooks.subnets, notebooks.own_groups
    if isinstance(subnets, Unknown):
        if lets_through(livy.ingress, livy.port, groups=given):
            return ok(_subject(livy))
        return not_checked(_subject(livy), subnets)
    outside = [
        cidr
        for cidr in ([each.cidr for each in subnets] or [""])
        if not lets_through(livy.ingress, livy.port, groups=given, cidr=cidr)
    ]
    if not outside:
        return ok(_subject(livy))
    if given:
        ranges = _ranges_to_admit(livy, notebooks, outside)
        return _by_prefix_list(livy) or _not_admitted(livy, ranges or given[:1], commands)
    return _external_for_stack_groups(livy, notebooks, outside, commands)


def _external_for_stack_groups(
    livy: Livy, notebooks: Notebooks, outside: Sequence[str], commands: Ec2Commands
) -> Line:
    """Before the first deploy nobody can admit the group; its subnet's addresses, anybody can."""
    made = []
    for stack in notebooks.stacks.values():
        if isinstance(stack, Unknown):
            return not_checked(_subject(livy), stack)
        made.append(stack.group)
    closed = [each for each in made if each and not _admits(livy, each)]
    if closed:
        ranges = _ranges_to_admit(livy, notebooks, outside)
        return _by_prefix_list(livy) or _not_admitted(livy, ranges or closed, commands)
    if all(made):
        return ok(_subject(livy))
    advice = (
        f"after the deploy, run doctor again: it prints the command that admits the group. Or "
        f"admit {' and '.join(outside)} to TCP port {livy.port} of {livy.group} before it"
    )
    what = "none yet: the deploy makes the group that is to be admitted"
    return _by_prefix_list(livy) or unseen(_subject(livy), what, advice=advice)


def _created_for_own_groups(livy: Livy, notebooks: Notebooks, commands: Ec2Commands) -> Line:
    """EC2 takes a rule once: one made by hand fails the deploy, InvalidPermission.Duplicate."""
    [stack] = notebooks.stacks.values()
    port, given = livy.port, notebooks.own_groups
    there = [each for each in given if tcp(port, each) in livy.groups[0].ingress]
    if isinstance(stack, Unknown):
        return not_checked(_subject(livy), stack) if there else _made_by_deploy(livy, notebooks)
    own = [each for each in given if stack.has_rule(livy.group, port, each)]
    by_hand = [each for each in there if each not in own]
    if by_hand:
        cause = f"{' and '.join(by_hand)} is admitted already: the deploy would make the same rule"
        revokes = [commands.revoke(livy.group, port, source=each) for each in by_hand]
        advice = f"or leave the rule, and set clusters.{livy.key}.ingress: external"
        return failed(_subject(livy), cause, *revokes, advice=advice)
    if gone := [each for each in own if each not in there]:
        return _revoked(livy, gone, commands)
    is_made = len(own) == len(given)
    return ok(_subject(livy), MADE_BY_DEPLOY) if is_made else _made_by_deploy(livy, notebooks)


def _created_for_stack_groups(livy: Livy, notebooks: Notebooks, commands: Ec2Commands) -> Line:
    made = []
    for stack in notebooks.stacks.values():
        if isinstance(stack, Unknown):
            return not_checked(_subject(livy), stack)
        if stack.has_rule(livy.group, livy.port):
            made.append(stack)
    if gone := [each.group for each in made if not _admits(livy, each.group)]:
        return _revoked(livy, gone, commands)
    is_made = len(made) == len(notebooks.stacks)
    return ok(_subject(livy), MADE_BY_DEPLOY) if is_made else _made_by_deploy(livy, notebooks)


def _made_by_deploy(livy: Livy, notebooks: Notebooks) -> Line:
    """A rule that the deploy has yet to make; EC2 refuses some that name another VPC's group."""
    far = in_different_vpcs(livy, notebooks)
    return not_checked(_subject(livy), far) if far else ok(_subject(livy), MADE_BY_DEPLOY)


def _revoked(livy: Livy, gone: Sequence[str], commands: Ec2Commands) -> Line:
    """A rule that its stack made and somebody revoked: no deploy sees that."""
    cause = "the stack's own rule was revoked, which a deploy does not see"
    return failed(_subject(livy), cause, *_admit(livy, gone, commands))


def _ranges_to_admit(livy: Livy, notebooks: Notebooks, ranges: Sequence[str]) -> list[str]:
    """The ranges to admit where rules may not be able to name the notebooks' groups."""
    return [each for each in ranges if each] if in_different_vpcs(livy, notebooks) else []


def _not_admitted(livy: Livy, sources: Sequence[str], commands: Ec2Commands) -> Line:
    names = " and ".join(each.group_id for each in livy.groups)
    cause = f"no rule of {names} admits the notebooks to TCP port {livy.port}"
    return failed(_subject(livy), cause, *_admit(livy, sources, commands))


def _by_prefix_list(livy: Livy) -> Line | None:
    """What may be true by a prefix list, whose entries are nobody's business here."""
    lists = prefix_lists_for(livy.ingress, livy.port)
    what = f"whether {' and '.join(lists)}, a prefix list, has the notebooks' addresses"
    return unseen(_subject(livy), what) if lists else None


def _admits(livy: Livy, group: str) -> bool:
    return lets_through(livy.ingress, livy.port, groups=[group])


def _admit(livy: Livy, sources: Sequence[str], commands: Ec2Commands) -> list[str]:
    return [commands.admit(livy.group, livy.port, source=each) for each in sources]


def _subject(livy: Livy) -> str:
    return f"Livy rule of {livy.key}"
