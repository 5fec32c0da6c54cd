"""A notebook uses AWS as its role and no more, and as far as its VPC leads."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.aws import RunningAws, start_aws
from sandbox.aws.ec2.vpc_endpoints import put_vpc_endpoints
from sandbox.tls import make_authority
from tests.sandbox.aws.running_aws import create_network, settled, wait_until

pytestmark = pytest.mark.sandbox

BUCKET = "shelf"
NOTEBOOKS = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance"
ALLOWED = [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/mine"},
    {
        "Effect": "Allow",
        "Action": "sagemaker:StopNotebookInstance",
        "Resource": f"{NOTEBOOKS}/talks-to-aws",
    },
]
USER = "runuser -u ec2-user -- env -i HOME=/home/ec2-user PATH=/usr/bin:/bin"
STOP = "aws sagemaker stop-notebook-instance --notebook-instance-name"


@dataclass
class Account:
    """An AWS with real instances, a role, a bucket and a private network."""

    aws: RunningAws
    vpc_id: str
    subnet_id: str
    group_id: str

    def start(self, name: str, script: str, **properties: Any) -> dict[str, Any]:
        """Start a notebook in the private subnet; what it is once that has ended."""
        sagemaker, content = self.aws.client("sagemaker"), base64.b64encode(script.encode())
        sagemaker.create_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=name, OnStart=[{"Content": content.decode()}]
        )
        given = {
            "NotebookInstanceName": name,
            "InstanceType": "ml.t3.medium",
            "RoleArn": "arn:aws:iam::111122223333:role/notebook",
            "LifecycleConfigName": name,
            "SubnetId": self.subnet_id,
            "SecurityGroupIds": [self.group_id],
            "DirectInternetAccess": "Disabled",
        }
        sagemaker.create_notebook_instance(**{**given, **properties})
        return settled(self.aws, name)

    def status(self, name: str) -> str:
        found = self.aws.client("sagemaker").describe_notebook_instance(NotebookInstanceName=name)
        return str(found["NotebookInstanceStatus"])

    def printed(self, name: str) -> str:
        """What the notebook's start script printed."""
        path = self.aws.state / "notebooks" / name / "logs" / "LifecycleConfigOnStart.log"
        return path.read_text()

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        """A role that the service may assume; its ARN."""
        iam = self.aws.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        if statements:
            iam.put_role_policy(
                RoleName=name, PolicyName="own", PolicyDocument=_policy(*statements)
            )
        return str(made["Role"]["Arn"])


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    place = tmp_path_factory.mktemp("instance")
    aws = start_aws(state=place / "aws", authority=make_authority(place / "tls"), lab=False)
    try:
        found = Account(aws, *create_network(aws))
        put_vpc_endpoints(
            aws, vpc_id=found.vpc_id, vpc_cidr="10.0.0.0/16", subnet_id=found.subnet_id
        )
        found.role("notebook", "sagemaker.amazonaws.com", *ALLOWED)
        s3 = aws.client("s3")
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        for key in ("mine", "others"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"0123")
        yield found
    finally:
        aws.stop()


def test_root_ec2_user_and_a_login_shell_read_what_the_role_may_read(account: Account) -> None:
    copy = f"aws s3 cp s3://{BUCKET}/mine -"
    script = f"#!/bin/bash\n{copy}\n{USER} {copy}\nrunuser -l ec2-user -c '{copy}'\n"

    account.start("reads", script)

    assert account.printed("reads") == "012301230123"


def test_what_the_role_may_not_is_denied_and_named(account: Account) -> None:
    account.start("asks", f"#!/bin/bash\naws s3 cp s3://{BUCKET}/others -\nexit 0")

    assert "403" in account.printed("asks")


def test_a_role_that_sagemaker_may_not_assume_gives_no_credentials(account: Account) -> None:
    role = account.role("function", "lambda.amazonaws.com", *ALLOWED)
    script = f"#!/bin/bash\naws s3 cp s3://{BUCKET}/mine -\nexit 0"

    account.start("no-keys", script, RoleArn=role)

    assert "403" in account.printed("no-keys")


def test_no_other_user_of_the_machine_reads_a_notebooks_credentials(account: Account) -> None:
    configs = list((account.aws.state / "lifecycle").glob("*/aws/config"))

    assert configs
    assert {path.stat().st_mode & 0o777 for path in configs} == {0o600}


def test_a_notebook_stops_itself_and_no_other(account: Account) -> None:
    account.start("other", "#!/bin/bash\n")
    # In the background: as long as the script runs, nothing stops the instance.
    script = f"""#!/bin/bash
{USER} {STOP} other
setsid sh -c 'until {USER} {STOP} Talks-To-AWS; do sleep 0.2; done' >/dev/null 2>&1 &
"""

    account.start("Talks-To-AWS", script)

    wait_until(lambda: account.status("Talks-To-AWS") == "Stopped")
    assert account.status("other") == "InService"
    assert "not authorized to perform: sagemaker:StopNotebookInstance" in account.printed(
        "Talks-To-AWS"
    )
