"""Roles and managed policies that a stack makes, and what they let their holders do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.end_to_end.callers import ACCOUNT_ROOT, allow, assume, document, tag_list, trust
from tests.sandbox.aws.running_aws import Stack, resource, running_aws

pytestmark = pytest.mark.sandbox

LIST, DESCRIBE = "sagemaker:ListNotebookInstances", "logs:DescribeLogGroups"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("cfn-iam")) as running:
        yield running


def policy(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A managed policy in a template."""
    given = {"PolicyDocument": json.loads(document(*statements)), **properties}
    return resource("AWS::IAM::ManagedPolicy", given)


def role(**properties: Any) -> dict[str, Any]:
    """A role in a template."""
    given = {"AssumeRolePolicyDocument": trust({"AWS": ACCOUNT_ROOT}), **properties}
    return resource("AWS::IAM::Role", given)


def inline(*statements: dict[str, Any], name: str = "own") -> dict[str, Any]:
    return {"PolicyName": name, "PolicyDocument": json.loads(document(*statements))}


def may(aws: RunningAws, stack: Stack, action: str) -> bool:
    """Whether the stack's role may."""
    arn = f"arn:aws:iam::111122223333:role/{stack.physical_id('Role')}"
    service, operation = {
        LIST: ("sagemaker", "list_notebook_instances"),
        DESCRIBE: ("logs", "describe_log_groups"),
    }[action]
    try:
        getattr(aws.client(service, **assume(aws, arn)), operation)()
    except ClientError as error:
        assert "AccessDenied" in error.response["Error"]["Code"]  # noqa: PT017
        return False
    return True


ATTACHED = {"ManagedPolicyArns": [{"Ref": "Shared"}]}


def test_a_managed_policy_serves_the_roles_that_name_it(aws: RunningAws, stack: Stack) -> None:
    created = stack.create({"Shared": policy(allow(LIST)), "Role": role(**ATTACHED)})

    assert created == "CREATE_COMPLETE"
    assert stack.physical_id("Shared").startswith("arn:aws:iam::111122223333:policy/")
    assert may(aws, stack, LIST)
    assert not may(aws, stack, DESCRIBE)


def test_a_managed_policys_new_document_keeps_its_arn(aws: RunningAws, stack: Stack) -> None:
    stack.create({"Shared": policy(allow(LIST)), "Role": role(**ATTACHED)})
    before = stack.physical_id("Shared")
    updated = stack.update({"Shared": policy(allow(DESCRIBE)), "Role": role(**ATTACHED)})

    assert updated == "UPDATE_COMPLETE"
    assert stack.physical_id("Shared") == before
    assert may(aws, stack, DESCRIBE)
    assert not may(aws, stack, LIST)


def test_a_roles_inline_policies_change_and_go(aws: RunningAws, stack: Stack) -> None:
    stack.create({"Role": role(Policies=[inline(allow(LIST))])})
    before = stack.physical_id("Role")
    assert may(aws, stack, LIST)

    stack.update({"Role": role(Policies=[inline(allow(DESCRIBE))])})
    assert [may(aws, stack, each) for each in (LIST, DESCRIBE)] == [False, True]

    stack.update({"Role": role()})
    assert not may(aws, stack, DESCRIBE)
    assert stack.physical_id("Role") == before


def test_a_roles_tags_decide_as_long_as_it_has_them(aws: RunningAws, stack: Stack) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/emr-notebook:name": "alice"}}
    policies = [inline(allow(LIST, Condition=condition))]
    stack.create({"Role": role(Policies=policies, Tags=tag_list({"emr-notebook:name": "alice"}))})
    assert may(aws, stack, LIST)

    stack.update({"Role": role(Policies=policies, Tags=tag_list({"emr-notebook:name": "bob"}))})
    assert not may(aws, stack, LIST)


def test_a_boundary_limits_a_role_from_its_creation_on(aws: RunningAws, stack: Stack) -> None:
    bounded = role(Policies=[inline(allow("*"))], PermissionsBoundary={"Ref": "Boundary"})
    nothing = policy(allow("none:Nothing"))
    stack.create({"Boundary": nothing, "Role": bounded})

    assert not may(aws, stack, LIST)
    found = aws.client("iam").get_role(RoleName=stack.physical_id("Role"))["Role"]
    boundary = found["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == stack.physical_id("Boundary")


def test_a_boundary_comes_and_goes_with_an_update(aws: RunningAws, stack: Stack) -> None:
    free = role(Policies=[inline(allow("*"))])
    bounded = role(Policies=[inline(allow("*"))], PermissionsBoundary={"Ref": "Boundary"})
    boundary = policy(allow(DESCRIBE))
    stack.create({"Boundary": boundary, "Role": free})

    stack.update({"Boundary": boundary, "Role": bounded})
    assert [may(aws, stack, each) for each in (LIST, DESCRIBE)] == [False, True]

    stack.update({"Boundary": boundary, "Role": free})
    assert may(aws, stack, LIST)


def test_a_boundary_that_does_not_exist_fails_the_role(aws: RunningAws, stack: Stack) -> None:
    arn = "arn:aws:iam::111122223333:policy/none"

    assert stack.create({"Role": role(PermissionsBoundary=arn)}) == "ROLLBACK_COMPLETE"
    assert f"Scope ARN: {arn} does not exist or is not attachable." in stack.reasons()


def test_a_policy_that_a_user_holds_stays_and_fails_the_stacks_deletion(
    aws: RunningAws, stack: Stack
) -> None:
    stack.create({"Shared": policy(allow(LIST)), "Role": role(**ATTACHED)})
    arn, iam = stack.physical_id("Shared"), aws.client("iam")
    iam.create_user(UserName="holder")
    iam.attach_user_policy(UserName="holder", PolicyArn=arn)
    assert stack.delete() == "DELETE_FAILED"

    assert "Cannot delete a policy attached to entities." in stack.reasons()
    iam.detach_user_policy(UserName="holder", PolicyArn=arn)
    assert stack.delete() == "DELETE_COMPLETE"


def test_policies_over_iams_quotas_are_refused(aws: RunningAws) -> None:
    many = [f"arn:aws:s3:::bucket-{number:04}" for number in range(600)]
    large, role_stack = Stack(aws, "large-policy"), Stack(aws, "large-role")

    assert large.create({"Shared": policy(allow("s3:*", many))}) == "ROLLBACK_COMPLETE"
    assert "Cannot exceed quota for PolicySize: 6144" in large.reasons()
    refused = role_stack.create({"Role": role(Policies=[inline(allow("s3:*", many))])})
    assert refused == "ROLLBACK_COMPLETE"
    assert "Maximum policy size of 10240 bytes exceeded for role" in role_stack.reasons()


def test_a_role_that_a_deleted_stack_kept_is_none_of_the_next_stacks(
    aws: RunningAws, stack: Stack
) -> None:
    kept, nobodys = role(), "arn:aws:iam::111122223333:policy/none"
    kept["DeletionPolicy"] = "Retain"
    stack.create({"Role": kept})
    name = stack.physical_id("Role")
    assert stack.delete() == "DELETE_COMPLETE"

    failing = {"Role": role(), "Bad": role(PermissionsBoundary=nobodys) | {"DependsOn": "Role"}}
    assert stack.create(failing) == "ROLLBACK_COMPLETE"

    assert stack.events("Role")[-1] == "DELETE_COMPLETE"
    assert aws.client("iam").get_role(RoleName=name)["Role"]["RoleName"] == name
