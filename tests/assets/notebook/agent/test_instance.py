"""How the instance is asked to stop, by a command that stands in for the AWS CLI."""

import json
from pathlib import Path

import pytest

from emr_notebook_agent import instance
from emr_notebook_agent.instance import Instance, own, refusal, stop

ARN = "arn:aws-us-gov:sagemaker:us-gov-west-1:111122223333:notebook-instance/alice"
ALICE = Instance("Alice", ARN, "us-gov-west-1")


def metadata(folder: Path, **known: object) -> Path:
    path = folder / "resource-metadata.json"
    path.write_text(json.dumps(known))
    return path


def aws(folder: Path, script: str) -> str:
    path = folder / "aws"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_the_instance_is_the_one_that_sagemaker_wrote_down(tmp_path: Path) -> None:
    assert own(metadata(tmp_path, ResourceArn=ARN, ResourceName="Alice", More=1)) == ALICE


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"ResourceName": "alice"},
        {"ResourceName": "--profile", "ResourceArn": ARN},
        {"ResourceName": "alice", "ResourceArn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"},
    ],
)
def test_what_is_no_notebook_instance_is_not_stopped(tmp_path: Path, known: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="holds no name and ARN"):
        own(metadata(tmp_path, **known))


def test_the_api_is_asked_for_the_own_name_in_the_own_region(tmp_path: Path) -> None:
    told = tmp_path / "told"

    assert stop(ALICE, aws(tmp_path, f'echo "$@" >{told}')) == ""
    assert told.read_text().startswith(
        "sagemaker stop-notebook-instance --region us-gov-west-1 --notebook-instance-name Alice "
    )


def test_in_china_the_endpoint_has_the_name_that_it_has_there() -> None:
    shanghai = Instance("alice", ARN, "cn-northwest-1")

    assert " cn.com.amazonaws.cn-northwest-1.sagemaker.api" in instance.no_way(shanghai)
    assert " com.amazonaws.us-gov-west-1.sagemaker.api" in instance.no_way(ALICE)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "An error occurred (AccessDeniedException) when calling StopNotebookInstance: no",
            f"not allowed: let this notebook's role do sagemaker:StopNotebookInstance on {ARN}",
        ),
        (
            'Connect timeout on endpoint URL: "https://api.sagemaker.us-gov-west-1.amazonaws.com/"',
            "com.amazonaws.us-gov-west-1.sagemaker.api",
        ),
        (
            'Could not connect to the endpoint URL: "https://api.sagemaker.us-gov-west-1…"',
            "a NAT gateway or an interface endpoint",
        ),
        (
            "(AccessDeniedException) User: arn:aws:iam::444455556666:user/bob is not authorized to",
            "not allowed as arn:aws:iam::444455556666:user/bob (if that is another's role: look at",
        ),
        # Of a key in ~/.aws/credentials that is none, and of a config that is no file of its form.
        ("An error occurred (UnrecognizedClientException) when calling", "look at ~/.aws"),
        ("Unable to parse config file: /home/ec2-user/.aws/config", "look at ~/.aws"),
        ("Unable to locate credentials. You can configure credentials", "no credentials"),
        ("\x1b[31mboom", "ended with status 7: ?[31mboom"),
    ],
)
def test_a_refusal_is_put_into_words_with_the_next_step(
    tmp_path: Path, said: str, told: str
) -> None:
    (tmp_path / "said").write_text(said)

    assert told in stop(ALICE, aws(tmp_path, f"cat {tmp_path}/said >&2; exit 7"))


def test_an_instance_that_stops_already_is_no_failure() -> None:
    said = (
        "An error occurred (ValidationException) when calling the StopNotebookInstance operation: "
        f"Status (Stopping) not in ([InService]). Unable to transition to (Stopping) for {ARN}."
    )
    assert refusal(ALICE, said, 254) == ""


def test_a_machine_without_the_aws_cli_says_so(tmp_path: Path) -> None:
    assert "does not run" in stop(ALICE, str(tmp_path / "nothing"))


def test_a_call_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance, "SECONDS", 0.05)

    assert "no way to SageMaker's API" in stop(ALICE, aws(tmp_path, "exec sleep 60"))
