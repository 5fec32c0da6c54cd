"""Asks IAM what a user or role may do, evaluates policies, and words what mends a denial."""

import json
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Unknown

# Of what no further policy would allow.
FIND_THE_DENIAL = "look for what denies it: a policy, a boundary, an SCP"


@dataclass(frozen=True)
class Principal:
    """Who calls, as IAM knows them: `kind` is root, user or role."""

    kind: str
    arn: str

    @property
    def is_managed(self) -> bool:
        """Whether IAM Identity Center made the role, and alone may change it."""
        return self.kind == "role" and ":role/aws-reserved/" in self.arn


@dataclass(frozen=True)
class Decision:
    """IAM's on one action.

    `may_be_granted`: one more policy would allow it, since nothing denies it explicitly.
    `depends_on` are the condition keys that were not known to IAM.
    `by_organization`: a service control policy denies it, perhaps under a condition: IAM does not
    say which of their keys it did not know.
    """

    allowed: bool
    may_be_granted: bool = True
    depends_on: tuple[str, ...] = ()
    by_organization: bool = False

    @property
    def unsure(self) -> str:
        """Why a denial need not be one when it comes to it; "" when it is."""
        if self.allowed:
            return ""
        if self.depends_on:
            return f"its policies depend on {', '.join(self.depends_on)}"
        return "an SCP denies it, perhaps under a condition" if self.by_organization else ""


class PolicyVerdict(Enum):
    """What a policy says, in IAM's words: one that denies implicitly only lacks a statement.

    DEPENDS is for conditions, of which it is not known here whether they hold.
    """

    ALLOWS = "allows"
    IMPLICITLY_DENIES = "implicitly denies"
    EXPLICITLY_DENIES = "explicitly denies"
    DEPENDS = "depends"


def name_in(arn: str) -> str:
    """The name of the user or role with that ARN, without its path."""
    return arn.rpartition("/")[2]


def caller(reader: Reader) -> Principal | Unknown:
    """Who calls. A session's ARN names its role without the path that IAM's ARN of it has.

    One call, and one for a role. Raises as Reader.ask does.
    """
    arn = str(reader.ask("sts", "get_caller_identity")["Arn"])
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role":
        role = reader.ask("iam", "get_role", RoleName=rest.partition("/")[0])["Role"]
        return Principal("role", str(role["Arn"]))
    if kind in ("root", "user"):
        return Principal(kind, arn)
    return Unknown(f"{arn} is neither a user nor a role, and IAM simulates only these")


def simulate(
    reader: Reader,
    principal_arn: str,
    actions: Sequence[str],
    resource: str,
    context: Mapping[str, str] | None = None,
) -> dict[str, Decision]:
    """IAM's decision on each action on the resource, as far as the principal's policies go.

    `context` are condition keys and their values, beside the region. What the resource's own policy
    says does not count. One call. Raises as Reader.ask does.
    """
    known = {"aws:RequestedRegion": reader.region, **(context or {})}
    answer = reader.ask(
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=principal_arn,
        ActionNames=list(actions),
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in known.items()
        ],
    )
    return {str(each["EvalActionName"]): _decision(each) for each in answer["EvaluationResults"]}


def put_role_policy(
    role_arn: str, name: str, statements: Sequence[Mapping[str, Any]], region: str
) -> str:
    """The command that lets a role do what the statements say, beside what it may already."""
    policy = shlex.quote(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    command = f"aws iam put-role-policy --role-name {name_in(role_arn)} --policy-name {name}"
    return f"{command} --policy-document {policy} --region {region}"


def evaluate_policy(
    document: Mapping[str, Any],
    action: str,
    principals: Collection[str],
    also_denied_to: Collection[str] = (),
) -> PolicyVerdict:
    """Whether one of the principals may do it: ARNs, account ids or a service's name.

    What is `also_denied_to` others counts, too.
    """
    found = statements(document)
    allows = [each for each in found if _applies(each, "Allow", action, principals)]
    denies = [
        each for each in found if _applies(each, "Deny", action, {*principals, *also_denied_to})
    ]
    if not all(map(_is_conditional, denies)):
        return PolicyVerdict.EXPLICITLY_DENIES
    if not allows:
        return PolicyVerdict.IMPLICITLY_DENIES
    if denies or all(map(_is_conditional, allows)):
        return PolicyVerdict.DEPENDS
    return PolicyVerdict.ALLOWS


def with_statement(document: Mapping[str, Any], statement: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with one more statement."""
    return {"Version": "2012-10-17", **document, "Statement": [*statements(document), statement]}


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of a policy, which may hold one without a list."""
    return list(_as_list(document.get("Statement")))


def _decision(result: Mapping[str, Any]) -> Decision:
    # For a named resource IAM says some of it beside the resource alone.
    parts = [result, *result.get("ResourceSpecificResults", [])]
    boundaries = [each.get("PermissionsBoundaryDecisionDetail", {}) for each in parts]
    missing = [str(key) for each in parts for key in each.get("MissingContextValues", [])]
    organization = result.get("OrganizationsDecisionDetail", {})
    by_organization = not organization.get("AllowedByOrganizations", True)
    return Decision(
        allowed=result["EvalDecision"] == "allowed",
        may_be_granted=result["EvalDecision"] == "implicitDeny"
        and all(each.get("AllowedByPermissionsBoundary", True) for each in boundaries)
        and not by_organization,
        depends_on=tuple(dict.fromkeys(missing)),
        by_organization=by_organization,
    )


def _applies(
    statement: Mapping[str, Any], effect: str, action: str, principals: Collection[str]
) -> bool:
    if statement["Effect"] != effect:
        return False
    patterns = [str(each).lower() for each in _as_list(statement.get("Action"))]
    if "Action" in statement and not any(fnmatchcase(action.lower(), p) for p in patterns):
        return False
    named = set(_principals(statement.get("Principal")))
    return "Principal" not in statement or "*" in named or not named.isdisjoint(principals)


def _is_conditional(statement: Mapping[str, Any]) -> bool:
    """Whether it counts only sometimes: under a condition, or for all but some."""
    return not {"Condition", "NotPrincipal", "NotAction", "NotResource"}.isdisjoint(statement)


def _principals(principal: Any) -> Iterator[str]:
    if isinstance(principal, Mapping):
        for kind in principal.values():
            yield from map(str, _as_list(kind))
    else:
        yield from map(str, _as_list(principal))


def _as_list(value: Any) -> list[Any]:
    """IAM takes a list of one without its brackets."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
