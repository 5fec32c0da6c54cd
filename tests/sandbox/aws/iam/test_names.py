"""Each request is authorized on the resource that AWS authorizes it on."""

from typing import Any

import pytest

from sandbox.aws.iam.names import emr_resource, log_stream_resource, sagemaker_resource

WHERE = ("eu-west-1", "111122223333")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"NotebookInstanceName": "Alice"}, "notebook-instance/alice"),
        (
            {"NotebookInstanceLifecycleConfigName": "Script"},
            "notebook-instance-lifecycle-config/script",
        ),
        ({"CodeRepositoryName": "Shared"}, "code-repository/shared"),
    ],
)
def test_sagemaker_is_authorized_on_the_named_resource_in_lower_case(
    parameters: dict[str, Any], expected: str
) -> None:
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:{expected}"

    assert sagemaker_resource(parameters, *WHERE) == arn
    assert sagemaker_resource({"ResourceArn": arn}, *WHERE) == arn


def test_a_list_is_authorized_on_no_resource() -> None:
    assert sagemaker_resource({"NameContains": "a"}, *WHERE) == "*"
    assert emr_resource("ListClusters", {}, *WHERE) == "*"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("ListInstances", {"ClusterId": "j-1"}),
        ("AddJobFlowSteps", {"JobFlowId": "j-1"}),
        ("AddTags", {"ResourceId": "j-1"}),
    ],
)
def test_emr_is_authorized_on_the_cluster(operation: str, parameters: dict[str, Any]) -> None:
    arn = "arn:aws:elasticmapreduce:eu-west-1:111122223333:cluster/j-1"

    assert emr_resource(operation, parameters, *WHERE) == arn


def test_a_security_configuration_is_not_a_clusters_resource() -> None:
    assert emr_resource("DescribeSecurityConfiguration", {"Name": "tls"}, *WHERE) == "*"


def test_what_is_written_to_a_log_stream_is_authorized_on_the_stream() -> None:
    where = {"logGroupName": "/aws/sagemaker/NotebookInstances", "logStreamName": "Alice/OnStart"}
    expected = (
        "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/sagemaker/NotebookInstances"
        ":log-stream:Alice/OnStart"
    )

    assert log_stream_resource("PutLogEvents", where, *WHERE) == expected
    assert log_stream_resource("CreateLogStream", where, *WHERE) == expected
    assert log_stream_resource("FilterLogEvents", where, *WHERE) is None
    assert log_stream_resource("CreateLogGroup", {"logGroupName": "a"}, *WHERE) is None
