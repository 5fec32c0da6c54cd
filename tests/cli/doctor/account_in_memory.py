"""Answers `doctor` from memory, for an account in which nothing is missing: IAM, SSM, KMS …."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emr_notebook.cli.doctor.report import Line
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, CREATED, REGION, refused
from tests.cli.aws_in_memory import Fields
from tests.cli.doctor.network.network_in_memory import NetworkWorld

USER = f"arn:aws:iam::{ACCOUNT}:user/people/dana"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/data-science"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:git-a1b2c3"
SAGEMAKER = "sagemaker.amazonaws.com"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def trusting(*services: str, **more: Any) -> Fields:
    """A role's trust in services."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", **more}
    trusted = [{**statement, "Principal": {"Service": each}} for each in services]
    return {"Version": "2012-10-17", "Statement": trusted}


def key_policy(*principals: str, **more: Any) -> Fields:
    """A key's policy that lets these do everything."""
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", **more}
    return {
        "Version": "2012-10-17",
        "Statement": [{**statement, "Principal": {"AWS": p}} for p in principals],
    }


@dataclass
class AccountWorld(NetworkWorld):
    """The network's world, and the account around it.

    `decisions` are IAM's on actions or on resources that contain the text; the rest is allowed.
    `statuses` are stacks' by their names, `templates` what they were deployed
    with; `version` is the bootstrap's.
    """

    caller: str = USER
    decisions: dict[str, Fields] = field(default_factory=dict)
    roles: dict[str, Fields] = field(
        default_factory=lambda: {"data-science": {"Arn": ROLE, "Trust": trusting(SAGEMAKER)}}
    )
    policies: set[str] = field(default_factory=lambda: {BOUNDARY})
    keys: dict[str, Fields] = field(default_factory=lambda: {KEY: copy.deepcopy(_KEY)})
    key_policies: dict[str, Fields] = field(default_factory=lambda: {KEY: key_policy(ROOT)})
    secrets: dict[str, Fields] = field(default_factory=lambda: {SECRET: {"ARN": SECRET}})
    version: str | None = "33"
    quota: float = 20
    type_quotas: dict[str, float] = field(default_factory=lambda: {"ml.t3.medium": 40})
    quotas_per_page: int = 100
    statuses: dict[str, str] = field(default_factory=dict)
    templates: dict[str, Fields] = field(default_factory=dict)
    lifecycles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answers |= {
            ("sts", "get_caller_identity"): self._caller,
            ("iam", "simulate_principal_policy"): self._simulate,
            ("iam", "get_role"): self._role,
            ("iam", "get_policy"): self._policy,
            ("ssm", "get_parameter"): self._parameter,
            ("kms", "describe_key"): self._key,
            ("kms", "get_key_policy"): self._key_policy,
            ("secretsmanager", "describe_secret"): self._secret,
            ("service-quotas", "get_service_quota"): lambda _: {"Quota": {"Value": self.quota}},
            ("service-quotas", "list_service_quotas"): self._quotas,
            ("cloudformation", "describe_stacks"): self._stack,
            ("cloudformation", "get_template"): self._template,
            ("sagemaker", "list_notebook_instance_lifecycle_configs"): self._lifecycles,
        }

    def _caller(self, _: Fields) -> Fields:
        return {"Account": self.caller.split(":")[4], "Arn": self.caller, "UserId": "AIDA"}

    def _simulate(self, given: Fields) -> Fields:
        [resource] = given["ResourceArns"]

        def result(action: str) -> Fields:
            known = [
                v
                for text, v in self.decisions.items()
                if text in (action, resource) or text in resource
            ]
            decided = known[0] if known else {"EvalDecision": "allowed"}
            return {"EvalActionName": action, "EvalResourceName": resource, **decided}

        return {"EvaluationResults": [result(each) for each in given["ActionNames"]]}

    def _role(self, given: Fields) -> Fields:
        name = given["RoleName"]
        if name not in self.roles:
            raise refused("NoSuchEntity", f"The role with name {name} cannot be found.")
        role = self.roles[name]
        return {
            "Role": {
                "Path": "/",
                "RoleName": name,
                "RoleId": "AROA0000000000000000",
                "Arn": role["Arn"],
                "CreateDate": CREATED,
                "AssumeRolePolicyDocument": json.dumps(role["Trust"]),
            }
        }

    def _policy(self, given: Fields) -> Fields:
        if given["PolicyArn"] not in self.policies:
            raise refused("NoSuchEntity", "Policy was not found.")
        return {"Policy": {"Arn": given["PolicyArn"]}}

    def _parameter(self, given: Fields) -> Fields:
        assert given["Name"] == "/cdk-bootstrap/hnb659fds/version"
        if self.version is None:
            raise refused("ParameterNotFound")
        return {"Parameter": {"Name": given["Name"], "Value": self.version}}

    def _key(self, given: Fields) -> Fields:
        if given["KeyId"] not in self.keys:
            raise refused("NotFoundException", f"Key '{given['KeyId']}' does not exist")
        return {"KeyMetadata": self.keys[given["KeyId"]]}

    def _key_policy(self, given: Fields) -> Fields:
        return {"Policy": json.dumps(self.key_policies[given["KeyId"]])}

    def _secret(self, given: Fields) -> Fields:
        if given["SecretId"] not in self.secrets:
            raise refused("ResourceNotFoundException", "Secrets Manager can't find it.")
        return self.secrets[given["SecretId"]]

    def _quotas(self, given: Fields) -> Fields:
        listed = [
            {
                "QuotaCode": f"L-{name}",
                "QuotaName": f"{name} for notebook instance usage",
                "Value": x,
            }
            for name, x in self.type_quotas.items()
        ]
        start = int(given.get("NextToken", 0))
        end = start + min(given["MaxResults"], self.quotas_per_page)
        more = {"NextToken": str(end)} if end < len(listed) else {}
        return {"Quotas": listed[start:end], **more}

    def _stack(self, given: Fields) -> Fields:
        name = given["StackName"]
        if name not in self.statuses:
            raise refused("ValidationError", f"Stack with id {name} does not exist")
        status = self.statuses[name]
        return {"Stacks": [{"StackName": name, "CreationTime": CREATED, "StackStatus": status}]}

    def _template(self, given: Fields) -> Fields:
        return {"TemplateBody": self.templates.get(given["StackName"], {"Resources": {}})}

    def _lifecycles(self, _: Fields) -> Fields:
        listed = [{**_LIFECYCLE, "NotebookInstanceLifecycleConfigName": x} for x in self.lifecycles]
        return {"NotebookInstanceLifecycleConfigs": listed}


def template(
    notebooks: Mapping[str, str] | None = None, lifecycles: Mapping[str, str] | None = None
) -> Fields:
    """A template of notebooks and lifecycle configurations with these names, by logical id."""
    kind, short = "AWS::SageMaker::NotebookInstance", "NotebookInstanceName"
    found = {
        key: {"Type": kind, "Properties": {short: name}} for key, name in (notebooks or {}).items()
    }
    kind, short = f"{kind}LifecycleConfig", "NotebookInstanceLifecycleConfigName"
    found |= {
        key: {"Type": kind, "Properties": {short: x}} for key, x in (lifecycles or {}).items()
    }
    return {"Resources": found}


def said(line: Line) -> str:
    """All words of a line."""
    return "; ".join([line.what, *line.commands, line.advice])


_KEY: Fields = {
    "KeyId": KEY.rpartition("/")[2],
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyState": "Enabled",
}
_LIFECYCLE = {"NotebookInstanceLifecycleConfigArn": "arn"}
