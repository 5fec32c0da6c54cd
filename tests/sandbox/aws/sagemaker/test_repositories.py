"""What a notebook may name as its code repositories."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import RunningAws
from tests.sandbox.aws.running_aws import (
    NOTEBOOK_TYPE,
    ROLE,
    Stack,
    notebook,
    resource,
    running_aws,
)

pytestmark = pytest.mark.sandbox

URL = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/ours"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    with running_aws(tmp_path_factory.mktemp("repositories")) as running:
        running.client("sagemaker").create_code_repository(
            CodeRepositoryName="shared",
            GitConfig={"RepositoryUrl": URL},
            Tags=[{"Key": "team", "Value": "red"}],
        )
        yield running


def create(aws: RunningAws, name: str, **repositories: Any) -> dict[str, Any]:
    client = aws.client("sagemaker")
    client.create_notebook_instance(
        NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE, **repositories
    )
    return dict(client.describe_notebook_instance(NotebookInstanceName=name))


def test_urls_and_the_names_of_repositories_are_taken(aws: RunningAws) -> None:
    three = ["shared", URL, f"{URL}-2"]
    found = create(aws, "both", DefaultCodeRepository="shared", AdditionalCodeRepositories=three)

    assert found["DefaultCodeRepository"] == "shared"
    assert found["AdditionalCodeRepositories"] == three


@pytest.mark.parametrize(
    ("repositories", "message"),
    [
        ({"DefaultCodeRepository": "unknown"}, "Cannot find CodeRepository.*/unknown"),
        ({"AdditionalCodeRepositories": [URL, "unknown"]}, "Cannot find CodeRepository"),
        ({"AdditionalCodeRepositories": [URL] * 4}, "length less than or equal to 3"),
        ({"DefaultCodeRepository": "git@host:ours.git"}, "regular expression pattern"),
    ],
)
def test_more_than_three_and_what_is_no_repository_are_refused(
    aws: RunningAws, repositories: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        create(aws, "refused", **repositories)


def test_a_stack_fails_on_an_unknown_repository(aws: RunningAws) -> None:
    stack = Stack(aws, "unknown-repository")
    book = resource(NOTEBOOK_TYPE, notebook(DefaultCodeRepository="unknown"))

    assert stack.create({"Book": book}) == "ROLLBACK_COMPLETE"
    assert "Cannot find CodeRepository" in stack.reasons()


def test_a_repository_is_described_listed_and_deleted(aws: RunningAws) -> None:
    client = aws.client("sagemaker")
    made = client.create_code_repository(
        CodeRepositoryName="Gone", GitConfig={"RepositoryUrl": URL}
    )
    described = client.describe_code_repository(CodeRepositoryName="gone")
    assert described["CodeRepositoryArn"] == made["CodeRepositoryArn"]
    assert described["GitConfig"] == {"RepositoryUrl": URL}
    listed = client.list_code_repositories()["CodeRepositorySummaryList"]
    assert [each["CodeRepositoryName"] for each in listed] == ["Gone", "shared"]

    client.delete_code_repository(CodeRepositoryName="Gone")
    with pytest.raises(ClientError, match="Cannot find CodeRepository"):
        client.describe_code_repository(CodeRepositoryName="Gone")
