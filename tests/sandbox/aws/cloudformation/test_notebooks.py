"""The two SageMaker types in CloudFormation: made, changed, replaced, rolled back, retained."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import (
    LIFECYCLE_TYPE,
    NOTEBOOK_TYPE,
    Stack,
    create_network,
    notebook,
    resource,
    running_aws,
    script,
    settled,
)

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("cloudformation"), hook_seconds=5) as running:
        yield running


def template(text: str = "true", **properties: Any) -> dict[str, Any]:
    """A notebook with a lifecycle configuration that runs `text` at every start."""
    return {
        "Script": resource(LIFECYCLE_TYPE, {"OnStart": [{"Content": script(text)}]}),
        "Book": resource(NOTEBOOK_TYPE, notebook(**{**lifecycle_of("Script"), **properties})),
    }


def lifecycle_of(logical_id: str) -> dict[str, Any]:
    name = {"Fn::GetAtt": [logical_id, "NotebookInstanceLifecycleConfigName"]}
    return {"LifecycleConfigName": name}


def name_of(stack: Stack, logical_id: str = "Book") -> str:
    return stack.physical_id(logical_id).rpartition("/")[2]


def starts(aws: RunningAws, stack: Stack) -> int:
    """How often the notebook's script has run, by what it appends to the volume."""
    path = aws.state / "notebooks" / _described(aws, stack)["NotebookInstanceName"]
    return len((path / "SageMaker" / "n").read_text().split())


COUNT = "echo x >> SageMaker/n"


def _described(aws: RunningAws, stack: Stack) -> dict[str, Any]:
    client = aws.client("sagemaker")
    found: dict[str, Any] = client.describe_notebook_instance(NotebookInstanceName=name_of(stack))
    return found


def test_a_created_notebook_is_in_service_and_its_ref_is_its_arn(
    aws: RunningAws, stack: Stack
) -> None:
    assert stack.create(template()) == "CREATE_COMPLETE"

    found = _described(aws, stack)
    assert found["NotebookInstanceStatus"] == "InService"
    assert stack.physical_id("Book") == found["NotebookInstanceArn"]


def test_a_generated_name_tells_stack_and_resource_and_fits(aws: RunningAws, stack: Stack) -> None:
    stack.create(template())

    name = _described(aws, stack)["NotebookInstanceName"]
    assert name.startswith(stack.name[:40])
    assert len(name) <= 63


def test_getatt_gives_both_names(aws: RunningAws, stack: Stack) -> None:
    parameter = resource(
        "AWS::SSM::Parameter",
        {"Type": "String", "Value": {"Fn::GetAtt": ["Book", "NotebookInstanceName"]}},
    )
    stack.create({**template(NotebookInstanceName="known"), "Parameter": parameter})

    stored = aws.client("ssm").get_parameter(Name=stack.physical_id("Parameter"))
    assert stored["Parameter"]["Value"] == "known"


def test_a_script_that_fails_fails_the_create_and_leaves_nothing(
    aws: RunningAws, stack: Stack
) -> None:
    assert stack.create(template("exit 1", NotebookInstanceName="gone")) == "ROLLBACK_COMPLETE"

    assert "took longer than 5 minutes" in stack.reasons()
    with pytest.raises(ClientError, match="RecordNotFound"):
        aws.client("sagemaker").describe_notebook_instance(NotebookInstanceName="gone")


def test_a_retained_notebook_that_failed_stays_and_takes_its_name(
    aws: RunningAws, stack: Stack
) -> None:
    failing = template("exit 1", NotebookInstanceName="kept")
    failing["Book"]["DeletionPolicy"] = "Retain"
    stack.create(failing)

    assert settled(aws, "kept")["NotebookInstanceStatus"] == "Failed"
    assert "DELETE_SKIPPED" in stack.events("Book")


def test_stack_tags_reach_the_notebook(aws: RunningAws, stack: Stack) -> None:
    own = [{"Key": "owner", "Value": "alice"}]
    stack.create(template(Tags=own), Tags=[{"Key": "cost-center", "Value": "42"}])

    tags = aws.client("sagemaker").list_tags(ResourceArn=stack.physical_id("Book"))["Tags"]
    found = {tag["Key"]: tag["Value"] for tag in tags}
    assert found["owner"] == "alice"
    assert found["cost-center"] == "42"
    assert found["aws:cloudformation:logical-id"] == "Book"


def test_a_change_in_place_stops_and_starts_the_same_notebook(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template(COUNT))
    before = stack.physical_id("Book")
    assert stack.update(template(COUNT, InstanceType="ml.m5.xlarge")) == "UPDATE_COMPLETE"

    assert stack.physical_id("Book") == before
    assert starts(aws, stack) == 2
    found = _described(aws, stack)
    assert found["InstanceType"] == "ml.m5.xlarge"
    assert found["NotebookInstanceStatus"] == "InService"


def test_a_notebook_its_owner_stopped_stays_stopped(aws: RunningAws, stack: Stack) -> None:
    stack.create(template())
    aws.client("sagemaker").stop_notebook_instance(NotebookInstanceName=name_of(stack))
    settled(aws, name_of(stack))
    stack.update(template(InstanceType="ml.m5.xlarge"))

    assert _described(aws, stack)["NotebookInstanceStatus"] == "Stopped"


def test_new_tags_alone_do_not_restart_the_notebook(aws: RunningAws, stack: Stack) -> None:
    stack.create(template(COUNT, Tags=[{"Key": "owner", "Value": "alice"}]))
    stack.update(template(COUNT, Tags=[{"Key": "owner", "Value": "bob"}]))

    assert starts(aws, stack) == 1
    tags = aws.client("sagemaker").list_tags(ResourceArn=stack.physical_id("Book"))["Tags"]
    assert {"Key": "owner", "Value": "bob"} in tags


def test_a_new_script_changes_in_place_and_restarts_nothing(aws: RunningAws, stack: Stack) -> None:
    stack.create(template(COUNT))
    before = stack.physical_id("Script")
    assert stack.update(template(f"{COUNT} # again")) == "UPDATE_COMPLETE"

    assert stack.physical_id("Script") == before
    assert starts(aws, stack) == 1


def test_a_taken_away_lifecycle_configuration_is_disassociated(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template())
    assert stack.update({"Book": resource(NOTEBOOK_TYPE, notebook())}) == "UPDATE_COMPLETE"

    assert "NotebookInstanceLifecycleConfigName" not in _described(aws, stack)


@pytest.mark.parametrize(
    "changed",
    [
        {"SubnetId": "subnet-2"},
        {"SubnetId": "subnet-1", "SecurityGroupIds": ["sg-2"]},
        {"SubnetId": "subnet-1", "KmsKeyId": "key-2"},
        {"SubnetId": "subnet-1", "DirectInternetAccess": "Disabled"},
        {"SubnetId": "subnet-1", "NotebookInstanceName": "renamed"},
    ],
)
def test_what_is_fixed_at_birth_replaces_the_notebook_and_its_volume(
    aws: RunningAws, changed: dict[str, Any]
) -> None:
    stack = Stack(aws, f"replaced-{'-'.join(changed)}")
    stack.create(template(SubnetId="subnet-1"))
    before = stack.physical_id("Book")
    assert stack.update(template(**changed)) == "UPDATE_COMPLETE"

    assert stack.physical_id("Book") != before
    with pytest.raises(ClientError, match="RecordNotFound"):
        aws.client("sagemaker").describe_notebook_instance(
            NotebookInstanceName=before.rpartition("/")[2]
        )


def test_a_replaced_notebook_is_kept_where_the_template_says_retain(
    aws: RunningAws, stack: Stack
) -> None:
    def retained(**properties: Any) -> dict[str, Any]:
        book = resource(NOTEBOOK_TYPE, notebook(**properties), UpdateReplacePolicy="Retain")
        return {"Book": book}

    stack.create(retained(SubnetId="subnet-1"))
    before = name_of(stack)
    stack.update(retained(SubnetId="subnet-2"))

    assert name_of(stack) != before
    assert settled(aws, before)["NotebookInstanceStatus"] == "InService"


def test_a_replacement_under_a_fixed_name_is_refused_and_rolls_back(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create(template(COUNT, NotebookInstanceName="Fixed", SubnetId="subnet-1"))
    after = template(COUNT, NotebookInstanceName="Fixed", SubnetId="subnet-2")
    assert stack.update(after) == "UPDATE_ROLLBACK_COMPLETE"

    assert (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename Fixed and update the stack again."
    ) in stack.reasons()
    found = settled(aws, "Fixed")
    assert found["SubnetId"] == "subnet-1"
    assert found["NotebookInstanceStatus"] == "InService"
    assert starts(aws, stack) == 1


def test_a_failed_update_rolls_back_to_a_running_notebook(aws: RunningAws, stack: Stack) -> None:
    stack.create(template())
    before = name_of(stack)
    failing = template("exit 1", InstanceType="ml.m5.xlarge")
    assert stack.update(failing) == "UPDATE_ROLLBACK_COMPLETE"

    assert "took longer than 5 minutes" in stack.reasons()
    found = settled(aws, before)
    assert found["NotebookInstanceStatus"] == "InService"
    assert found["InstanceType"] == "ml.t3.medium"


def test_a_refused_update_leaves_the_notebook_running(aws: RunningAws, stack: Stack) -> None:
    stack.create(template(VolumeSizeInGB=20))
    assert stack.update(template(VolumeSizeInGB=10)) == "UPDATE_ROLLBACK_COMPLETE"

    assert "can only grow" in stack.reasons()
    found = settled(aws, name_of(stack))
    assert found["NotebookInstanceStatus"] == "InService"
    assert found["VolumeSizeInGB"] == 20


def test_a_failed_replacement_leaves_only_the_old_notebook(aws: RunningAws, stack: Stack) -> None:
    stack.create(template(SubnetId="subnet-1"))
    before = name_of(stack)
    assert stack.update(template("exit 1", SubnetId="subnet-2")) == "UPDATE_ROLLBACK_COMPLETE"

    listed = aws.client("sagemaker").list_notebook_instances(NameContains=stack.name[:30])
    names = [n["NotebookInstanceName"] for n in listed["NotebookInstances"]]
    assert [name.lower() for name in names] == [before]


def test_deleting_the_stack_stops_and_deletes_the_notebook(aws: RunningAws, stack: Stack) -> None:
    stack.create(template(NotebookInstanceName="ended"))
    assert stack.delete() == "DELETE_COMPLETE"

    with pytest.raises(ClientError, match="RecordNotFound"):
        aws.client("sagemaker").describe_notebook_instance(NotebookInstanceName="ended")
    assert not (aws.state / "notebooks" / "ended").exists()


def test_a_retained_notebook_outlives_its_stack_with_its_volume(
    aws: RunningAws, stack: Stack
) -> None:
    book = resource(
        NOTEBOOK_TYPE, notebook(NotebookInstanceName="outlives"), DeletionPolicy="Retain"
    )
    stack.create({"Book": book})
    assert stack.delete() == "DELETE_COMPLETE"

    assert settled(aws, "outlives")["NotebookInstanceStatus"] == "InService"
    assert (aws.state / "notebooks" / "outlives").is_dir()


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Instancetype": "x"}, r"#: extraneous key \[Instancetype\] is not permitted"),
        ({"VolumeSizeInGB": "many"}, "#/VolumeSizeInGB: 'many' is not of type 'integer'"),
        ({"RootAccess": "On"}, "#/RootAccess: 'On' is not one of"),
    ],
)
def test_properties_outside_the_schema_are_refused(
    aws: RunningAws, properties: dict[str, Any], message: str
) -> None:
    stack = Stack(aws, f"refused-{next(iter(properties))}")
    created = stack.create({"Book": resource(NOTEBOOK_TYPE, notebook(**properties))})

    assert created == "ROLLBACK_COMPLETE"
    assert re.search(message, stack.reasons())


def test_a_change_set_says_which_changes_replace(aws: RunningAws, stack: Stack) -> None:
    stack.create(template(SubnetId="subnet-1"))
    client = aws.client("cloudformation")

    def replacement(resources: dict[str, Any]) -> str:
        made = client.create_change_set(
            StackName=stack.name,
            ChangeSetName="look",
            TemplateBody=json.dumps({"Resources": resources}),
        )
        client.get_waiter("change_set_create_complete").wait(ChangeSetName=made["Id"])
        found = client.describe_change_set(ChangeSetName=made["Id"])["Changes"]
        client.delete_change_set(ChangeSetName=made["Id"])
        [change] = [c["ResourceChange"] for c in found]
        return str(change["Replacement"])

    assert replacement(template(SubnetId="subnet-2")) == "True"
    assert replacement(template(SubnetId="subnet-1", InstanceType="ml.m5.xlarge")) == "False"


def livy_rule(group: object, source: object, **more: Any) -> dict[str, Any]:
    properties = {"GroupId": group, "SourceSecurityGroupId": source, "IpProtocol": "tcp"}
    ports = {"FromPort": 8998, "ToPort": 8998}
    return resource("AWS::EC2::SecurityGroupIngress", {**properties, **ports, **more})


def sources(aws: RunningAws, group: str) -> list[tuple[str, str]]:
    """Who a group admits, and what the rule says of itself."""
    [found] = aws.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]
    pairs = [pair for rule in found["IpPermissions"] for pair in rule["UserIdGroupPairs"]]
    return [(pair["GroupId"], pair.get("Description", "")) for pair in pairs]


def test_an_ingress_rule_comes_changes_and_goes_with_its_stack(
    aws: RunningAws, stack: Stack
) -> None:
    vpc_id, _, primary = create_network(aws)
    books = resource("AWS::EC2::SecurityGroup", {"GroupDescription": "books", "VpcId": vpc_id})
    source = {"Fn::GetAtt": ["Books", "GroupId"]}
    stack.create({"Books": books, "Rule": livy_rule(primary, source, Description="old")})
    group = stack.physical_id("Books")
    assert sources(aws, primary) == [(group, "old")]

    stack.update({"Books": books, "Rule": livy_rule(primary, source, Description="new")})
    assert sources(aws, primary) == [(group, "new")]

    stack.delete()
    assert sources(aws, primary) == []


def test_a_rule_in_an_unknown_group_is_refused(aws: RunningAws, stack: Stack) -> None:
    assert stack.create({"Rule": livy_rule("sg-nothing", "sg-other")}) == "ROLLBACK_COMPLETE"

    assert "The security group 'sg-nothing' does not exist" in stack.reasons()
