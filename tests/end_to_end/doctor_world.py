"""A stage that lacks nothing, which tests break in one place, and `emr-notebook doctor` on it.

The notebooks' subnet leads to a NAT gateway, and the group that the deploy makes lets HTTPS out.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec
from sandbox.environment import ACCOUNT, REGION
from tests.end_to_end import callers
from tests.end_to_end.callers import allow, deny, document
from tests.end_to_end.pasted_commands import paste, put_tools, with_tools
from tests.end_to_end.resolver_world import (
    BECAUSE,
    NETWORK,
    PRIMARY_GROUP,
    ResolverWorld,
    resolver_world,
)
from tests.end_to_end.warm_command import Ran

STAGE, CLUSTER_ID = "ready", "j-READY0001"
PRIMARY_ADDRESS = "10.0.0.9"
OUT = {"cidr": "0.0.0.0/0", "port": 443, "because": "CloudWatch Logs, by the NAT gateway"}
HEALTHY: dict[str, Any] = {
    "clusters": {
        "analytics": {
            "id": CLUSTER_ID,
            "security_group_id": PRIMARY_GROUP,
            "ingress": "create",
        }
    },
    "notebooks": {key: {"cluster": "analytics"} for key in ("alice", "bob")},
    "network": {**NETWORK, "extra_egress": [OUT]},
    "opt_outs": {"aws_managed_key": BECAUSE, "delete_volumes": BECAUSE},
}


@dataclass(frozen=True)
class Report:
    """What doctor said, by what each line is about."""

    ran: Ran
    lines: Mapping[str, Mapping[str, Any]]

    @property
    def code(self) -> int:
        return self.ran.code

    def states(self) -> dict[str, str]:
        """Of every line."""
        return {subject: str(line["state"]) for subject, line in self.lines.items()}

    def of(self, state: str) -> dict[str, str]:
        """What the lines in this state say: `failed`, `not checked` or `ok`."""
        return {a: str(line["what"]) for a, line in self.lines.items() if line["state"] == state}

    def commands(self) -> list[str]:
        """All that are printed, in their order."""
        return [str(command) for line in self.lines.values() for command in line["commands"]]


@dataclass(frozen=True)
class DoctorWorld:
    """AWS with all that the stage `ready` needs, bootstrapped, nothing deployed."""

    world: ResolverWorld
    root: Path

    def client(self, service: str) -> Any:
        """A boto3 client of the account's root."""
        return self.world.aws.client(service)

    def write_stage(self, stage: str = STAGE, **changes: Any) -> None:
        """Write a healthy stage's settings; its stack has its name. `changes` are whole keys."""
        settings = {**HEALTHY, **changes}
        clusters, notebooks = settings.pop("clusters"), settings.pop("notebooks")
        self.world.write_stage(stage, clusters, notebooks, **settings)

    def put_cluster(self, cluster_id: str = CLUSTER_ID, **changes: Any) -> None:
        """Make the healthy cluster, or make it what it is now."""
        given = {
            "instances": (InstanceSpec(PRIMARY_ADDRESS),),
            "primary_security_group": PRIMARY_GROUP,
            "subnet_id": NETWORK["subnet_id"],
            **changes,
        }
        self.world.put(ClusterSpec(cluster_id, **given))

    def user(self, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        """The environment of a new IAM user with these statements; allowed all without any."""
        policy = document(*(statements or [allow("*")]))
        return _environment(callers.user(self.world.aws, name, policy, {}))

    def user_without(self, name: str, *actions: str) -> dict[str, str]:
        """The environment of a new IAM user who may do all but these."""
        return self.user(name, allow("*"), deny(list(actions)))

    def run(self, *arguments: str, **env: str) -> Ran:
        """`emr-notebook …` in the checkout, as the account's root unless `env` differs.

        A variable given as "" is not set.
        """
        ran = self.world.command.run(*arguments, env=self.env(**env))
        assert "Traceback" not in ran.err, ran.err
        return ran

    def doctor(self, stage: str = STAGE, **env: str) -> Report:
        """`emr-notebook doctor --stage … --json`."""
        ran = self.run("doctor", "--stage", stage, "--json", **env)
        assert ran.out, ran.err
        lines = json.loads(ran.out)["prerequisites"]
        by_name = {line["about"]: line for line in lines}
        assert len(by_name) == len(lines), "two lines are about the same"
        # Whether a Livy answers is never checked, and counts for nothing.
        asked = {about: x for about, x in by_name.items() if not about.startswith("Livy of ")}
        assert not any(by_name[about]["counts"] for about in by_name.keys() - asked.keys())
        return Report(ran, asked)

    def paste(self, *commands: str, **env: str) -> str:
        """Run commands as a user does who pastes them into a shell; all that they print."""
        return paste(*commands, root=self.root, env=self.env(**env))

    def env(self, **env: str) -> dict[str, str]:
        """The environment of commands: this AWS, and `cdk` and `aws` on PATH."""
        found = with_tools(self.root, self.world.aws.env(), **env)
        return {name: value for name, value in found.items() if value}

    def calls_by(self, principal: str) -> list[str]:
        """The API calls that a user or role has made, by the end of its ARN."""
        made = self.world.aws.requests()
        return [str(e["action"]) for e in made if str(e["principal"]).endswith(principal)]


@contextlib.contextmanager
def doctor_world(directory: Path) -> Iterator[DoctorWorld]:
    """The world with its healthy stage `ready`."""
    with resolver_world(directory) as world:
        made = DoctorWorld(world, directory / "a check out")
        put_tools(made.root)
        _lead_out(made.client("ec2"))
        made.put_cluster()
        made.write_stage()
        yield made


def _lead_out(ec2: Any) -> None:
    """Give the VPC names, and its subnet a NAT gateway as its way out."""
    vpc, subnet = NETWORK["vpc_id"], NETWORK["subnet_id"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(
        RouteTableId=table,
        DestinationCidrBlock="0.0.0.0/0",
        NatGatewayId=gateway["NatGatewayId"],
    )


def _environment(keys: callers.Keys) -> dict[str, str]:
    names = {
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
    }
    return {names[name]: value for name, value in keys.items()}


__all__ = ["ACCOUNT", "REGION", "DoctorWorld", "Ran", "Report", "doctor_world"]
