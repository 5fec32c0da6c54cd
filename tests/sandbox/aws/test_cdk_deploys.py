"""The real CDK command line against the sandbox's AWS."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws import RunningAws
from sandbox.environment import ACCOUNT, REGION
from tests.sandbox.aws.running_aws import running_aws

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(0.6)]

CDK = Path(__file__).parents[3] / "node_modules" / ".bin" / "cdk"

APP = """
import aws_cdk as cdk
from aws_cdk import aws_lambda, aws_sagemaker, custom_resources

app = cdk.App()
stack = cdk.Stack(app, "books", env=cdk.Environment(account="{account}", region="{region}"))
handler = aws_lambda.Function(
    stack, "Handler", runtime=aws_lambda.Runtime.PYTHON_3_13, handler="index.on_event",
    code=aws_lambda.Code.from_asset("{code}"),
)
provider = custom_resources.Provider(stack, "Provider", on_event_handler=handler)
found = cdk.CustomResource(stack, "Found", service_token=provider.service_token)
script = aws_sagemaker.CfnNotebookInstanceLifecycleConfig(
    stack, "Script",
    on_start=[aws_sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty(
        content=cdk.Fn.base64("echo " + found.get_att_string("LivyUrl") + " > SageMaker/livy"),
    )],
)
aws_sagemaker.CfnNotebookInstance(
    stack, "Book", instance_type="ml.t3.medium", role_arn="arn:aws:iam::{account}:role/notebook",
    notebook_instance_name="book",
    lifecycle_config_name=script.attr_notebook_instance_lifecycle_config_name,
)
app.synth()
"""

HANDLER = """
def on_event(event, context):
    return {"PhysicalResourceId": "found", "Data": {"LivyUrl": "http://127.0.5.1:8998"}}
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("cdk")) as running:
        yield running


def cdk(aws: RunningAws, directory: Path, *arguments: str) -> str:
    """Run the pinned CDK CLI in a directory; its output, or a failed test that shows it."""
    env = aws.env() | {"CDK_VALIDATION": "false", "CI": "true"}
    # Its caches stay with the test, and it asks nobody for notices.
    env |= {"CDK_HOME": str(directory), "CDK_DISABLE_CLI_TELEMETRY": "true"}
    done = subprocess.run(
        [str(CDK), "--no-notices", *arguments],
        cwd=directory,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def bootstrapped(aws: RunningAws, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How many seconds `cdk bootstrap` took."""
    started = time.monotonic()
    cdk(aws, tmp_path_factory.mktemp("empty"), "bootstrap", f"aws://{ACCOUNT}/{REGION}")
    return time.monotonic() - started


def test_bootstrap_succeeds_in_seconds(aws: RunningAws, bootstrapped: float) -> None:
    [stack] = aws.client("cloudformation").describe_stacks(StackName="CDKToolkit")["Stacks"]

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert bootstrapped < 60


@pytest.mark.usefixtures("bootstrapped")
def test_deploy_diff_and_destroy_a_notebook_with_its_custom_resource(
    aws: RunningAws, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "index.py").write_text(HANDLER)
    app = tmp_path / "app.py"
    app.write_text(APP.format(account=ACCOUNT, region=REGION, code=code))
    flags = ("--app", "python app.py")

    cdk(aws, tmp_path, "deploy", *flags, "--require-approval=never")
    written = aws.state / "notebooks" / "book" / "SageMaker" / "livy"
    assert written.read_text() == "http://127.0.5.1:8998\n"
    assert "There were no differences" in cdk(aws, tmp_path, "diff", *flags)

    app.write_text(app.read_text().replace('"book"', '"renamed"'))
    assert "replace" in cdk(aws, tmp_path, "diff", *flags)

    cdk(aws, tmp_path, "destroy", *flags, "--force")
    assert aws.client("sagemaker").list_notebook_instances()["NotebookInstances"] == []
