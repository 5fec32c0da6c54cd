"""Decides which of a stage's settings become parameters of a template, and where they stand."""

import re
from collections.abc import Iterator
from dataclasses import replace

from emr_notebook.names import NAME_TAG, STACK_TAG
from emr_notebook.plain_template.rules import (
    STACK_NAME,
    Rule,
    account_and_region_rules,
    camel,
    make_parameter,
    parameter_rules,
)
from emr_notebook.settings import types
from emr_notebook.settings.model import Settings
from emr_notebook.settings.notebook import ResolvedNotebook

NOTEBOOK_NAME = ("NotebookInstanceName", f"tag:{NAME_TAG}")
LIFECYCLE_NAME = "NotebookInstanceLifecycleConfigName"
SUBNET = "AWS::EC2::Subnet::Id"
SECURITY_GROUP = "AWS::EC2::SecurityGroup::Id"
# A range may be another rule's by chance: it is replaced in rules only.
RANGE = "CidrIp"


def stage_rules(settings: Settings, stack_name: str) -> tuple[Rule, ...]:
    """What is replaced in the template of one of the stage's stacks."""
    stack_keys = frozenset({f"tag:{STACK_TAG}", f"sagemaker:ResourceTag/{STACK_TAG}", "Owner"})
    own = [
        *_network_rules(settings),
        *_cluster_rules(settings),
        *_followed_name_rules(settings),
        *_access_rules(settings),
        *_notebook_name_rules(settings, stack_name),
    ]
    return (
        *account_and_region_rules(settings.account, settings.region),
        Rule(stack_name, (STACK_NAME,), keys=stack_keys),
        *_with_unique_names(own),
    )


def _cluster_rules(settings: Settings) -> Iterator[Rule]:
    """Tags stay as they are: the resolver's role is limited to clusters that carry them."""
    for key, cluster in settings.clusters.items():
        description = f"The EMR cluster {key}"
        yield from parameter_rules(
            f"ClusterId{camel(key)}", cluster.id, types.ClusterId, description
        )
        name = f"ClusterName{camel(key)}"
        description = f"The name of the EMR cluster {key}"
        yield from parameter_rules(
            name, cluster.name, types.ClusterName, description, "ClusterName", "name"
        )


def _followed_name_rules(settings: Settings) -> Iterator[Rule]:
    """The zone, and the names in it: CloudFormation cannot make them of a stack's own name."""
    if not settings.followed_clusters:
        return
    zone_id, topic = settings.network.zone_id, settings.alarms_topic_arn
    description = "The private hosted zone of the VPC for the names of followed clusters"
    yield from parameter_rules("ZoneId", zone_id, types.HostedZoneId, description)
    yield from parameter_rules("AlarmsTopicArn", topic, types.TopicArn, "Hears of alarms")
    zone = settings.record_name("").removeprefix(".")
    description = "What the DNS names of followed clusters end in, in small letters"
    made = make_parameter("NamesEndIn", zone, types.DomainName, description)
    part = rf"(?<=\.){re.escape(zone)}$"
    yield Rule(zone, ({"Ref": made.name},), part=part, parameter=made)


def _access_rules(settings: Settings) -> Iterator[Rule]:
    key_arn, boundary = settings.kms_key_arn, settings.permissions_boundary_arn
    yield from parameter_rules("KmsKeyArn", key_arn, types.KmsKeyArn, "Encrypts the volumes")
    description = "Bounds every role that is made"
    yield from parameter_rules("PermissionsBoundaryArn", boundary, types.PolicyArn, description)
    description, default = "The notebooks' role", settings.defaults.role_arn
    yield from parameter_rules("RoleArn", default, types.RoleArn, description)
    for notebook in settings.resolved_notebooks:
        key = notebook.key
        description = f"The role of {key}"
        yield from parameter_rules(
            f"RoleArn{camel(key)}", notebook.role_arn, types.RoleArn, description
        )
        yield from _secret_rules(notebook)


def _secret_rules(notebook: ResolvedNotebook) -> Iterator[Rule]:
    key = notebook.key
    for each in notebook.code_repositories:
        description = f"The secret of a code repository of {key}"
        name = f"SecretArn{camel(key)}"
        yield from parameter_rules(name, each.secret_arn, types.SecretArn, description)
        description = f"The key of that secret of {key}"
        name = f"SecretKeyArn{camel(key)}"
        yield from parameter_rules(name, each.secret_key_arn, types.KmsKeyArn, description)


def _with_unique_names(rules: list[Rule]) -> Iterator[Rule]:
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


def _notebook_name_rules(settings: Settings, stack_name: str) -> Iterator[Rule]:
    """A name that was made up begins with the stack's own; one that was given is a parameter.

    So a template can be deployed twice in one region. The stage's other stacks, whose names the
    notebooks' names do not begin with, have the beginning as a parameter.
    """
    description = "What the names of the notebooks begin with, fixed at their birth"
    prefix = make_parameter("NamePrefix", settings.stack_name, types.StackName, description)
    is_home = stack_name == settings.stack_name
    begin = STACK_NAME if is_home else {"Ref": prefix.name}
    for notebook in settings.resolved_notebooks:
        key, own = notebook.key, settings.notebooks[notebook.key]
        description = f"The name of the notebook {key}, fixed at its birth"
        name = f"NotebookName{camel(key)}"
        if own.name is None:
            pieces = (begin, notebook.name.removeprefix(settings.stack_name))
            declares = None if is_home else prefix
            keys = frozenset(NOTEBOOK_NAME)
            yield Rule(notebook.name, pieces, keys=keys, parameter=declares)
        yield from parameter_rules(name, own.name, types.NotebookName, description, *NOTEBOOK_NAME)
        description = f"The name of the lifecycle configuration of {key}"
        name, given = f"LifecycleConfigName{camel(key)}", notebook.lifecycle_config_name
        yield from parameter_rules(
            name, given, types.LifecycleConfigName, description, LIFECYCLE_NAME
        )


def _network_rules(settings: Settings) -> Iterator[Rule]:
    """The VPC, subnets, groups, ranges and prefix lists of a stage."""
    given = settings.network
    description = "The VPC of the notebooks and clusters"
    yield from parameter_rules(
        "VpcId", given.vpc_id, types.VpcId, description, kind="AWS::EC2::VPC::Id"
    )
    description = "The VPC's range of addresses"
    yield from parameter_rules("VpcCidr", given.vpc_cidr, types.Cidr, description, RANGE)
    yield from _subnet("", given.subnet_id, "The notebooks' subnet")
    for key, notebook in settings.notebooks.items():
        yield from _subnet(camel(key), notebook.subnet_id, f"The subnet of {key}")
    for number, each in enumerate(given.security_group_ids or (), start=1):
        description = "A security group of the notebooks, fixed at their birth"
        yield from _group(f"SecurityGroupId{number}", each, description)
    for key, cluster in settings.clusters.items():
        description = f"The security group of the primary node of {key}"
        yield from _group(
            f"PrimarySecurityGroupId{camel(key)}", cluster.security_group_id, description
        )
    description = "S3's prefix list in the region"
    yield from _prefix_list("S3PrefixListId", given.s3_prefix_list_id, description)
    yield from _extra_egress_rules(settings)


def _extra_egress_rules(settings: Settings) -> Iterator[Rule]:
    for number, extra in enumerate(settings.network.extra_egress, start=1):
        description = f"Notebooks may reach it: {extra.because}"
        yield from parameter_rules(
            f"EgressCidr{number}", extra.cidr, types.Cidr, description, RANGE
        )
        yield from _group(f"EgressSecurityGroupId{number}", extra.security_group_id, description)
        yield from _prefix_list(f"EgressPrefixListId{number}", extra.prefix_list_id, description)


def _subnet(suffix: str, value: str | None, description: str) -> list[Rule]:
    description = f"{description}, fixed at a notebook's birth"
    return parameter_rules(f"SubnetId{suffix}", value, types.SubnetId, description, kind=SUBNET)


def _group(name: str, value: str | None, description: str) -> list[Rule]:
    return parameter_rules(name, value, types.SecurityGroupId, description, kind=SECURITY_GROUP)


def _prefix_list(name: str, value: str | None, description: str) -> list[Rule]:
    return parameter_rules(name, value, types.PrefixListId, description)
