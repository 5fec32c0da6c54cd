"""A template written for another account, deployed without the CDK: by boto3 and the AWS CLI."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from sandbox.aws.ec2.seed import put_network
from sandbox.aws.emr.seed import put_cluster
from sandbox.environment import REGION
from tests.conftest import STAGE
from tests.end_to_end import stack_state
from tests.end_to_end.checkouts import Checkout
from tests.end_to_end.pasted_commands import paste
from tests.end_to_end.released_aws_cli import put_aws_cli
from tests.end_to_end.resolver_world import BECAUSE, PRIMARY_GROUP, START_SCRIPT, running
from tests.sandbox.aws.running_aws import Stack, running_aws, settled

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(1)]

STACK, BUCKET, NETWORK = "nightly-notebooks", "our-templates", STAGE["network"]
FIRST, SECOND = "j-FIRST001", "j-SECOND01"
WRITTEN_FOR = {
    **STAGE,
    "account": "444455556666",
    "region": "us-east-1",
    "network": {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_id": "subnet-0123456789abcdef0",
        "vpc_cidr": "172.16.0.0/16",
    },
    "clusters": {
        "analytics": {
            "id": "j-THEIRS001",
            "security_group_id": "sg-0123456789abcdef0",
            "ingress": "create",
            "wait_minutes": 0,
        }
    },
    "notebooks": {"alice": {"cluster": "analytics", "owner": "alice@example.com"}},
    "opt_outs": {"delete_volumes": BECAUSE},
}
OURS = {
    "CodeBucket": BUCKET,
    "VpcId": NETWORK["vpc_id"],
    "SubnetId": NETWORK["subnet_id"],
    "VpcCidr": NETWORK["vpc_cidr"],
    "PrimarySecurityGroupIdAnalytics": PRIMARY_GROUP,
    "ClusterIdAnalytics": FIRST,
}


@dataclass(frozen=True)
class Deployed:
    """The stack, and how it is deployed again."""

    aws: RunningAws
    stack: Stack
    folder: Path
    url: str
    cli: Path

    def options(self, **changes: str) -> dict[str, Any]:
        given = {**OURS, **changes}
        return {
            "TemplateURL": self.url,
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
            ],
        }

    def create(self, **changes: str) -> str:
        client = self.aws.client("cloudformation")
        client.create_stack(StackName=STACK, OnFailure="ROLLBACK", **self.options(**changes))
        return self.stack.wait()

    def update(self, **changes: str) -> str:
        client = self.aws.client("cloudformation")
        client.update_stack(StackName=STACK, **self.options(**changes))
        return self.stack.wait()

    def paste(self, *commands: str) -> str:
        """Run commands in the template's folder with the AWS CLI; then its change set."""
        env = self.aws.env()
        env["PATH"] = f"{self.cli}{os.pathsep}{env['PATH']}"
        paste(*commands, root=self.folder, env=env)
        client = self.aws.client("cloudformation")
        listed = client.list_change_sets(StackName=STACK)["Summaries"]
        [made] = [each for each in listed if each["ExecutionStatus"] == "AVAILABLE"]
        client.execute_change_set(ChangeSetName=made["ChangeSetId"])
        return self.stack.wait()

    def parameters(self) -> dict[str, str]:
        """The values that the stack has."""
        [found] = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}

    def restart(self) -> None:
        """Stop the notebook and start it: a running one keeps what its start script was told."""
        client, name = self.aws.client("sagemaker"), f"{STACK}-alice"
        client.stop_notebook_instance(NotebookInstanceName=name)
        assert settled(self.aws, name)["NotebookInstanceStatus"] == "Stopped"
        client.start_notebook_instance(NotebookInstanceName=name)
        assert settled(self.aws, name)["NotebookInstanceStatus"] == "InService"

    def started_with(self) -> list[str]:
        """The Livy addresses that the notebook's start script was told, one a start."""
        volume = self.aws.state / "notebooks" / f"{STACK}-alice" / "SageMaker"
        return (volume / "livy").read_text().splitlines()

    def notebook(self) -> dict[str, Any]:
        client = self.aws.client("sagemaker")
        found: dict[str, Any] = client.describe_notebook_instance(
            NotebookInstanceName=f"{STACK}-alice"
        )
        return found


def written(directory: Path) -> Path:
    """What the command writes for the stage of the other account, in a copy of the project."""
    checkout = Checkout(directory).root
    (checkout / "assets/notebook/on_start.sh").write_text(START_SCRIPT)
    (checkout / "config/theirs.yaml").write_text(yaml.safe_dump(WRITTEN_FOR))
    subprocess.run(
        [sys.executable, "-m", "emr_notebook.plain_template", "--stage", "theirs"],
        cwd=checkout,
        check=True,
    )
    return checkout / "template/theirs"


def upload(aws: RunningAws, folder: Path) -> str:
    """The template's address, after the zips lie where it looks for them."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for path in (folder / "code").iterdir():
        s3.upload_file(str(path), BUCKET, f"emr-notebook/{path.name}")
    s3.upload_file(str(folder / "emr-notebooks-test.template.json"), BUCKET, "template.json")
    return f"{aws.endpoint}/{BUCKET}/template.json"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    directory = tmp_path_factory.mktemp("plain")
    with running_aws(directory) as aws:
        put_network(
            aws.state,
            vpc_id=NETWORK["vpc_id"],
            vpc_cidr=NETWORK["vpc_cidr"],
            subnet_id=NETWORK["subnet_id"],
            group_ids=[PRIMARY_GROUP],
        )
        put_cluster(aws, running(FIRST, "10.0.1.10"))
        put_cluster(aws, running(SECOND, "10.0.1.20"))
        folder = written(directory)
        cli = put_aws_cli(directory / "tools")
        found = Deployed(aws, Stack(aws, STACK), folder, upload(aws, folder), cli)
        assert found.create() == "CREATE_COMPLETE", found.stack.reasons()
        yield found


def test_the_notebook_is_in_service_and_its_start_script_has_the_resolvers_answer(
    deployed: Deployed,
) -> None:
    state = stack_state.describe(deployed.aws.client("cloudformation"), STACK)

    assert deployed.notebook()["NotebookInstanceStatus"] == "InService"
    assert state.output("analytics", "LivyUrl") == "http://10.0.1.10:8998"
    assert deployed.started_with() == ["http://10.0.1.10:8998"]


def test_nothing_of_the_account_that_it_was_written_for_is_asked_for(deployed: Deployed) -> None:
    calls = json.dumps([each["parameters"] for each in deployed.aws.requests()])

    assert deployed.notebook()["SubnetId"] == NETWORK["subnet_id"]
    assert FIRST in calls
    assert [text for text in ("444455556666", "us-east-1", "j-THEIRS001") if text in calls] == []


def test_another_cluster_as_a_parameter_reaches_the_notebook(deployed: Deployed) -> None:
    created = deployed.notebook()["CreationTime"]

    assert deployed.update(ClusterIdAnalytics=SECOND) == "UPDATE_COMPLETE", deployed.stack.reasons()

    deployed.restart()
    assert deployed.started_with()[-1] == "http://10.0.1.20:8998"
    assert deployed.notebook()["CreationTime"] == created


def test_a_new_value_of_refresh_has_a_moved_cluster_looked_up(deployed: Deployed) -> None:
    put_cluster(deployed.aws, running(SECOND, "10.0.1.30"))

    moved = deployed.update(ClusterIdAnalytics=SECOND, Refresh="1")

    assert moved == "UPDATE_COMPLETE", deployed.stack.reasons()
    deployed.restart()
    assert deployed.started_with()[-1] == "http://10.0.1.30:8998"


def test_the_cli_keeps_the_value_of_a_parameter_that_it_is_not_given(deployed: Deployed) -> None:
    before = deployed.parameters()

    status = deployed.paste(
        f"aws cloudformation deploy --stack-name {STACK} --s3-bucket {BUCKET} "
        "--template-file emr-notebooks-test.template.json --capabilities CAPABILITY_IAM "
        "--parameter-overrides Refresh=2"
    )

    assert status == "UPDATE_COMPLETE", deployed.stack.reasons()
    # Not the defaults of the template, which are the other account's.
    assert deployed.parameters() == before | {"Refresh": "2"}


def test_the_guides_commands_give_every_parameter_its_value_in_the_file(deployed: Deployed) -> None:
    page = (deployed.folder / "README.md").read_text().partition("## Terraform")[0]
    adapted = page.replace("us-east-1", REGION).replace("your-bucket", BUCKET)
    *before, edit, deploy = re.findall(
        r"```sh\n(.*?)```",
        adapted.replace("--stack-name emr-notebooks-test", f"--stack-name {STACK}"),
        re.DOTALL,
    )
    change = "; ".join(
        f's#{key}=[^"]*#{key}={value}#' for key, value in OURS.items() if key != "CodeBucket"
    )
    edited = f"sed -i '{change}' ../emr-notebooks-test.json"

    status = deployed.paste("\n".join([*before, edit, edited, deploy]))

    assert status == "UPDATE_COMPLETE", deployed.stack.reasons()
    # Those, too, which the file has and nobody edited.
    assert deployed.parameters() == OURS | {"Refresh": "", "CodePrefix": "emr-notebook/"}
    deployed.restart()
    assert deployed.started_with()[-1] == "http://10.0.1.10:8998"


def test_a_parameter_that_would_replace_the_notebook_is_refused_by_the_guard(
    deployed: Deployed,
) -> None:
    now = {"ClusterIdAnalytics": SECOND, "Refresh": "1"}

    status = deployed.update(SubnetId="subnet-0fffffffffffffff1", **now)

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "[notebook-replaced]" in deployed.stack.reasons()
    assert deployed.notebook()["SubnetId"] == NETWORK["subnet_id"]


def test_a_placeholder_of_the_parameters_file_is_refused_in_words(deployed: Deployed) -> None:
    with pytest.raises(ClientError, match="must be the name of an S3 bucket"):
        deployed.update(CodeBucket="REPLACE-WITH-YOUR-BUCKET")


def test_deleting_the_stack_leaves_nothing(deployed: Deployed) -> None:
    assert deployed.stack.delete() == "DELETE_COMPLETE"

    with pytest.raises(ClientError, match=r"RecordNotFound|not found|does not exist"):
        deployed.notebook()
