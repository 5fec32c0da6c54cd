"""Writes what an instance needs to use AWS as its role, as far as its network leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.aws.ec2.reachability import Interface
from sandbox.aws.iam.service_roles import may_assume, session_keys
from sandbox.aws.options import HOST, Options
from sandbox.environment import NOWHERE, REGION
from sandbox.files import write_private
from sandbox.notebook_host.filesystem import AWS_CA

# Not renewed: as long as a sandbox may be left up.
SESSION_SECONDS = 7 * 24 * 3600
SERVICE = "sagemaker.amazonaws.com"
# By the name that the AWS CLI knows a service by: the end of its endpoints' names.
SERVICES = {
    "cloudwatch_logs": "logs",
    "s3": "s3",
    "sagemaker": "sagemaker.api",
    "secrets_manager": "secretsmanager",
    "sts": "sts",
}


@dataclass(frozen=True)
class InstanceAws:
    """What the emulator's instances are told of it: by files that only their host reads."""

    options: Options

    def write(self, folder: Path, properties: Mapping[str, Any]) -> None:
        """Write `config`, of the AWS CLI's form, and `ca.pem` into the folder.

        A role that does not let SageMaker assume it gives no valid credentials. A service that the
        instance does not reach refuses its connections; on AWS they would not be answered.
        """
        folder.mkdir(parents=True, exist_ok=True)
        role_arn = str(properties.get("RoleArn", ""))
        lines = ["[default]", f"region = {REGION}", "services = reached"]
        lines.append(f"ca_bundle = {AWS_CA}")
        # Without any, the AWS CLI would ask the machine's own metadata service.
        keys = ("sandbox", "sandbox", "sandbox")
        if may_assume(role_arn, SERVICE, region=REGION):
            keys = session_keys(role_arn, "SageMaker", seconds=SESSION_SECONDS)
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        lines += [f"{name} = {key}" for name, key in zip(names, keys, strict=True)]
        endpoint = f"https://{HOST}:{self.options.port}"
        interface = _interface(properties)
        anywhere = interface is None or interface.reaches_internet()
        lines += [f"endpoint_url = {endpoint if anywhere else NOWHERE}", "", "[services reached]"]
        for name, service in SERVICES.items():
            reached = interface is None or interface.reaches(service)
            lines += [f"{name} =", f"  endpoint_url = {endpoint if reached else NOWHERE}"]
        write_private(folder / "config", ("\n".join(lines) + "\n").encode())
        (folder / "ca.pem").write_bytes(self.options.ca.read_bytes())


def _interface(properties: Mapping[str, Any]) -> Interface | None:
    """The notebook's own network interface; None when it uses SageMaker's network."""
    subnet_id = properties.get("SubnetId")
    if not subnet_id or properties.get("DirectInternetAccess") != "Disabled":
        return None
    return Interface(str(subnet_id), properties.get("SecurityGroupIds", []))
