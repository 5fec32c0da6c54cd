"""doctor: whether the account may have as many notebooks as the settings ask for."""

from collections.abc import Collection, Mapping

from emr_notebook.cli.commands import Commands
from emr_notebook.cli.doctor.prerequisites import Line, Unknown, attempt, failed, not_checked, ok
from emr_notebook.cli.doctor.service_quotas import SERVICE, increase
from emr_notebook.cli.doctor.type_quotas import Existing, type_lines
from emr_notebook.cli.notebooks import PAGE
from emr_notebook.cli.reader import Reader
from emr_notebook.settings import Settings

ABOUT = "quota of notebook instances"
# Service Quotas: "Total number of notebook instances" in a region, running or not.
CODE = "L-04CE2E67"


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
