"""What can go wrong with a stack of notebooks, and what is left of the notebooks and files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import (
    LIFECYCLE_TYPE,
    NOTEBOOK_TYPE,
    ROLE,
    Stack,
    notebook,
    resource,
    running_aws,
    script,
    settled,
)

pytestmark = pytest.mark.sandbox

LIFECYCLE = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance-lifecycle-config"
# Appends to a file of the volume at every start.
COUNT = "echo started >> SageMaker/starts"
RETAIN = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("faults"), hook_seconds=5) as running:
        yield running


def template(name: str, text: str = COUNT, **properties: Any) -> dict[str, Any]:
    """A notebook of that name that is kept, and its start script."""
    lifecycle = {"Fn::GetAtt": ["Script", "NotebookInstanceLifecycleConfigName"]}
    given = notebook(NotebookInstanceName=name, LifecycleConfigName=lifecycle, **properties)
    return {
        "Script": resource(LIFECYCLE_TYPE, {"OnStart": [{"Content": script(text)}]}),
        "Book": resource(NOTEBOOK_TYPE, given, **RETAIN),
    }


def volume(aws: RunningAws, name: str) -> Path:
    return aws.state / "notebooks" / name / "SageMaker"


def starts(aws: RunningAws, name: str) -> int:
    return len((volume(aws, name) / "starts").read_text().split())


def is_gone(aws: RunningAws, name: str) -> bool:
    try:
        aws.client("sagemaker").describe_notebook_instance(NotebookInstanceName=name)
    except ClientError as error:
        return "RecordNotFound" in str(error)
    return False


def make_by_hand(aws: RunningAws, name: str) -> str:
    made = aws.client("sagemaker").create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE
    )
    settled(aws, name)
    return str(made["NotebookInstanceArn"])


def test_a_name_that_a_notebook_has_is_refused(aws: RunningAws, stack: Stack) -> None:
    arn = make_by_hand(aws, "taken")

    assert stack.create(template("Taken")) == "ROLLBACK_COMPLETE"
    assert f"Cannot create a duplicate Notebook Instance ({arn})" in stack.reasons()
    assert settled(aws, "taken")["NotebookInstanceStatus"] == "InService"


def test_a_name_that_a_lifecycle_configuration_has_is_refused(
    aws: RunningAws, stack: Stack
) -> None:
    named = {"Script": resource(LIFECYCLE_TYPE, {"NotebookInstanceLifecycleConfigName": "Same"})}
    Stack(aws, "first-of-two").create(named)

    assert stack.create(named) == "ROLLBACK_COMPLETE"
    assert (
        f"Unable to create Notebook Instance Lifecycle Config {LIFECYCLE}/same. "
        "(Details: Notebook Instance Lifecycle Config already exists.)"
    ) in stack.reasons()


def test_a_refused_replacement_leaves_the_others_of_the_update_as_they_were(
    aws: RunningAws, stack: Stack
) -> None:
    before = template("kept-name", SubnetId="subnet-1")
    stack.create(before)
    after = template("kept-name", f"{COUNT} # new", SubnetId="subnet-2")
    assert stack.update(after) == "UPDATE_ROLLBACK_COMPLETE"

    assert "Rename kept-name and update the stack again." in stack.reasons()
    assert starts(aws, "kept-name") == 1
    name = stack.physical_id("Script").rpartition("/")[2]
    found = aws.client("sagemaker").describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name
    )
    assert found["OnStart"] == before["Script"]["Properties"]["OnStart"]


def test_a_replacement_whose_script_fails_never_stops_the_old_notebook(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template("old", SubnetId="subnet-1"))
    (volume(aws, "old") / "work.ipynb").write_text("work")
    failing = template("new", "exit 1", SubnetId="subnet-2")
    assert stack.update(failing) == "UPDATE_ROLLBACK_COMPLETE"

    assert "took longer than 5 minutes" in stack.reasons()
    assert stack.physical_id("Book").endswith("/old")
    assert settled(aws, "old")["NotebookInstanceStatus"] == "InService"
    assert starts(aws, "old") == 1
    assert (volume(aws, "old") / "work.ipynb").read_text() == "work"
    assert is_gone(aws, "new")


def test_a_replaced_notebook_that_is_kept_keeps_its_files_and_runs_on(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template("before", SubnetId="subnet-1"))
    (volume(aws, "before") / "work.ipynb").write_text("work")
    assert stack.update(template("after", SubnetId="subnet-2")) == "UPDATE_COMPLETE"

    assert stack.physical_id("Book").endswith("/after")
    assert settled(aws, "before")["NotebookInstanceStatus"] == "InService"
    assert (volume(aws, "before") / "work.ipynb").read_text() == "work"
    assert not (volume(aws, "after") / "work.ipynb").exists()


def test_a_deleted_stack_leaves_a_kept_notebook_in_service(aws: RunningAws, stack: Stack) -> None:
    kept = template("stays")
    # SageMaker refuses to delete a lifecycle configuration that a notebook names.
    kept["Script"] |= RETAIN
    stack.create(kept)
    (volume(aws, "stays") / "work.ipynb").write_text("work")
    assert stack.delete() == "DELETE_COMPLETE"

    assert settled(aws, "stays")["NotebookInstanceStatus"] == "InService"
    assert (volume(aws, "stays") / "work.ipynb").read_text() == "work"


def test_a_notebook_kept_except_on_create_goes_with_a_failed_create(
    aws: RunningAws, stack: Stack
) -> None:
    assert stack.create(template("never", "exit 1")) == "ROLLBACK_COMPLETE"

    assert is_gone(aws, "never")
    assert not volume(aws, "never").exists()


def test_a_volume_grows_in_place_and_does_not_shrink(aws: RunningAws, stack: Stack) -> None:
    stack.create(template("grows", VolumeSizeInGB=10))
    (volume(aws, "grows") / "work.ipynb").write_text("work")
    assert stack.update(template("grows", VolumeSizeInGB=20)) == "UPDATE_COMPLETE"
    assert settled(aws, "grows")["VolumeSizeInGB"] == 20

    assert stack.update(template("grows", VolumeSizeInGB=10)) == "UPDATE_ROLLBACK_COMPLETE"
    assert settled(aws, "grows")["VolumeSizeInGB"] == 20
    assert (volume(aws, "grows") / "work.ipynb").read_text() == "work"


def test_a_notebook_in_service_is_not_updated(aws: RunningAws) -> None:
    arn = make_by_hand(aws, "busy")
    update = aws.client("sagemaker").update_notebook_instance

    with pytest.raises(ClientError) as refused:
        update(NotebookInstanceName="busy", VolumeSizeInGB=20)
    assert refused.value.response["Error"]["Message"] == (
        "Status (InService) not in ([Stopped, Failed]). "
        f"Unable to transition to (Updating) for Notebook Instance ({arn})"
    )


def test_more_than_200_outputs_are_refused(aws: RunningAws) -> None:
    outputs = {f"O{number}": {"Value": "x"} for number in range(201)}
    body = json.dumps({"Resources": template("chatty"), "Outputs": outputs})

    with pytest.raises(ClientError, match="Number of outputs, 201, is greater than maximum"):
        aws.client("cloudformation").create_stack(StackName="chatty", TemplateBody=body)


def test_a_protected_stack_is_not_deleted_until_it_is_not_protected(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template("guarded"), EnableTerminationProtection=True)
    client = aws.client("cloudformation")
    [found] = client.describe_stacks(StackName=stack.name)["Stacks"]
    assert found["EnableTerminationProtection"] is True

    with pytest.raises(
        ClientError, match=r"Stack \[.*\] cannot be deleted while TerminationProtection is enabled"
    ):
        client.delete_stack(StackName=stack.name)
    assert settled(aws, "guarded")["NotebookInstanceStatus"] == "InService"

    client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    client.delete_stack(StackName=stack.name)


def fail(aws: RunningAws, name: str) -> None:
    """Let a notebook's next start fail, as one does without capacity."""
    client = aws.client("sagemaker")
    config = settled(aws, name)["NotebookInstanceLifecycleConfigName"]
    client.update_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=config, OnStart=[{"Content": script("exit 1")}]
    )
    client.stop_notebook_instance(NotebookInstanceName=name)
    settled(aws, name)
    client.start_notebook_instance(NotebookInstanceName=name)
    assert settled(aws, name)["NotebookInstanceStatus"] == "Failed"


def test_a_failed_notebook_is_changed_and_started_by_the_update_that_mends_it(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template("mended"))
    fail(aws, "mended")

    mended = template("mended", f"{COUNT} # mended", InstanceType="ml.m5.xlarge")
    assert stack.update(mended) == "UPDATE_COMPLETE"
    found = settled(aws, "mended")
    assert (found["NotebookInstanceStatus"], found["InstanceType"]) == ("InService", "ml.m5.xlarge")


def test_an_update_that_does_not_mend_a_failed_notebook_fails_with_it(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template("unmended"))
    fail(aws, "unmended")

    stack.update(template("unmended", InstanceType="ml.m5.xlarge"))
    assert "took longer than 5 minutes" in stack.reasons()
    assert settled(aws, "unmended")["NotebookInstanceStatus"] == "Failed"


def test_a_stack_under_an_update_takes_no_other_operation(aws: RunningAws, stack: Stack) -> None:
    stack.create(template("busy-stack"))
    client, waits = aws.client("cloudformation"), "until [ -e SageMaker/go ]; do sleep 0.05; done"
    given = {"StackName": stack.name, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    update = given | {
        "TemplateBody": json.dumps(
            {"Resources": template("busy-stack", waits, InstanceType="ml.m5.xlarge")}
        )
    }
    arn = client.update_stack(**update)["StackId"]

    refused = f"Stack:{arn} is in UPDATE_IN_PROGRESS state and can not be updated."
    with pytest.raises(ClientError, match=re.escape(refused)):
        client.update_stack(**update)
    with pytest.raises(ClientError, match=re.escape(refused)):
        client.create_change_set(ChangeSetName="second", ChangeSetType="UPDATE", **update)
    kept = f"Stack [{arn}] cannot be deleted while in status UPDATE_IN_PROGRESS"
    with pytest.raises(ClientError, match=re.escape(kept)):
        client.delete_stack(StackName=stack.name)

    (volume(aws, "busy-stack") / "go").touch()
    assert stack.wait() == "UPDATE_COMPLETE"
