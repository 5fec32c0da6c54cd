"""IAM decides by tags: the caller's, the session's, and the notebook's."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.end_to_end.callers import Keys, allow, assume, deny, document, role, tag_list, user
from tests.sandbox.aws.running_aws import ROLE, running_aws, settled

pytestmark = pytest.mark.sandbox

OPEN = "sagemaker:CreatePresignedNotebookInstanceUrl"
OWNER = "sagemaker:ResourceTag/Owner"
TAGGED = "aws:PrincipalTag/emr-notebook:name"
GROUP = "/aws/sagemaker/NotebookInstances"
STREAMS = f"arn:aws:logs:eu-west-1:111122223333:log-group:{GROUP}:log-stream:"

_numbers = itertools.count()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("tags")) as running:
        notebooks = {
            "of-alice": {"Owner": "alice", "emr-notebook:stack": "red"},
            "of-bob": {"Owner": "bob", "emr-notebook:stack": "red"},
            "of-nobody": {},
            "of-two": {"Owner": "alice", "owner": "bob"},
            "of-empty": {"Owner": ""},
        }
        for name, tags in notebooks.items():
            running.client("sagemaker").create_notebook_instance(
                NotebookInstanceName=name,
                InstanceType="ml.t3.medium",
                RoleArn=ROLE,
                Tags=tag_list(tags),
            )
        for name in notebooks:
            settled(running, name)
        running.client("logs").create_log_group(logGroupName=GROUP)
        yield running


def keys_of(aws: RunningAws, *statements: dict[str, Any], name: str = "", **tags: str) -> Keys:
    """A user with those statements and tags."""
    return user(aws, name or f"user-{next(_numbers)}", document(*statements), tags)


def opens(aws: RunningAws, keys: Keys, notebook: str) -> bool:
    """Whether the caller gets the notebook's address."""
    try:
        client = aws.client("sagemaker", **keys)
        client.create_presigned_notebook_instance_url(NotebookInstanceName=notebook)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"  # noqa: PT017
        return False
    return True


def equal(key: str, value: str) -> dict[str, Any]:
    return {"StringEquals": {key: value}}


def test_an_owner_is_whom_both_tags_name(aws: RunningAws) -> None:
    condition = equal(OWNER, "${aws:PrincipalTag/Owner}")
    alice = keys_of(aws, allow(OPEN, Condition=condition), Owner="alice")

    assert opens(aws, alice, "of-alice")
    assert not opens(aws, alice, "of-bob")
    assert not opens(aws, alice, "of-nobody")


def test_an_owner_is_whom_the_tag_names_by_user_name(aws: RunningAws) -> None:
    bob = keys_of(aws, allow(OPEN, Condition=equal(OWNER, "${aws:username}")), name="bob")

    assert opens(aws, bob, "of-bob")
    assert not opens(aws, bob, "of-alice")


def test_a_role_has_no_user_name(aws: RunningAws) -> None:
    policy = document(allow(OPEN, Condition=equal(OWNER, "${aws:username}")))

    assert not opens(aws, assume(aws, role(aws, "alice", policy, {})), "of-alice")


def test_values_differ_by_case_and_names_of_tags_do_not(aws: RunningAws) -> None:
    condition = equal("sagemaker:ResourceTag/owner", "${aws:principaltag/OWNER}")
    statement = allow(OPEN, Condition=condition)

    assert opens(aws, keys_of(aws, statement, Owner="alice"), "of-alice")
    assert not opens(aws, keys_of(aws, statement, Owner="Alice"), "of-alice")


def test_two_tags_that_differ_by_case_match_nobody(aws: RunningAws) -> None:
    statement = allow(OPEN, Condition=equal(OWNER, "${aws:PrincipalTag/Owner}"))

    assert not opens(aws, keys_of(aws, statement, Owner="alice"), "of-two")
    assert not opens(aws, keys_of(aws, statement, Owner="bob"), "of-two")


def test_a_caller_without_the_tag_is_not_the_owner_called_nothing(aws: RunningAws) -> None:
    statement = allow(OPEN, Condition=equal(OWNER, "${aws:PrincipalTag/Owner}"))

    assert not opens(aws, keys_of(aws, statement), "of-empty")
    assert opens(aws, keys_of(aws, statement, Owner=""), "of-empty")


def test_the_stacks_tag_counts_beside_the_owners(aws: RunningAws) -> None:
    def of_stack(name: str) -> dict[str, Any]:
        keys = {OWNER: "${aws:PrincipalTag/Owner}", "aws:ResourceTag/emr-notebook:stack": name}
        return allow(OPEN, Condition={"StringEquals": keys})

    assert opens(aws, keys_of(aws, of_stack("red"), Owner="alice"), "of-alice")
    assert not opens(aws, keys_of(aws, of_stack("blue"), Owner="alice"), "of-alice")


def test_a_deny_for_others_outdoes_an_administrators_allow(aws: RunningAws) -> None:
    others = {
        "StringEquals": {"sagemaker:ResourceTag/emr-notebook:stack": "red"},
        "StringNotEquals": {OWNER: "${aws:PrincipalTag/Owner}"},
    }
    statements = allow("sagemaker:*"), deny(OPEN, Condition=others)
    alice, untagged = keys_of(aws, *statements, Owner="alice"), keys_of(aws, *statements)

    assert opens(aws, alice, "of-alice")
    assert not opens(aws, alice, "of-bob")
    assert opens(aws, alice, "of-nobody"), "it is not the stack's"
    assert not opens(aws, untagged, "of-alice"), "no value is not the owner's name"


def test_every_request_about_a_notebook_meets_its_tags(aws: RunningAws) -> None:
    condition = equal(OWNER, "${aws:PrincipalTag/Owner}")
    alice = keys_of(aws, allow("sagemaker:*", Condition=condition), Owner="alice")
    client = aws.client("sagemaker", **alice)
    client.describe_notebook_instance(NotebookInstanceName="of-alice")

    for call in (
        client.describe_notebook_instance,
        client.start_notebook_instance,
        client.stop_notebook_instance,
        client.update_notebook_instance,
        client.delete_notebook_instance,
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(NotebookInstanceName="of-bob")
    with pytest.raises(ClientError, match="AccessDenied"):
        client.add_tags(ResourceArn=arn_of("of-bob"), Tags=tag_list({"Owner": "alice"}))


def arn_of(notebook: str) -> str:
    return f"arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/{notebook}"


def test_a_changed_tag_changes_who_may(aws: RunningAws) -> None:
    condition = equal(OWNER, "${aws:PrincipalTag/Owner}")
    carol = keys_of(aws, allow(OPEN, Condition=condition), Owner="carol")
    assert not opens(aws, carol, "of-nobody")
    given = aws.client("sagemaker")
    given.add_tags(ResourceArn=arn_of("of-nobody"), Tags=tag_list({"Owner": "carol"}))

    assert opens(aws, carol, "of-nobody")
    given.delete_tags(ResourceArn=arn_of("of-nobody"), TagKeys=["Owner"])


def test_null_tells_a_notebook_with_an_owner_from_one_without(aws: RunningAws) -> None:
    unowned = keys_of(aws, allow(OPEN, Condition={"Null": {OWNER: "true"}}))
    owned = keys_of(aws, allow(OPEN, Condition={"Null": {OWNER: "false"}}))

    assert [opens(aws, unowned, each) for each in ("of-alice", "of-nobody")] == [False, True]
    assert [opens(aws, owned, each) for each in ("of-alice", "of-nobody")] == [True, False]


def test_a_variable_in_the_resource_is_the_callers_tag(aws: RunningAws) -> None:
    statement = allow(OPEN, arn_of("of-${aws:PrincipalTag/Owner}"))

    assert opens(aws, keys_of(aws, statement, Owner="bob"), "of-bob")
    assert not opens(aws, keys_of(aws, statement, Owner="bob"), "of-alice")
    assert not opens(aws, keys_of(aws, statement), "of-bob")


def test_a_policy_of_the_earlier_version_has_no_variables(aws: RunningAws) -> None:
    statement = allow(OPEN, arn_of("of-${aws:PrincipalTag/Owner}"))
    old = document(statement, version="2008-10-17")

    assert not opens(aws, user(aws, "old", old, {"Owner": "bob"}), "of-bob")


def test_a_tag_of_the_session_outdoes_the_roles(aws: RunningAws) -> None:
    policy = document(allow(OPEN, Condition=equal(OWNER, "${aws:PrincipalTag/Owner}")))
    shared = role(aws, "shared", policy, {"Owner": "alice"})
    own = assume(aws, shared)
    as_bob = assume(aws, shared, Tags=tag_list({"Owner": "bob"}))

    assert [opens(aws, own, each) for each in ("of-alice", "of-bob")] == [True, False]
    assert [opens(aws, as_bob, each) for each in ("of-alice", "of-bob")] == [False, True]


def test_one_policy_gives_each_role_its_own_log_streams(aws: RunningAws) -> None:
    writing = ["logs:CreateLogStream", "logs:PutLogEvents"]
    policy = document(allow(writing, f"{STREAMS}${{{TAGGED}}}/*"))
    for name in ("first", "second"):
        keys = assume(aws, role(aws, f"log-{name}", policy, {"emr-notebook:name": name}))
        logs = aws.client("logs", **keys)
        where = {"logGroupName": GROUP, "logStreamName": f"{name}/LifecycleConfigOnStart"}
        logs.create_log_stream(**where)
        logs.put_log_events(**where, logEvents=[{"timestamp": 1, "message": "hello"}])

        with pytest.raises(ClientError, match=f"on resource: {STREAMS}third/x"):
            logs.create_log_stream(logGroupName=GROUP, logStreamName="third/x")


def test_a_boundary_reads_tags_too(aws: RunningAws) -> None:
    keys = keys_of(aws, allow(OPEN), name="bounded", Owner="alice")
    iam = aws.client("iam")
    owned = document(allow(OPEN, Condition=equal(OWNER, "${aws:PrincipalTag/Owner}")))
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=owned)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)

    assert opens(aws, keys, "of-alice")
    assert not opens(aws, keys, "of-bob")
