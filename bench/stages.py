"""Writes stages of any number of notebooks, as a user would write them."""

import json
from pathlib import Path

# Each notebook is two of a stack's 500 resources.
NOTEBOOKS_PER_STACK = 200

ACCOUNT, REGION = "111122223333", "eu-west-1"
STACK_NAME = "emr-notebooks"
VPC, SUBNET, VPC_CIDR = "vpc-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60718", "10.0.0.0/16"
PRIMARY_GROUP, LIVY_PORT = "sg-0a1b2c3d4e5f60718", 8998


def write_stage(config: Path, notebooks: int) -> str:
    """Write the settings of a stage of that many notebooks, and give the stage's name.

    Its notebooks have an owner, share one cluster and its script, and are otherwise as without
    settings. The stage's own stack holds the first NOTEBOOKS_PER_STACK, further ones as many each.
    """
    stage = f"notebooks-{notebooks}"
    # JSON is YAML; but like this it is as long as a file that was written by hand.
    lines = [
        f'account: "{ACCOUNT}"',
        f"region: {REGION}",
        f"stack_name: {STACK_NAME}",
        f"network: {json.dumps({'vpc_id': VPC, 'subnet_id': SUBNET, 'vpc_cidr': VPC_CIDR})}",
        "clusters:",
        "  analytics:",
        "    id: j-2AXXXXXXGAPLF",
        f"    security_group_id: {PRIMARY_GROUP}",
        "    ingress: create",
        "notebooks:",
    ]
    for number in range(notebooks):
        lines += [
            f"  {user(number)}:",
            "    cluster: analytics",
            f"    owner: {owner(number)}",
        ]
        if number >= NOTEBOOKS_PER_STACK:
            lines.append(f"    stack: {stack_key(number)}")
    config.mkdir(exist_ok=True)
    (config / f"{stage}.yaml").write_text("\n".join(lines) + "\n")
    return stage


def user(number: int) -> str:
    """The key of a notebook."""
    return f"user{number:04d}"


def owner(number: int) -> str:
    """The person whose notebook it is."""
    return f"{user(number)}@example.com"


def stack_key(number: int) -> str:
    """The `stack` of a notebook that finds the stage's own full."""
    return f"part{number // NOTEBOOKS_PER_STACK}"


def stack_name(number: int) -> str:
    """The name of a notebook's stack in CloudFormation."""
    return f"{STACK_NAME}-{stack_key(number)}" if number >= NOTEBOOKS_PER_STACK else STACK_NAME
