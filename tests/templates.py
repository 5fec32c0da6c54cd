"""What the tests of templates share: a stage's templates, and what stands in them."""

from collections.abc import Mapping
from typing import Any

from aws_cdk.assertions import Template

INSTANCE = "AWS::SageMaker::NotebookInstance"
LIFECYCLE = "AWS::SageMaker::NotebookInstanceLifecycleConfig"
ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::ManagedPolicy"
KEY = "AWS::KMS::Key"
GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
LAMBDA = "AWS::Lambda::Function"
ENDPOINT = "Custom::ClusterEndpoint"
GUARD = "Custom::ReplacementGuard"

PRIMARY = "sg-0123456789abcdef0"
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE_ARN = "arn:aws:iam::111122223333:role/data-science"


def two_notebooks(data: dict[str, Any]) -> None:
    data["notebooks"]["bob"] = {"cluster": "analytics"}


def two_stacks(data: dict[str, Any]) -> None:
    """Alice's cluster and notebook in the main stack, bob's in one of their own; one idle."""
    data["clusters"].update(second={"id": "j-SECOND"}, idle={"id": "j-IDLE"})
    data["notebooks"]["bob"] = {"cluster": "second", "stack": "science"}


def resources(found: Template, kind: str, prefix: str = "") -> dict[str, Any]:
    """The template's resources of a kind, by their logical ids."""
    named = dict(found.find_resources(kind))
    return {name: each for name, each in named.items() if name.startswith(prefix)}


def only(found: Template, kind: str, prefix: str = "") -> dict[str, Any]:
    """The template's one resource of a kind."""
    ((_, resource),) = resources(found, kind, prefix).items()
    return dict(resource)


def properties(found: Template, kind: str, prefix: str = "") -> dict[str, Any]:
    """The properties of the template's one resource of a kind."""
    return dict(only(found, kind, prefix)["Properties"])


def tags(resource: Mapping[str, Any]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in resource["Properties"].get("Tags", [])}


def policies(found: Template) -> dict[str, list[dict[str, Any]]]:
    """Every statement that the template grants or denies, by the policy's logical id."""
    held = found.to_json()["Resources"]
    # They stand nowhere else.
    assert resources(found, "AWS::IAM::Policy") == {}
    assert not any("Policies" in each["Properties"] for each in resources(found, ROLE).values())
    return {
        name: each["Properties"]["PolicyDocument"]["Statement"]
        for name, each in held.items()
        if each["Type"] == POLICY
    }


def statements(found: Template) -> list[dict[str, Any]]:
    return [each for listed in policies(found).values() for each in listed]


def actions(statement: Mapping[str, Any]) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else list(named)


def script(lifecycle: Mapping[str, Any]) -> list[Any]:
    """The lines of a lifecycle configuration's start script."""
    (hook,) = lifecycle["Properties"]["OnStart"]
    delimiter, lines = hook["Content"]["Fn::Base64"]["Fn::Join"]
    assert delimiter == "\n"
    result: list[Any] = lines
    return result


def lifecycle_of(found: Template, instance: Mapping[str, Any]) -> str:
    """The logical id of the lifecycle configuration that a notebook instance uses."""
    return referred(instance["Properties"]["LifecycleConfigName"])


def referred(value: Any) -> str:
    """The logical id in a Ref or Fn::GetAtt."""
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])
