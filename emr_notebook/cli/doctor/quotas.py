"""doctor: whether the account may have as many notebooks as the settings ask for."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.aws.notebooks import PAGE
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import ResolvedNotebook

ABOUT = "quota of notebook instances"
# Service Quotas: "Total number of notebook instances" in a region, running or not.
CODE = "L-04CE2E67"
SERVICE = "sagemaker"
# States in which a notebook takes up no instance.
AT_REST = frozenset({"Stopped", "Failed", "Deleting"})


@dataclass(frozen=True)
class Quota:
    """A quota's value, and the code by which more is asked for."""

    code: str
    value: int


@dataclass(frozen=True)
class Existing:
    """A notebook in SageMaker: its instance type and state."""

    instance_type: str
    state: str


def check(reader: Reader, settings: Settings, to: Commands) -> list[Line]:
    """The lines of the quota of all notebooks, and of each instance type's.

    A call for 100 of the region's notebooks; where some are to be made, one for the quota of all,
    and one for each 100 of SageMaker's quotas, until those of the types are found.
    """
    notebooks = [settings.notebook(key) for key in settings.notebooks]
    existing = attempt(lambda: _existing(reader))
    names = {each.name for each in notebooks}
    if not isinstance(existing, Unknown) and names <= existing.keys():
        first = ok(ABOUT, "no notebook is to be made")
    else:
        first = quota_line(names, existing, attempt(lambda: _quota(reader)), to)
    return [first, *type_lines(reader, notebooks, existing, to)]


def quota_line(
    names: Collection[str], existing: Collection[str] | Unknown, quota: int | Unknown, to: Commands
) -> Line:
    """Whether those of `names` that do not exist fit in beside all that do."""
    if isinstance(existing, Unknown):
        return not_checked(ABOUT, existing)
    if isinstance(quota, Unknown):
        return not_checked(ABOUT, quota)
    new, there = len(set(names).difference(existing)), len(existing)
    if there + new <= quota:
        return ok(ABOUT, f"{there} exist and {new} are to be made, of {quota}")
    cause = f"{there} exist and {new} are to be made; the quota is {quota}"
    command = increase(CODE, there + new, to.region)
    advice = "AWS grants it after minutes or days; until then, delete notebooks that nobody uses"
    return failed(ABOUT, cause, command, advice=advice)


def _existing(reader: Reader) -> Mapping[str, Existing]:
    pages = reader.pages(
        "sagemaker", "list_notebook_instances", items="NotebookInstances", MaxResults=PAGE
    )
    return {
        str(each["NotebookInstanceName"]): Existing(
            str(each.get("InstanceType", "")), str(each["NotebookInstanceStatus"])
        )
        for each in pages
    }


def _quota(reader: Reader) -> int:
    answer = reader.ask("service-quotas", "get_service_quota", ServiceCode=SERVICE, QuotaCode=CODE)
    return int(answer["Quota"]["Value"])


def quotas_named(reader: Reader, names: Collection[str]) -> dict[str, Quota]:
    """Those of SageMaker's quotas that have one of these names.

    There is no narrower call. It has thousands: the list is read until all names are found, so a
    name that the region does not have costs all of it. Raises as Reader.ask does.
    """
    found: dict[str, Quota] = {}
    pages = reader.pages(
        "service-quotas",
        "list_service_quotas",
        items="Quotas",
        ServiceCode=SERVICE,
        MaxResults=PAGE,
    )
    for each in pages:
        name = str(each.get("QuotaName", ""))
        if name in names:
            found[name] = Quota(str(each["QuotaCode"]), int(each["Value"]))
        if len(found) == len(names):
            break
    return found


def increase(code: str, value: int, region: str) -> str:
    """The command that asks for more."""
    of = f"--service-code {SERVICE} --quota-code {code} --desired-value {value}"
    return f"aws service-quotas request-service-quota-increase {of} --region {region}"


def type_lines(
    reader: Reader,
    notebooks: Sequence[ResolvedNotebook],
    existing: Mapping[str, Existing] | Unknown,
    to: Commands,
) -> list[Line]:
    """A line for each instance type that the settings name."""
    types = sorted({each.instance_type for each in notebooks})
    if isinstance(existing, Unknown):
        return [not_checked(_about(each), existing) for each in types]
    starting = starts(notebooks, existing)
    names = {_name(each) for each in starting}
    quotas = attempt(lambda: quotas_named(reader, names)) if names else {}
    running = Counter(x.instance_type for x in existing.values() if x.state not in AT_REST)
    return [type_line(each, starting[each], running[each], quotas, to) for each in types]


def starts(notebooks: Sequence[ResolvedNotebook], existing: Mapping[str, Existing]) -> Counter[str]:
    """How many of each type a deploy starts: those it makes, and running ones that change type."""
    found: Counter[str] = Counter()
    for each in notebooks:
        at = existing.get(each.name)
        if at is None or (at.state not in AT_REST and at.instance_type != each.instance_type):
            found[each.instance_type] += 1
    return found


def type_line(
    instance_type: str,
    starting: int,
    running: int,
    quotas: Mapping[str, Quota] | Unknown,
    to: Commands,
) -> Line:
    """Whether those that a deploy starts fit in beside those that run."""
    about = _about(instance_type)
    if not starting:
        return ok(about, "the deploy starts none")
    if isinstance(quotas, Unknown):
        return not_checked(about, quotas)
    quota = quotas.get(_name(instance_type))
    if quota is None:
        why = f"{to.region} has no quota “{_name(instance_type)}”: it may not offer the type"
        return not_checked(about, Unknown(why))
    if running + starting <= quota.value:
        return ok(about, f"{running} run and {starting} are to be started, of {quota.value}")
    cause = f"{running} run and {starting} are to be started; the quota is {quota.value}"
    command = increase(quota.code, running + starting, to.region)
    advice = "AWS grants it after minutes or days; until then, stop some, or take another type"
    return failed(about, cause, command, advice=advice)


def _about(instance_type: str) -> str:
    return f"quota of {instance_type}"


def _name(instance_type: str) -> str:
    """Service Quotas' name of it."""
    return f"{instance_type} for notebook instance usage"
