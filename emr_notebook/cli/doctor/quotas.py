"""Checks that the account may have as many notebooks as the settings ask for."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.aws.notebooks import PAGE_SIZE, NotebookSummary, list_all_notebooks
from emr_notebook.cli.aws.reader import Reader
from emr_notebook.cli.doctor.report import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.next_commands import Commands
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import ResolvedNotebook

SUBJECT = "quota of notebook instances"
# Service Quotas: "Total number of notebook instances" in a region, running or not.
TOTAL_QUOTA_CODE = "L-04CE2E67"
SERVICE = "sagemaker"
# States in which a notebook takes up no instance.
AT_REST = frozenset({"Stopped", "Failed", "Deleting"})


@dataclass(frozen=True)
class Quota:
    """A quota's value, and the code by which more is asked for."""

    code: str
    value: int


def check(reader: Reader, settings: Settings, commands: Commands) -> list[Line]:
    """The lines of the quota of all notebooks, and of each instance type's.

    A call for 100 of the region's notebooks; where some are to be made, one for the quota of all,
    and one for each 100 of SageMaker's quotas, until those of the types are found.
    """
    notebooks = settings.resolved_notebooks
    existing = attempt(lambda: {each.name: each for each in list_all_notebooks(reader)})
    names = {each.name for each in notebooks}
    if not isinstance(existing, Unknown) and names <= existing.keys():
        first = ok(SUBJECT, "no notebook is to be made")
    else:
        first = quota_line(names, existing, attempt(lambda: _quota(reader)), commands)
    return [first, *type_lines(reader, notebooks, existing, commands)]


def quota_line(
    names: Collection[str],
    existing: Collection[str] | Unknown,
    quota: int | Unknown,
    commands: Commands,
) -> Line:
    """Whether those of `names` that do not exist fit in beside all that do."""
    if isinstance(existing, Unknown):
        return not_checked(SUBJECT, existing)
    if isinstance(quota, Unknown):
        return not_checked(SUBJECT, quota)
    new, there = len(set(names).difference(existing)), len(existing)
    if there + new <= quota:
        return ok(SUBJECT, f"{there} exist and {new} are to be made, of {quota}")
    cause = f"{there} exist and {new} are to be made; the quota is {quota}"
    command = increase_command(TOTAL_QUOTA_CODE, there + new, commands.region)
    advice = "AWS grants it after minutes or days; until then, delete notebooks that nobody uses"
    return failed(SUBJECT, cause, command, advice=advice)


def _quota(reader: Reader) -> int:
    answer = reader.ask(
        "service-quotas", "get_service_quota", ServiceCode=SERVICE, QuotaCode=TOTAL_QUOTA_CODE
    )
    return int(answer["Quota"]["Value"])


def quotas_by_name(reader: Reader, names: Collection[str]) -> dict[str, Quota]:
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
        MaxResults=PAGE_SIZE,
    )
    for each in pages:
        name = str(each.get("QuotaName", ""))
        if name in names:
            found[name] = Quota(str(each["QuotaCode"]), int(each["Value"]))
        if len(found) == len(names):
            break
    return found


def increase_command(code: str, value: int, region: str) -> str:
    """The command that asks for more."""
    options = f"--service-code {SERVICE} --quota-code {code} --desired-value {value}"
    return f"aws service-quotas request-service-quota-increase {options} --region {region}"


def type_lines(
    reader: Reader,
    notebooks: Sequence[ResolvedNotebook],
    existing: Mapping[str, NotebookSummary] | Unknown,
    commands: Commands,
) -> list[Line]:
    """A line for each instance type that the settings name."""
    types = sorted({each.instance_type for each in notebooks})
    if isinstance(existing, Unknown):
        return [not_checked(_subject(each), existing) for each in types]
    to_start = starts_by_type(notebooks, existing)
    names = {_quota_name(each) for each in to_start}
    quotas = attempt(lambda: quotas_by_name(reader, names)) if names else {}
    running = Counter(x.instance_type for x in existing.values() if x.state not in AT_REST)
    return [type_line(each, to_start[each], running[each], quotas, commands) for each in types]


def starts_by_type(
    notebooks: Sequence[ResolvedNotebook], existing: Mapping[str, NotebookSummary]
) -> Counter[str]:
    """How many of each type a deploy starts: those it makes, and running ones that change type."""
    found: Counter[str] = Counter()
    for each in notebooks:
        at = existing.get(each.name)
        if at is None or (at.state not in AT_REST and at.instance_type != each.instance_type):
            found[each.instance_type] += 1
    return found


def type_line(
    instance_type: str,
    to_start: int,
    running: int,
    quotas: Mapping[str, Quota] | Unknown,
    commands: Commands,
) -> Line:
    """Whether those that a deploy starts fit in beside those that run."""
    subject = _subject(instance_type)
    if not to_start:
        return ok(subject, "the deploy starts none")
    if isinstance(quotas, Unknown):
        return not_checked(subject, quotas)
    quota = quotas.get(_quota_name(instance_type))
    if quota is None:
        name = _quota_name(instance_type)
        why = f"{commands.region} has no quota “{name}”: it may not offer the type"
        return not_checked(subject, Unknown(why))
    if running + to_start <= quota.value:
        return ok(subject, f"{running} run and {to_start} are to be started, of {quota.value}")
    cause = f"{running} run and {to_start} are to be started; the quota is {quota.value}"
    command = increase_command(quota.code, running + to_start, commands.region)
    advice = "AWS grants it after minutes or days; until then, stop some, or take another type"
    return failed(subject, cause, command, advice=advice)


def _subject(instance_type: str) -> str:
    return f"quota of {instance_type}"


def _quota_name(instance_type: str) -> str:
    """Service Quotas' name of it."""
    return f"{instance_type} for notebook instance usage"
