"""A running AWS, a scratch checkout, and `cdk deploy` of stages whose clusters a test made up."""

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.aws import RunningAws, start_aws
from sandbox.aws.ec2.seed import put_network
from sandbox.aws.emr.seed import ClusterSpec, InstanceSpec, put_cluster
from sandbox.cdk import run_cdk
from sandbox.environment import ACCOUNT, REGION
from sandbox.errors import SandboxError
from sandbox.tls import make_authority
from tests.conftest import STAGE
from tests.end_to_end import several_stages, stack_state
from tests.end_to_end.checkouts import Checkout
from tests.end_to_end.stack_state import StackState
from tests.end_to_end.warm_command import WarmCommand
from tests.sandbox.aws.running_aws import FAKE_HOST

NETWORK = STAGE["network"]
PRIMARY_GROUP = "sg-0a1b2c3d4e5f60718"
APP = Path(several_stages.__file__)
# Shows what the start script is told; the real one is none of these tests' business.
START_SCRIPT = '#!/bin/bash\necho "$LIVY_URL" >>SageMaker/livy\n'
BECAUSE = {"because": "nothing is kept"}
NO_QUESTIONS = ("--require-approval=never", "--method=direct")
PAGE_OF_INSTANCES = 2


@dataclass(frozen=True)
class Asked:
    """How a stage is deployed: with `-c refresh=`, without one of the resolver's permissions, or
    with more outputs a cluster."""

    refresh: str = ""
    withheld: str = ""
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deploy:
    """One run of the CDK command line."""

    printed: str
    failed: bool


class ResolverWorld:
    """Where stages are written and deployed."""

    def __init__(self, aws: RunningAws, checkout: Checkout, command: WarmCommand) -> None:
        self.aws = aws
        self.command = command
        self._root = checkout.root
        self._cloudformation = aws.client("cloudformation")
        shutil.copy2(APP, self._root)
        (self._root / "assets/notebook/on_start.sh").write_text(START_SCRIPT)

    @property
    def config(self) -> Path:
        """The folder of the stages' settings."""
        return self._root / "config"

    def put(self, *clusters: ClusterSpec) -> None:
        """Make the clusters, or make them what they are now."""
        for cluster in clusters:
            put_cluster(self.aws, cluster)

    def write_stage(
        self,
        stage: str,
        clusters: Mapping[str, Any],
        notebooks: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """Write config/<stage>.yaml; its stack is named after the stage, nothing of it is kept.

        No cluster is followed unless it says so: what is looked up at a deploy is in question.
        `more` are settings that are added, or take the place of the usual ones.
        """
        settings = {
            **STAGE,
            "stack_name": stage,
            "clusters": {key: {"follow": False, **cluster} for key, cluster in clusters.items()},
            "notebooks": dict(notebooks or {}),
            "opt_outs": {"aws_managed_key": BECAUSE, "delete_volumes": BECAUSE},
            **more,
        }
        (self.config / f"{stage}.yaml").write_text(yaml.safe_dump(settings))

    def bootstrap(self) -> None:
        """`cdk bootstrap`, in a folder without cdk.json: there the app is not synthesized."""
        self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", folder=self.aws.state)

    def deploy(self, stage: str, *more: str) -> Deploy:
        """`cdk deploy` of one stage."""
        return self._run("deploy", *NO_QUESTIONS, f"--context=stage={stage}", *more)

    def deploy_together(self, stages: Mapping[str, Asked]) -> Deploy:
        """`cdk deploy --all`, the stacks of the stages at the same time."""
        listed = json.dumps({stage: asdict(asked) for stage, asked in stages.items()})
        return self._run(
            "deploy",
            "--all",
            f"--app=python {APP.name}",
            f"--concurrency={len(stages)}",
            f"--context=stages={listed}",
            *NO_QUESTIONS,
        )

    def destroy(self, stage: str, *more: str) -> Deploy:
        """`cdk destroy` of one stage."""
        return self._run("destroy", "--force", f"--context=stage={stage}", *more)

    def stack(self, name: str) -> StackState:
        """The stack now."""
        return stack_state.describe(self._cloudformation, name)

    def events(self, stack: str) -> list[Mapping[str, Any]]:
        """The stack's events, oldest first."""
        return stack_state.events(self._cloudformation, stack)

    def started_with(self, stack: str, notebook: str) -> str:
        """The Livy addresses that the notebook's start script was told, one line a start."""
        return (self.volume(f"{stack}-{notebook}") / "livy").read_text().strip()

    def volume(self, name: str) -> Path:
        """Where a notebook instance's files are."""
        return self.aws.state / "notebooks" / name / "SageMaker"

    def log_of(self, stack: str) -> str:
        """What the stack's resolver has logged."""
        pages = (
            self.aws.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=self.stack(stack).named("ResolverLog"))
        )
        return "".join(event["message"] for page in pages for event in page["events"])

    def calls_by(self, stack: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The calls that the stack's resolver made to find clusters, in their order."""
        return [
            (call["action"], call["parameters"])
            for call in self.aws.requests()
            if f"/{stack}-ResolverRole" in str(call["principal"])
            and call["service"] in ("elasticmapreduce", "tagging")
        ]

    def calls_about(self, cluster_id: str) -> list[str]:
        """The calls that anybody made about the cluster, in their order."""
        return [
            call["action"]
            for call in self.aws.requests()
            if call["parameters"].get("ClusterId") == cluster_id
        ]

    def _run(self, *arguments: str) -> Deploy:
        try:
            return Deploy(self._cdk(*arguments), failed=False)
        except SandboxError:
            return Deploy(self._log(arguments[0]).read_text(), failed=True)

    def _cdk(self, *arguments: str, folder: Path | None = None) -> str:
        return run_cdk(
            *arguments,
            env=self.aws.env() | {"CDK_VALIDATION": "false"},
            checkout=self._root,
            output=self._root / "cdk.out",
            log=self._log(arguments[0]),
            folder=folder,
            seconds=300,
        )

    def _log(self, command: str) -> Path:
        return self._root / f"{command}.log"


@contextlib.contextmanager
def resolver_world(
    directory: Path, *, policy_seconds: float = 0, real_host: bool = False
) -> Iterator[ResolverWorld]:
    """The world, bootstrapped; `policy_seconds` is how late IAM knows of a changed policy.

    With `real_host` a notebook is a real instance without JupyterLab, otherwise a stand-in.
    """
    aws = start_aws(
        state=directory / "aws",
        authority=make_authority(directory / "tls"),
        notebook_host=None if real_host else FAKE_HOST,
        lab=not real_host,
        instances_per_page=PAGE_OF_INSTANCES,
        policy_seconds=policy_seconds,
    )
    try:
        put_network(
            aws.state,
            vpc_id=NETWORK["vpc_id"],
            vpc_cidr=NETWORK["vpc_cidr"],
            subnet_id=NETWORK["subnet_id"],
            group_ids=[PRIMARY_GROUP],
        )
        checkout = Checkout(directory)
        with WarmCommand(checkout.root) as command:
            world = ResolverWorld(aws, checkout, command)
            world.bootstrap()
            yield world
    finally:
        aws.stop()


def running(cluster_id: str, *addresses: str, **changes: Any) -> ClusterSpec:
    """A waiting cluster with its running primaries, a dead one and a core node."""
    primaries = tuple(InstanceSpec(address) for address in addresses or ("10.0.1.10",))
    others = (InstanceSpec("10.0.1.1", state="TERMINATED"), InstanceSpec("10.0.1.99", role="CORE"))
    return ClusterSpec(cluster_id, instances=(others[0], *primaries, others[1]), **changes)
