"""Deploys a stage into the world with the CDK command line, and looks at what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cdk import run_cdk
from sandbox.errors import SandboxError
from sandbox.world import LIVY_PORT, World

STAGE = "sandbox"


@dataclass(frozen=True)
class Deployment:
    """The deployed stack's outputs, by kind of output and key in the settings."""

    world: World
    outputs: Mapping[str, str]

    @property
    def notebook_name(self) -> str:
        """The name of the stage's first notebook."""
        settings = self.world.settings
        return settings.resolved_notebooks[0].name

    @property
    def livy_url(self) -> str:
        """Where the resolver found Livy."""
        return self._output("Cluster", "LivyUrl")

    @property
    def notebook_url(self) -> str:
        """The URL that the notebook uses: with the name that follows the cluster, where it does."""
        settings = self.world.settings
        key = settings.resolved_notebooks[0].cluster
        if not settings.clusters[key].is_followed or self.world.speaks_tls:
            return self.livy_url
        return f"http://{settings.record_name(key)}:{LIVY_PORT}"

    def _output(self, start: str, end: str) -> str:
        for name, value in self.outputs.items():
            # CDK appends eight characters of the path's hash to an output's name.
            if name.startswith(start) and name[:-8].endswith(end):
                return value
        raise SandboxError(f"the stack has no output {start}…{end}: {', '.join(self.outputs)}")

    def check_resolver(self) -> None:
        """Raise SandboxError unless the resolver's answer is where the cluster's Livy listens."""
        if self.livy_url != self.world.livy_url:
            raise SandboxError(
                f"the resolver answered {self.livy_url}; the running primary of "
                f"{self.world.cluster_id} has its Livy at {self.world.livy_url}. "
                "Look at assets/lambda/cluster_endpoint."
            )

    def check_start(self) -> None:
        """Raise SandboxError unless the notebook is InService and its start script found Livy."""
        aws, name = self.world.aws, self.notebook_name
        found = aws.client("sagemaker").describe_notebook_instance(NotebookInstanceName=name)
        status = found["NotebookInstanceStatus"]
        if status != "InService":
            raise SandboxError(f"{name} is {status}: {found.get('FailureReason', 'no reason')}")
        log = self.start_log()
        if self.notebook_url not in log or "state: ok" not in log:
            raise SandboxError(
                f"the start script of {name} did not reach Livy at {self.notebook_url}. Look at "
                f"assets/notebook/on_start.sh. Its log:\n{log}"
            )

    def start_log(self) -> str:
        """What the last start script printed, from CloudWatch Logs."""
        events = self.world.aws.client("logs").get_log_events(
            logGroupName="/aws/sagemaker/NotebookInstances",
            logStreamName=f"{self.notebook_name}/LifecycleConfigOnStart",
            startFromHead=True,
        )["events"]
        return "\n".join(event["message"] for event in events)

    def jupyter_url(self) -> str:
        """A fresh pre-signed address of the notebook's JupyterLab, its token included."""
        answer = self.world.aws.client("sagemaker").create_presigned_notebook_instance_url(
            NotebookInstanceName=self.notebook_name
        )
        return str(answer["AuthorizedUrl"])


def bootstrap(world: World) -> None:
    """`cdk bootstrap` of the stage's account and region."""
    where = f"aws://{world.settings.account}/{world.settings.region}"
    # In a folder without cdk.json: the app has no part in it, and would only be synthesized.
    _cdk(world, "bootstrap", where, folder=world.options.state)


def deploy(world: World) -> Deployment:
    """`cdk deploy` of the stage."""
    outputs = world.options.state / "outputs.json"
    outputs.unlink(missing_ok=True)
    _cdk(world, "deploy", "--require-approval", "never", "--outputs-file", str(outputs))
    found: dict[str, Any] = json.loads(outputs.read_text())
    return Deployment(world, found[world.settings.stack_name])


def _cdk(world: World, command: str, *arguments: str, folder: Path | None = None) -> None:
    state = world.options.state
    run_cdk(
        command,
        *arguments,
        "--context",
        f"stage={STAGE}",
        env=world.aws.env(),
        checkout=world.options.checkout,
        output=state / "cdk.out",
        log=state / "logs" / f"cdk-{command}.log",
        folder=folder,
    )
