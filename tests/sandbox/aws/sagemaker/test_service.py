"""SageMaker's API for notebook instances, as boto3 meets it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import ROLE, running_aws, script, settled, wait_until

pytestmark = pytest.mark.sandbox

ACCOUNT_ARN = "arn:aws:sagemaker:eu-west-1:111122223333"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("sagemaker"), hook_seconds=1.5) as running:
        yield running


@pytest.fixture
def sagemaker(aws: RunningAws) -> Any:
    return aws.client("sagemaker")


def unchecked_sagemaker(aws: RunningAws) -> Any:
    """A client that sends what boto3 itself would refuse to send, as other SDKs do."""
    return boto3.client(
        "sagemaker",
        "eu-west-1",
        endpoint_url=aws.endpoint,
        verify=str(aws.ca_pem),
        aws_access_key_id="111122223333",
        aws_secret_access_key="sandbox",
        config=Config(parameter_validation=False, proxies={}),
    )


def create(sagemaker: Any, name: str, **properties: Any) -> str:
    given = {"InstanceType": "ml.t3.medium", "RoleArn": ROLE, **properties}
    created = sagemaker.create_notebook_instance(NotebookInstanceName=name, **given)
    return str(created["NotebookInstanceArn"])


def create_lifecycle(sagemaker: Any, name: str, **hooks: str) -> str:
    contents = {hook: [{"Content": script(text)}] for hook, text in hooks.items()}
    created = sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name, **contents
    )
    return str(created["NotebookInstanceLifecycleConfigArn"])


def stop(aws: RunningAws, name: str) -> None:
    aws.client("sagemaker").stop_notebook_instance(NotebookInstanceName=name)
    assert settled(aws, name)["NotebookInstanceStatus"] == "Stopped"


def test_a_new_notebook_is_pending_and_then_in_service(aws: RunningAws, sagemaker: Any) -> None:
    create_lifecycle(sagemaker, "second", OnStart="sleep 1")
    create(sagemaker, "fresh", LifecycleConfigName="second")
    at_once = sagemaker.describe_notebook_instance(NotebookInstanceName="fresh")

    assert at_once["NotebookInstanceStatus"] == "Pending"
    assert settled(aws, "fresh")["NotebookInstanceStatus"] == "InService"


def test_its_arn_is_in_lower_case_and_its_name_as_given(aws: RunningAws, sagemaker: Any) -> None:
    arn = create(sagemaker, "MixedCase")

    assert arn == f"{ACCOUNT_ARN}:notebook-instance/mixedcase"
    assert settled(aws, "mixedCASE")["NotebookInstanceName"] == "MixedCase"


def test_the_presigned_url_opens_the_jupyterlab_that_runs(aws: RunningAws, sagemaker: Any) -> None:
    create(sagemaker, "opened")
    settled(aws, "opened")
    answer = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="opened")
    assert answer["AuthorizedUrl"] == "http://127.0.0.1:1/lab?token=opened"

    stop(aws, "opened")
    with pytest.raises(ClientError, match=r"Status \(Stopped\) not in \(\[InService\]\)"):
        sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="opened")


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        ("start_notebook_instance", "Unable to transition to (Pending)"),
        ("update_notebook_instance", "Unable to transition to (Updating)"),
        ("delete_notebook_instance", "Unable to transition to (Deleting)"),
    ],
)
def test_a_running_notebook_refuses_what_needs_it_stopped(
    aws: RunningAws, sagemaker: Any, operation: str, refused: str
) -> None:
    name = operation.replace("_", "-")
    arn = create(sagemaker, name)
    settled(aws, name)
    expected = f"Status (InService) not in ([Stopped, Failed]). {refused} for Notebook Instance"

    with pytest.raises(ClientError, match=re.escape(f"{expected} ({arn})")):
        getattr(sagemaker, operation)(NotebookInstanceName=name)


def test_a_stopped_notebook_cannot_be_stopped(aws: RunningAws, sagemaker: Any) -> None:
    create(sagemaker, "halted")
    settled(aws, "halted")
    stop(aws, "halted")

    with pytest.raises(ClientError, match=r"Status \(Stopped\) not in \(\[InService\]\)"):
        sagemaker.stop_notebook_instance(NotebookInstanceName="halted")


def test_a_name_is_taken_in_every_case_of_its_letters(sagemaker: Any) -> None:
    arn = create(sagemaker, "taken")

    with pytest.raises(ClientError, match=re.escape(f"duplicate Notebook Instance ({arn})")):
        create(sagemaker, "TAKEN")


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("under_score", "regular expression pattern"),
        ("-leading", "regular expression pattern"),
        ("n" * 64, "length less than or equal to 63"),
    ],
)
def test_a_name_outside_the_pattern_is_refused_in_awss_words(
    sagemaker: Any, name: str, constraint: str
) -> None:
    expected = f"Value '{name}' at 'notebookInstanceName' failed to satisfy constraint"

    with pytest.raises(ClientError, match=f"{expected}.*{constraint}"):
        create(sagemaker, name)


def test_a_volume_is_5_to_16384_gb_and_never_shrinks(aws: RunningAws, sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="greater than or equal to 5"):
        create(unchecked_sagemaker(aws), "small", VolumeSizeInGB=4)
    with pytest.raises(ClientError, match="less than or equal to 16384"):
        create(sagemaker, "large", VolumeSizeInGB=16385)

    create(sagemaker, "grown", VolumeSizeInGB=20)
    settled(aws, "grown")
    stop(aws, "grown")
    with pytest.raises(ClientError, match="can only grow: it is 20, and 19 was given"):
        sagemaker.update_notebook_instance(NotebookInstanceName="grown", VolumeSizeInGB=19)
    sagemaker.update_notebook_instance(NotebookInstanceName="grown", VolumeSizeInGB=21)
    assert settled(aws, "grown")["VolumeSizeInGB"] == 21


def test_private_notebooks_need_a_subnet(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="Disabled only when SubnetId is given"):
        create(sagemaker, "private", DirectInternetAccess="Disabled")


def test_an_amazon_linux_2_notebook_can_no_longer_be_made(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="notebook-al2-v3 is no longer supported"):
        create(sagemaker, "old", PlatformIdentifier="notebook-al2-v3")


def test_an_unknown_notebook_is_not_found(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="RecordNotFound"):
        sagemaker.describe_notebook_instance(NotebookInstanceName="nobody")


def test_an_unknown_lifecycle_configuration_is_refused(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match=r"lifecycle-config/nothing'.*does not exist"):
        create(sagemaker, "alone", LifecycleConfigName="nothing")


def test_a_lifecycle_configuration_in_use_cannot_be_deleted(
    aws: RunningAws, sagemaker: Any
) -> None:
    create_lifecycle(sagemaker, "shared", OnStart="true")
    arn = create(sagemaker, "user", LifecycleConfigName="shared")
    settled(aws, "user")
    delete = sagemaker.delete_notebook_instance_lifecycle_config
    with pytest.raises(ClientError, match=f"in use by {re.escape(arn)}"):
        delete(NotebookInstanceLifecycleConfigName="shared")

    stop(aws, "user")
    sagemaker.update_notebook_instance(
        NotebookInstanceName="user", DisassociateLifecycleConfig=True
    )
    settled(aws, "user")
    delete(NotebookInstanceLifecycleConfigName="shared")
    with pytest.raises(ClientError, match=r"Unable to delete.*does not exist"):
        delete(NotebookInstanceLifecycleConfigName="shared")


def test_on_create_runs_once_and_on_start_at_every_start(aws: RunningAws, sagemaker: Any) -> None:
    create_lifecycle(
        sagemaker, "counting", OnCreate="echo c >> SageMaker/n", OnStart="echo s >> SageMaker/n"
    )
    create(sagemaker, "counted", LifecycleConfigName="counting")
    settled(aws, "counted")
    stop(aws, "counted")
    sagemaker.start_notebook_instance(NotebookInstanceName="counted")
    assert settled(aws, "counted")["NotebookInstanceStatus"] == "InService"

    volume = aws.state / "notebooks" / "counted" / "SageMaker"
    assert (volume / "n").read_text().split() == ["c", "s", "s"]


def test_a_changed_script_runs_at_the_next_start(aws: RunningAws, sagemaker: Any) -> None:
    create_lifecycle(sagemaker, "changing", OnStart="echo old >> SageMaker/n")
    create(sagemaker, "changed", LifecycleConfigName="changing")
    settled(aws, "changed")
    sagemaker.update_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="changing",
        OnStart=[{"Content": script("echo new >> SageMaker/n")}],
    )
    stop(aws, "changed")
    sagemaker.start_notebook_instance(NotebookInstanceName="changed")
    settled(aws, "changed")

    volume = aws.state / "notebooks" / "changed" / "SageMaker"
    assert (volume / "n").read_text().split() == ["old", "new"]


@pytest.mark.parametrize(("name", "text"), [("dead", "echo why; exit 3"), ("slow", "sleep 9")])
def test_a_failed_script_is_reported_in_awss_fixed_words(
    aws: RunningAws, sagemaker: Any, name: str, text: str
) -> None:
    lifecycle_arn = create_lifecycle(sagemaker, name, OnStart=text)
    arn = create(sagemaker, name, LifecycleConfigName=name)
    found = settled(aws, name)

    assert found["NotebookInstanceStatus"] == "Failed"
    assert found["FailureReason"] == (
        f"Notebook Instance Lifecycle Config '{lifecycle_arn}' for Notebook Instance '{arn}' took "
        "longer than 5 minutes. Please check your CloudWatch logs for more details if your "
        "Notebook Instance has Internet access."
    )


def test_what_a_script_printed_is_in_cloudwatch_logs(aws: RunningAws, sagemaker: Any) -> None:
    create_lifecycle(sagemaker, "loud", OnStart="echo one; echo two >&2; exit 1")
    create(sagemaker, "printing", LifecycleConfigName="loud")
    settled(aws, "printing")

    events = aws.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/NotebookInstances",
        logStreamName="printing/LifecycleConfigOnStart",
    )["events"]
    assert [event["message"] for event in events] == ["one", "two"]


def test_a_failed_notebook_starts_once_its_script_is_mended(
    aws: RunningAws, sagemaker: Any
) -> None:
    create_lifecycle(sagemaker, "broken", OnStart="exit 1")
    create(sagemaker, "mended", LifecycleConfigName="broken")
    assert settled(aws, "mended")["NotebookInstanceStatus"] == "Failed"

    sagemaker.update_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="broken", OnStart=[{"Content": script("true")}]
    )
    sagemaker.start_notebook_instance(NotebookInstanceName="mended")
    found = settled(aws, "mended")
    assert found["NotebookInstanceStatus"] == "InService"
    assert "FailureReason" not in found


def test_a_machine_that_dies_leaves_a_failed_notebook(aws: RunningAws, sagemaker: Any) -> None:
    create_lifecycle(sagemaker, "deadly", OnStart='kill -9 "$PPID"')
    create(sagemaker, "killed", LifecycleConfigName="deadly")

    found = settled(aws, "killed")
    assert found["NotebookInstanceStatus"] == "Failed"
    assert found["FailureReason"] == "The notebook's host ended with status -9."


def test_a_deleted_notebook_is_gone_with_its_volume(aws: RunningAws, sagemaker: Any) -> None:
    create(sagemaker, "doomed")
    settled(aws, "doomed")
    stop(aws, "doomed")
    volume = aws.state / "notebooks" / "doomed"
    assert volume.is_dir()
    sagemaker.delete_notebook_instance(NotebookInstanceName="doomed")

    def is_gone() -> bool:
        listed = sagemaker.list_notebook_instances(NameContains="doomed")["NotebookInstances"]
        return not listed

    wait_until(is_gone)
    assert not volume.exists()


def test_tags_are_added_listed_and_removed(sagemaker: Any) -> None:
    arn = create(sagemaker, "tagged", Tags=[{"Key": "owner", "Value": "alice"}])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "risk"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["owner"])

    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "risk"}]
    with pytest.raises(ClientError, match="may not start with aws:"):
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "aws:mine", "Value": "x"}])


def test_lists_come_in_pages_by_name(sagemaker: Any) -> None:
    for number in range(3):
        create_lifecycle(sagemaker, f"paged-{number}", OnStart="true")
    pages = sagemaker.get_paginator("list_notebook_instance_lifecycle_configs").paginate(
        NameContains="paged-", PaginationConfig={"PageSize": 2}
    )
    names = [
        [c["NotebookInstanceLifecycleConfigName"] for c in p["NotebookInstanceLifecycleConfigs"]]
        for p in pages
    ]
    assert names == [["paged-0", "paged-1"], ["paged-2"]]


def test_a_script_that_is_not_base64_is_refused(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="must be base64-encoded"):
        sagemaker.create_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName="plain", OnStart=[{"Content": "#!/bin/bash"}]
        )


def test_a_script_over_16384_characters_is_refused(sagemaker: Any) -> None:
    with pytest.raises(ClientError, match="length less than or equal to 16384"):
        create_lifecycle(sagemaker, "long", OnStart="#" * 12_289)


def test_notebooks_leave_nothing_behind_when_aws_stops(tmp_path: Path) -> None:
    with running_aws(tmp_path) as aws:
        create(aws.client("sagemaker"), "left")
        settled(aws, "left")
        assert _hosts_under(tmp_path)

    assert not _hosts_under(tmp_path)


def _hosts_under(directory: Path) -> list[str]:
    """The command lines of processes that name the directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(directory) in command:
            found.append(command)
    return found
