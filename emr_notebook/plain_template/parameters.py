"""Which of a stage's settings become parameters of one stack's template, and where they stand."""

from collections.abc import Iterator
from dataclasses import replace

from emr_notebook import patterns
from emr_notebook.names import STACK_TAG
from emr_notebook.plain_template.names import notebook_names
from emr_notebook.plain_template.network import network
from emr_notebook.plain_template.rules import (
    STACK_NAME,
    Rule,
    camel,
    for_place,
    parameter,
)
from emr_notebook.settings import Settings


def stage_rules(settings: Settings, stack_name: str) -> tuple[Rule, ...]:
    """What is replaced in the template of one of the stage's stacks."""
    stack_keys = frozenset({f"tag:{STACK_TAG}", f"sagemaker:ResourceTag/{STACK_TAG}"})
    own = [
        *network(settings),
        *_clusters(settings),
        *_access(settings),
        *notebook_names(settings, stack_name),
    ]
    return (
        *for_place(settings.account, settings.region),
        Rule(stack_name, (STACK_NAME,), keys=stack_keys),
        *_apart(own),
    )


def _clusters(settings: Settings) -> Iterator[Rule]:
    """Tags stay as they are: the resolver's role is limited to clusters that carry them."""
    for key, cluster in settings.clusters.items():
        says = f"The EMR cluster {key}"
        yield from parameter(f"ClusterId{camel(key)}", cluster.id, patterns.ClusterId, says)
        name = f"ClusterName{camel(key)}"
        says = f"The name of the EMR cluster {key}"
        yield from parameter(name, cluster.name, patterns.ClusterName, says, "ClusterName")


def _access(settings: Settings) -> Iterator[Rule]:
    key_arn, boundary = settings.kms_key_arn, settings.permissions_boundary_arn
    yield from parameter("KmsKeyArn", key_arn, patterns.KmsKeyArn, "Encrypts the volumes")
    says = "Bounds every role that is made"
    yield from parameter("PermissionsBoundaryArn", boundary, patterns.PolicyArn, says)
    says, default = "The notebooks' role", settings.defaults.role_arn
    yield from parameter("RoleArn", default, patterns.RoleArn, says)
    for key in settings.notebooks:
        notebook = settings.notebook(key)
        says = f"The role of {key}"
        yield from parameter(f"RoleArn{camel(key)}", notebook.role_arn, patterns.RoleArn, says)
        repositories = [notebook.default_code_repository, *notebook.additional_code_repositories]
        says = f"The secret of a code repository of {key}"
        for each in filter(None, repositories):
            name = f"SecretArn{camel(key)}"
            yield from parameter(name, each.secret_arn, patterns.SecretArn, says)


def _apart(rules: list[Rule]) -> Iterator[Rule]:
    """The same rules; where two values got one name, the later one's ends in a number."""
    values: dict[str, str] = {}
    for rule in rules:
        if rule.parameter is None:
            yield rule
            continue
        name, number = rule.parameter.name, 1
        while values.setdefault(name, rule.parameter.default) != rule.parameter.default:
            number += 1
            name = f"{rule.parameter.name}No{number}"
        renamed = replace(rule.parameter, name=name)
        yield rule if number == 1 else replace(rule, pieces=({"Ref": name},), parameter=renamed)
