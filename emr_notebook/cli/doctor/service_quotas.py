"""Service Quotas, as far as SageMaker's notebooks go."""

from collections.abc import Collection
from dataclasses import dataclass

from emr_notebook.cli.reader import Reader

SERVICE = "sagemaker"
PAGE = 100


@dataclass(frozen=True)
class Quota:
    """A quota's value, and the code by which more is asked for."""

    code: str
    value: int


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
