"""The sandbox's Service Quotas, checked against botocore's model."""

import json
from typing import Any

import pytest

from sandbox.aws.answers import checked_call
from sandbox.aws.service_quotas import CODE, NAME, SERVICE, TYPES, VALUE, ServiceQuotas

NOTEBOOKS = {"ServiceCode": SERVICE, "QuotaCode": CODE}


def call(quotas: ServiceQuotas, operation: str, **request: Any) -> tuple[int, dict[str, Any]]:
    handler = quotas.handlers[operation]
    status, _, body = checked_call(NAME, operation, handler, json.dumps(request).encode())
    return status, json.loads(body)


def test_the_notebooks_quota_can_be_read() -> None:
    status, answer = call(ServiceQuotas(), "GetServiceQuota", **NOTEBOOKS)

    assert status == 200
    assert answer["Quota"]["Value"] == VALUE


def test_it_can_be_raised_and_not_lowered() -> None:
    quotas = ServiceQuotas()
    lower, _ = call(quotas, "RequestServiceQuotaIncrease", **NOTEBOOKS, DesiredValue=VALUE)
    raised, _ = call(quotas, "RequestServiceQuotaIncrease", **NOTEBOOKS, DesiredValue=VALUE + 5)

    assert (lower, raised) == (400, 200)
    assert call(quotas, "GetServiceQuota", **NOTEBOOKS)[1]["Quota"]["Value"] == VALUE + 5


@pytest.mark.parametrize(
    "request_", [{**NOTEBOOKS, "QuotaCode": "L-FFFFFFFF"}, {"ServiceCode": "sagemaker"}]
)
def test_another_quota_is_refused(request_: dict[str, Any]) -> None:
    status, _ = call(ServiceQuotas(), "GetServiceQuota", **request_)

    assert status == 400


def test_all_are_listed_page_by_page() -> None:
    quotas, names = ServiceQuotas(), list[str]()
    more: dict[str, str] = {}
    while True:
        _, answer = call(quotas, "ListServiceQuotas", ServiceCode=SERVICE, **more)
        names += [each["QuotaName"] for each in answer["Quotas"]]
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}

    assert len(names) == len(set(names)) == 1 + len(TYPES)
    assert "ml.t3.medium for notebook instance usage" in names
