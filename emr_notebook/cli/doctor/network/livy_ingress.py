"""doctor: whether the primary admits the notebooks to Livy; decisions, without AWS."""

from collections.abc import Sequence

from emr_notebook.cli.doctor.network.ec2_commands import Ec2Commands
from emr_notebook.cli.doctor.network.livy_egress import Livy, Notebooks, apart
from emr_notebook.cli.doctor.network.security_rules import lists_for, tcp, through
from emr_notebook.cli.doctor.report import Line, State, Unknown, failed, not_checked, ok

LATER = "the deploy makes it"


def rule_line(livy: Livy, notebooks: Notebooks, to: Ec2Commands) -> Line:
    """Whether the primary admits the notebooks, or will after the deploy."""
    if livy.cluster.ingress == "create":
        return (_created if notebooks.given else _created_for_made)(livy, notebooks, to)
    return _external(livy, notebooks, to)


def _external(livy: Livy, notebooks: Notebooks, to: Ec2Commands) -> Line:
    subnets, given = notebooks.subnets, notebooks.given
    if isinstance(subnets, Unknown):
        if through(livy.ingress, livy.port, groups=given):
            return ok(_about(livy))
        return not_checked(_about(livy), subnets)
    outside = [
        cidr
        for cidr in ([each.cidr for each in subnets] or [""])
        if not through(livy.ingress, livy.port, groups=given, cidr=cidr)
    ]
    if not outside:
        return ok(_about(livy))
    if given:
        ranges = _in_rules(livy, notebooks, outside)
        return _by_list(livy) or _not_admitted(livy, ranges or given[:1], to)
    return _external_for_made(livy, notebooks, outside, to)


def _external_for_made(
    livy: Livy, notebooks: Notebooks, outside: Sequence[str], to: Ec2Commands
) -> Line:
    """Before the first deploy nobody can admit the group; its subnet's addresses, anybody can."""
    made = []
    for stack in notebooks.stacks.values():
        if isinstance(stack, Unknown):
            return not_checked(_about(livy), stack)
        made.append(stack.group)
    closed = [each for each in made if each and not _admits(livy, each)]
    if closed:
        ranges = _in_rules(livy, notebooks, outside)
        return _by_list(livy) or _not_admitted(livy, ranges or closed, to)
    if all(made):
        return ok(_about(livy))
    advice = (
        f"after the deploy, run doctor again: it prints the command that admits the group. Or "
        f"admit {' and '.join(outside)} to TCP port {livy.port} of {livy.group} before it"
    )
    what = "none yet: the deploy makes the group that is to be admitted"
    return _by_list(livy) or Line(_about(livy), State.OK, what, advice=advice)


def _created(livy: Livy, notebooks: Notebooks, to: Ec2Commands) -> Line:
    """EC2 takes a rule once: one made by hand fails the deploy, InvalidPermission.Duplicate."""
    [stack] = notebooks.stacks.values()
    port, given = livy.port, notebooks.given
    there = [each for each in given if tcp(port, each) in livy.groups[0].ingress]
    if isinstance(stack, Unknown):
        return not_checked(_about(livy), stack) if there else _later(livy, notebooks)
    own = [each for each in given if stack.made(livy.group, port, each)]
    by_hand = [each for each in there if each not in own]
    if by_hand:
        cause = f"{' and '.join(by_hand)} is admitted already: the deploy would make the same rule"
        commands = [to.revoke(livy.group, port, source=each) for each in by_hand]
        advice = f"or leave the rule, and set clusters.{livy.key}.ingress: external"
        return failed(_about(livy), cause, *commands, advice=advice)
    if gone := [each for each in own if each not in there]:
        return _revoked(livy, gone, to)
    return ok(_about(livy), LATER) if len(own) == len(given) else _later(livy, notebooks)


def _created_for_made(livy: Livy, notebooks: Notebooks, to: Ec2Commands) -> Line:
    made = []
    for stack in notebooks.stacks.values():
        if isinstance(stack, Unknown):
            return not_checked(_about(livy), stack)
        if stack.made(livy.group, livy.port):
            made.append(stack)
    if gone := [each.group for each in made if not _admits(livy, each.group)]:
        return _revoked(livy, gone, to)
    is_made = len(made) == len(notebooks.stacks)
    return ok(_about(livy), LATER) if is_made else _later(livy, notebooks)


def _later(livy: Livy, notebooks: Notebooks) -> Line:
    """A rule that the deploy has yet to make; EC2 refuses some that name another VPC's group."""
    far = apart(livy, notebooks)
    return not_checked(_about(livy), far) if far else ok(_about(livy), LATER)


def _revoked(livy: Livy, gone: Sequence[str], to: Ec2Commands) -> Line:
    """A rule that its stack made and somebody revoked: no deploy sees that."""
    cause = "the stack's own rule was revoked, which a deploy does not see"
    return failed(_about(livy), cause, *_admit(livy, gone, to))


def _in_rules(livy: Livy, notebooks: Notebooks, ranges: Sequence[str]) -> list[str]:
    """The ranges to admit where rules may not be able to name the notebooks' groups."""
    return [each for each in ranges if each] if apart(livy, notebooks) else []


def _not_admitted(livy: Livy, sources: Sequence[str], to: Ec2Commands) -> Line:
    names = " and ".join(each.group_id for each in livy.groups)
    cause = f"no rule of {names} admits the notebooks to TCP port {livy.port}"
    return failed(_about(livy), cause, *_admit(livy, sources, to))


def _by_list(livy: Livy) -> Line | None:
    """What may be true by a prefix list, whose entries are nobody's business here."""
    lists = lists_for(livy.ingress, livy.port)
    what = f"if {' and '.join(lists)} has the notebooks' addresses: that is not looked at"
    return ok(_about(livy), what) if lists else None


def _admits(livy: Livy, group: str) -> bool:
    return through(livy.ingress, livy.port, groups=[group])


def _admit(livy: Livy, sources: Sequence[str], to: Ec2Commands) -> list[str]:
    return [to.admit(livy.group, livy.port, source=each) for each in sources]


def _about(livy: Livy) -> str:
    return f"Livy rule of {livy.key}"
