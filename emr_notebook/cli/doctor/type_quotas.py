"""doctor: whether the account may run as many notebooks of each instance type."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emr_notebook.cli.commands import Commands
from emr_notebook.cli.doctor.prerequisites import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.doctor.service_quotas import Quota, increase, quotas_named
from emr_notebook.cli.reader import Reader
from emr_notebook.settings_notebook import ResolvedNotebook

# States in which a notebook takes up no instance.
AT_REST = frozenset({"Stopped", "Failed", "Deleting"})


@dataclass(frozen=True)
class Existing:
    """A notebook in SageMaker: its instance type and state."""

    instance_type: str
    state: str


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
