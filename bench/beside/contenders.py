"""The two that are compared: what a person types for each, and what then becomes of it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml
from nbformat.v4 import new_code_cell, new_notebook

from bench.article.__main__ import find_primary, start_script
from bench.beside.results import ARTICLE, OURS
from sandbox.cdk import failure_in, run_cdk
from sandbox.environment import CHECKOUT
from sandbox.errors import SandboxError
from sandbox.jupyter.outputs import output_of
from sandbox.jupyter.run_notebook import run_notebook
from sandbox.world import World

CELL = "print(spark.range(1000).count())"
CELL_SECONDS = 120
SETTLE_SECONDS = 120
SETTLED = ("InService", "Stopped", "Failed")
ROLE = "article-notebook"
SHOWN_CHARACTERS = 240


class Refused(Exception):
    """A deploy that did not succeed; its text is what the person read."""


@dataclass
class Notebooks:
    """What anybody may do with a notebook of the sandbox's, whoever made it."""

    world: World

    def client(self, service: str) -> Any:
        """A client of the account's root."""
        return self.world.aws.client(service)

    def describe(self, name: str) -> dict[str, Any]:
        """What SageMaker says of it."""
        sagemaker = self.client("sagemaker")
        return dict(sagemaker.describe_notebook_instance(NotebookInstanceName=name))

    def settled(self, name: str) -> str:
        """Its status once that no longer passes by itself. Raises SandboxError after a while."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (status := self.describe(name)["NotebookInstanceStatus"]) not in SETTLED:
            if time.monotonic() > deadline:
                raise SandboxError(f"{name} is still {status} after {SETTLE_SECONDS} s")
            time.sleep(0.05)
        return str(status)

    def stop(self, name: str) -> None:
        """Stop it, if it runs."""
        if self.settled(name) == "InService":
            self.client("sagemaker").stop_notebook_instance(NotebookInstanceName=name)
            self.settled(name)

    def start(self, name: str) -> str:
        """Start it; its status then."""
        self.client("sagemaker").start_notebook_instance(NotebookInstanceName=name)
        return self.settled(name)

    def restart(self, name: str) -> float:
        """Stop it and start it: how many seconds the start took. Raises SandboxError."""
        self.stop(name)
        started = time.perf_counter()
        status = self.start(name)
        took = time.perf_counter() - started
        if status != "InService":
            raise SandboxError(f"{name} is {status}: {self.start_log(name)}")
        return took

    def first_result(self, name: str) -> float:
        """Seconds from opening a PySpark kernel to Spark's first result. Raises SandboxError."""
        notebook = new_notebook(cells=[new_code_cell(CELL)])  # type: ignore[no-untyped-call]
        url = self.client("sagemaker").create_presigned_notebook_instance_url(
            NotebookInstanceName=name
        )["AuthorizedUrl"]
        took: list[float] = []
        started = time.perf_counter()
        executed = run_notebook(
            url,
            None,
            notebook,
            cell_timeout=CELL_SECONDS,
            on_cell=lambda *_: took.append(time.perf_counter() - started),
        )
        if "1000" not in output_of(executed.cells[0]):
            raise SandboxError(f"no result: {output_of(executed.cells[0])}")
        return took[0]

    def start_log(self, name: str) -> str:
        """What its last start script printed."""
        path = self.world.aws.state / "notebooks" / name / "logs/LifecycleConfigOnStart.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def delete_stack(self, name: str) -> None:
        """Delete the stack, with its notebook, and wait."""
        cloudformation = self.client("cloudformation")
        found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        for each in found:
            if each["ResourceType"] == "AWS::SageMaker::NotebookInstance":
                self.stop(each["PhysicalResourceId"].rpartition("/")[2])
        cloudformation.delete_stack(StackName=name)
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


class Contender(Protocol):
    """One of the two."""

    label: str

    def deploy(self, name: str, **changes: Any) -> str:
        """Deploy a stack of that name; the name of its notebook. Raises Refused."""

    def follow(self, notebook: str) -> list[str]:
        """Have the notebook use the cluster that has taken over; what a person types for it."""


@dataclass
class Ours:
    """The project itself, in a folder with settings of its own."""

    world: World
    folder: Path
    label: str = OURS
    usual: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.usual = yaml.safe_load((CHECKOUT / "config/sandbox.yaml").read_text())

    def deploy(self, name: str, **changes: Any) -> str:
        """`cdk deploy` of a stage; `changes` are settings of its cluster and of the stage."""
        [cluster] = self.usual["clusters"]
        stage = {**self.usual, "stack_name": name, **changes.get("stage", {})}
        selected = {**self.usual["clusters"][cluster], **changes.get("cluster", {})}
        if "id" in changes.get("cluster", {}):
            del selected["name"]
        stage["clusters"] = {cluster: selected}
        (self.folder / "config" / f"{name}.yaml").write_text(yaml.safe_dump(stage))
        log = self.folder / "deploy.log"
        try:
            run_cdk(
                *("deploy", "--require-approval=never", "--context", f"stage={name}"),
                env=self.world.aws.env(),
                checkout=self.folder,
                output=self.folder / "cdk.out",
                log=log,
                seconds=300,
            )
        except SandboxError:
            raise Refused(failure_in(log.read_text(errors="replace"))) from None
        return f"{name}-alice"

    def follow(self, notebook: str) -> list[str]:  # noqa: ARG002 - nothing is done to it
        """Nothing: its name leads to the new cluster."""
        return []


@dataclass
class Article:
    """The article's method, by its own command."""

    world: World
    label: str = ARTICLE

    def deploy(self, name: str, **changes: Any) -> str:
        """`python -m bench.article`; `changes` are its parameters, and `keys` of who calls."""
        notebook = f"{name}-notebook"
        network = self.world.settings.network
        given = {
            "emr_cluster_id": self.world.cluster_id,
            "stack_name": name,
            "nb_instance_name": notebook,
            "lifecycle_config_name": name,
            "role_arn": self._role(),
            "subnet_id": network.subnet_id,
            "security_group_ids": self.world.settings.clusters["analytics"].security_group_id,
            **{key: value for key, value in changes.items() if key != "env"},
        }
        arguments = [f"--{key.replace('_', '-')}={value}" for key, value in given.items()]
        done = subprocess.run(
            [sys.executable, "-m", "bench.article", *arguments],
            env=self.world.aws.env() | changes.get("env", {}),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode != 0:
            raise Refused(done.stderr.strip().splitlines()[-1])
        return notebook

    def follow(self, notebook: str) -> list[str]:
        """By hand, for its own command makes new things only."""
        address = find_primary(self.world.aws.client("emr"), self.world.cluster_id)
        notebooks = Notebooks(self.world)
        lifecycle = notebooks.describe(notebook)["NotebookInstanceLifecycleConfigName"]
        notebooks.stop(notebook)
        notebooks.client("sagemaker").update_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=lifecycle,
            OnStart=[{"Content": start_script(address)}],
        )
        notebooks.start(notebook)
        return [
            "aws emr list-instances …",
            "edit the start script",
            "aws sagemaker stop-notebook-instance …",
            "aws sagemaker update-notebook-instance-lifecycle-config …",
            "aws sagemaker start-notebook-instance …",
        ]

    def _role(self) -> str:
        iam = self.world.aws.client("iam")
        principal = {"Service": "sagemaker.amazonaws.com"}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        try:
            return str(iam.get_role(RoleName=ROLE)["Role"]["Arn"])
        except iam.exceptions.NoSuchEntityException:
            made = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
            return str(made["Role"]["Arn"])


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes on the clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def short(text: str) -> str:
    """Its beginning, on one line, without what differs from run to run."""
    line = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    line = line.replace(os.fspath(CHECKOUT), "")
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…"
