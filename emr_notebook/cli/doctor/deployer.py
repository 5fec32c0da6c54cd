"""doctor: whether the role that CloudFormation deploys with may make what the stacks hold."""

from collections.abc import Mapping
from dataclasses import replace

from emr_notebook.cli.commands import Commands
from emr_notebook.cli.doctor.absent import unless_absent
from emr_notebook.cli.doctor.deployer_needs import Need, needs
from emr_notebook.cli.doctor.iam_simulation import Decision, simulated
from emr_notebook.cli.doctor.prerequisites import Line, Unknown, failed, not_checked, ok
from emr_notebook.cli.lookup_role import bootstrap_role_arn
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings

ABOUT = "what the deploy's role may do"
Decisions = Mapping[str, Decision]


def check(reader: Reader, settings: Settings, _to: Commands) -> list[Line]:
    """The line of the role: a call for each kind of what is made, none for further notebooks."""
    role = bootstrap_role_arn(settings, "cfn-exec")

    def decide(need: Need) -> Decisions | Unknown:
        found = unless_absent(
            "NoSuchEntity",
            lambda: simulated(reader, role, need.actions, need.resource, need.context),
        )
        if found is None:
            return Unknown(f"{role} does not exist: see bootstrap")
        return found if isinstance(found, Unknown) else considered(need, found)

    return [role_line(role, reader.together(decide, needs(settings), lambda: None))]


def considered(need: Need, decisions: Decisions) -> dict[str, Decision]:
    """IAM's decisions with what is known of the need: no deploy brings the absent keys."""
    absent = {key.lower() for key in need.absent}
    found = {
        action: replace(
            each, depends_on=tuple(k for k in each.depends_on if k.lower() not in absent)
        )
        for action, each in decisions.items()
    }
    if need.of_key:
        # The key's own policy may allow what no policy of the role does: see its line.
        return {a: each for a, each in found.items() if not each.may_be_granted}
    return found


def role_line(role: str, answers: list[Decisions | Unknown]) -> Line:
    """Whether CloudFormation could make all of it in the role's name."""
    name = role.rpartition("/")[2]
    known = [pair for each in answers if not isinstance(each, Unknown) for pair in each.items()]
    denied = [(action, each) for action, each in known if not each.allowed]
    sure = {action: each for action, each in denied if not each.unsure}
    if sure:
        return _denied(name, sure)
    for answer in answers:
        if isinstance(answer, Unknown):
            return not_checked(ABOUT, answer)
    if denied:
        action, each = denied[0]
        return not_checked(ABOUT, Unknown(f"{name}, {action}: {each.unsure}"))
    return ok(ABOUT, f"{name} may make what the stacks hold")


def _denied(name: str, denied: Decisions) -> Line:
    cause = f"{name} may not {', '.join(denied)}: CloudFormation deploys in its name"
    if all(each.may_be_granted for each in denied.values()):
        advice = (
            "have the policies that are given to cdk bootstrap --cloudformation-execution-policies "
            "allow it"
        )
    else:
        advice = "have whoever administers IAM look for what denies it: a policy or a boundary"
    return failed(ABOUT, cause, advice=advice)
