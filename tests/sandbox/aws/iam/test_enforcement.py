"""IAM is enforced on the added services, resource by resource."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec, put_cluster
from tests.sandbox.aws.running_aws import ROLE, running_aws, settled

pytestmark = pytest.mark.sandbox

CLUSTER = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster"
NOTEBOOK = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("iam")) as running:
        for name in ("MINE", "THEIRS"):
            put_cluster(running, ClusterSpec(f"j-{name}", instances=(InstanceSpec("10.0.1.10"),)))
        for name, owner in (("mine", "alice"), ("theirs", "bob")):
            running.client("sagemaker").create_notebook_instance(
                NotebookInstanceName=name,
                InstanceType="ml.t3.medium",
                RoleArn=ROLE,
                Tags=[{"Key": "owner", "Value": owner}],
            )
            settled(running, name)
        yield running


def user_may(aws: RunningAws, user: str, *statements: dict[str, Any]) -> dict[str, str]:
    """Make a user with that policy; return the keys as `client` takes them."""
    iam = aws.client("iam")
    iam.create_user(UserName=user)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **statement} for statement in statements],
    }
    iam.put_user_policy(UserName=user, PolicyName="it", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def test_listinstances_is_denied_without_its_permission(aws: RunningAws) -> None:
    only = {"Action": "elasticmapreduce:DescribeCluster", "Resource": f"{CLUSTER}/*"}
    emr = aws.client("emr", **user_may(aws, "describer", only))
    emr.describe_cluster(ClusterId="j-MINE")

    with pytest.raises(ClientError) as denied:
        emr.list_instances(ClusterId="j-MINE")
    error = denied.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert f"elasticmapreduce:ListInstances on resource: {CLUSTER}/j-MINE" in error["Message"]


def test_a_policy_on_one_cluster_does_not_reach_another(aws: RunningAws) -> None:
    one = {"Action": "elasticmapreduce:*", "Resource": f"{CLUSTER}/j-MINE"}
    emr = aws.client("emr", **user_may(aws, "scoped", one))

    assert emr.list_instances(ClusterId="j-MINE")["Instances"]
    with pytest.raises(ClientError, match="AccessDenied"):
        emr.list_instances(ClusterId="j-THEIRS")
    # ListClusters has no resource to scope to: a policy on a cluster does not grant it.
    with pytest.raises(ClientError, match="AccessDenied"):
        emr.list_clusters()


def test_stopnotebookinstance_is_denied_without_its_permission(aws: RunningAws) -> None:
    only = {"Action": "sagemaker:Describe*", "Resource": "*"}
    sagemaker = aws.client("sagemaker", **user_may(aws, "reader", only))
    sagemaker.describe_notebook_instance(NotebookInstanceName="mine")

    with pytest.raises(ClientError, match=f"StopNotebookInstance on resource: {NOTEBOOK}/mine"):
        sagemaker.stop_notebook_instance(NotebookInstanceName="mine")


def test_a_policy_on_one_notebook_does_not_reach_another(aws: RunningAws) -> None:
    one = {"Action": "sagemaker:*", "Resource": f"{NOTEBOOK}/mine"}
    sagemaker = aws.client("sagemaker", **user_may(aws, "owner-of-one", one))

    sagemaker.describe_notebook_instance(NotebookInstanceName="MINE")
    with pytest.raises(ClientError, match="AccessDenied"):
        sagemaker.describe_notebook_instance(NotebookInstanceName="theirs")


def test_a_notebook_opens_only_for_whom_its_owner_tag_names(aws: RunningAws) -> None:
    owned = {
        "Action": "sagemaker:CreatePresignedNotebookInstanceUrl",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/owner": "alice"}},
    }
    sagemaker = aws.client("sagemaker", **user_may(aws, "alice", owned))
    open_notebook = sagemaker.create_presigned_notebook_instance_url

    assert open_notebook(NotebookInstanceName="mine")["AuthorizedUrl"]
    with pytest.raises(ClientError, match="AccessDenied"):
        open_notebook(NotebookInstanceName="theirs")


def test_a_role_is_handed_to_sagemaker_only_by_who_may_pass_it(aws: RunningAws) -> None:
    creating = {"Action": "sagemaker:CreateNotebookInstance", "Resource": "*"}
    sagemaker = aws.client("sagemaker", **user_may(aws, "creator", creating))

    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {ROLE}"):
        sagemaker.create_notebook_instance(
            NotebookInstanceName="passed", InstanceType="ml.t3.medium", RoleArn=ROLE
        )


def test_the_request_log_names_who_called_and_what_was_denied(aws: RunningAws) -> None:
    keys = user_may(aws, "nobody", {"Action": "s3:ListAllMyBuckets", "Resource": "*"})
    with pytest.raises(ClientError):
        aws.client("emr", **keys).list_instances(ClusterId="j-MINE", InstanceGroupTypes=["MASTER"])

    last = aws.requests()[-1]
    assert last["service"] == "elasticmapreduce"
    assert last["action"] == "ListInstances"
    assert last["principal"] == "arn:aws:iam::111122223333:user/nobody"
    assert last["parameters"] == {"ClusterId": "j-MINE", "InstanceGroupTypes": ["MASTER"]}
    assert last["status"] >= 400
