"""Adds Service Quotas, as far as notebooks are counted: their quotas, and requests to raise them.

The values, the types' codes, and that a request is approved at once, are the sandbox's own.
"""

from typing import Any

from sandbox.aws.answers import Handler, Refused, request_handler
from sandbox.aws.emulator import ministack
from sandbox.environment import ACCOUNT, REGION

NAME = "service-quotas"
SERVICE, CODE, VALUE = "sagemaker", "L-04CE2E67", 20.0
TYPES = {"ml.t3.medium": 40.0, "ml.m5.xlarge": 40.0, "ml.g5.xlarge": 0.0}
PAGE = 2


class ServiceQuotas:
    """Each handler takes a checked request and returns the answer, or raises Refused."""

    def __init__(self) -> None:
        usage = {f"{each} for notebook instance usage": value for each, value in TYPES.items()}
        values = {"Total number of notebook instances": VALUE, **usage}
        codes = [CODE, *(f"L-0000000{number}" for number in range(len(usage)))]
        self._quotas = {
            code: _quota(code, name, values[name]) for code, name in zip(codes, values, strict=True)
        }
        self.handlers: dict[str, Handler] = {
            "GetServiceQuota": self.get,
            "ListServiceQuotas": self.listed,
            "RequestServiceQuotaIncrease": self.increase,
        }

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetServiceQuota."""
        return {"Quota": self._known(request)}

    def listed(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListServiceQuotas: two a page, so that there are pages."""
        quotas = list(self._quotas.values()) if request["ServiceCode"] == SERVICE else []
        start = int(request.get("NextToken", 0))
        more = {"NextToken": str(start + PAGE)} if start + PAGE < len(quotas) else {}
        return {"Quotas": quotas[start : start + PAGE], **more}

    def increase(self, request: dict[str, Any]) -> dict[str, Any]:
        """RequestServiceQuotaIncrease."""
        quota, desired = self._known(request), request["DesiredValue"]
        if desired <= quota["Value"]:
            # The wording is the sandbox's own.
            raise Refused("IllegalArgumentException", f"The quota is {quota['Value']} already.")
        quota["Value"] = desired
        shared = {name: quota[name] for name in ("ServiceCode", "QuotaCode", "QuotaName")}
        return {"RequestedQuota": {**shared, "DesiredValue": desired, "Status": "APPROVED"}}

    def _known(self, request: dict[str, Any]) -> dict[str, Any]:
        found = self._quotas.get(request["QuotaCode"])
        if found is None or request["ServiceCode"] != SERVICE:
            raise Refused("NoSuchResourceException", "The sandbox does not have this quota.")
        return found


def install(quotas: ServiceQuotas) -> None:
    """Add the service to the emulator's registry, and to what its IAM authorizes."""
    model = "ServiceQuotasV20190624."
    ministack("core.router").SERVICE_PATTERNS["servicequotas"] = {"target_prefixes": [model]}
    actions = ministack("core.iam_actions")
    actions.SERVICE_TO_IAM_NAMESPACE["servicequotas"] = "servicequotas"
    actions._BOTOCORE_SERVICE_MAP["servicequotas"] = [NAME]
    ministack("app").SERVICE_HANDLERS["servicequotas"] = request_handler(NAME, quotas.handlers.get)


def _quota(code: str, name: str, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": SERVICE,
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"arn:aws:servicequotas:{REGION}:{ACCOUNT}:{SERVICE}/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Adjustable": True,
        "GlobalQuota": False,
    }
