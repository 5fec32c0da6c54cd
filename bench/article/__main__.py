"""`python -m bench.article`: make one notebook that talks to one cluster, and wait for it."""

import argparse
import base64
import subprocess
from pathlib import Path
from typing import Any

import boto3

FOLDER = Path(__file__).parent
POLL_SECONDS = 1


def find_primary(emr: Any, cluster_id: str) -> str:
    """The private address of the cluster's first running master."""
    found = emr.list_instances(
        ClusterId=cluster_id, InstanceGroupTypes=["MASTER"], InstanceStates=["RUNNING"]
    )
    return str(found["Instances"][0]["PrivateIpAddress"])


def render(file: str, **values: str) -> str:
    """A file of this folder with each word replaced by its value, as sed does it."""
    edits = [f"-es|{word}|{value}|g" for word, value in values.items()]
    command = ["sed", *edits, str(FOLDER / file)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def start_script(address: str) -> str:
    """The start script of a notebook whose cluster's primary has this address, in base64."""
    return base64.b64encode(render("on_start.sh", EMR_MASTER_IP=address).encode()).decode()


def parse(arguments: list[str] | None = None) -> dict[str, str]:
    """The article's nine parameters."""
    parser = argparse.ArgumentParser(prog="python -m bench.article", description=__doc__)
    for name in ("emr-cluster-id", "stack-name", "nb-instance-name", "lifecycle-config-name"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("role-arn", "subnet-id", "security-group-ids"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--nb-instance-type", default="ml.t3.medium")
    parser.add_argument("--volume-size-in-gb", default="5")
    return vars(parser.parse_args(arguments))


def main() -> None:
    """Do all of it."""
    given = parse()
    address = find_primary(boto3.client("emr"), given["emr_cluster_id"])
    boto3.client("sagemaker").create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=given["lifecycle_config_name"],
        OnStart=[{"Content": start_script(address)}],
    )
    words = {f"@{name}@": value for name, value in given.items()}
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName=given["stack_name"],
        TemplateBody=render("notebook.template.json", **words),
        OnFailure="ROLLBACK",
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=given["stack_name"], WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": 1800}
    )


if __name__ == "__main__":
    main()
