"""`python -m sandbox.notebook_host`: play one start of a SageMaker notebook instance.

Says what happens as lines of JSON on standard output: "hook" after each lifecycle script,
then "in-service" with JupyterLab's address, or "failed" with the reason and exit status 1.
With --no-lab nothing listens at that address; all else, and what scripts left running, is there.
SIGTERM stops the instance; whatever ends this program ends all that it started, and only
home/ec2-user/SageMaker and the logs are left of the instance's directory.
"""

import argparse
import os
import sys
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.isolation.contained import run_contained
from sandbox.isolation.system_calls import die_with_parent
from sandbox.notebook_host.hooks import LIMIT_SECONDS
from sandbox.notebook_host.image import wipe
from sandbox.notebook_host.instance import Instance, emit, run


def parse(arguments: list[str]) -> Instance:
    """The instance that the command line describes."""
    parser = argparse.ArgumentParser("sandbox.notebook_host", description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--root", type=Path, required=True, help="the instance's directory")
    parser.add_argument("--metadata", type=Path, required=True, help="resource-metadata.json")
    parser.add_argument("--hosts", type=Path, help="an /etc/hosts that stays true")
    parser.add_argument("--aws", type=Path, help="a folder with the AWS CLI's config and ca.pem")
    parser.add_argument("--on-create", type=Path, help="script to run before the first start")
    parser.add_argument("--on-start", type=Path, help="script to run at this start")
    parser.add_argument("--hook-seconds", type=float, default=LIMIT_SECONDS)
    parser.add_argument("--port", type=int, default=0, help="JupyterLab's; 0 for a free one")
    parser.add_argument("--no-lab", dest="lab", action="store_false", help="run no JupyterLab")
    given = vars(parser.parse_args(arguments))
    return Instance(**{**given, "root": given["root"].absolute()})


def main() -> int:
    """Run the instance in namespaces of its own, and clear its directory after it."""
    die_with_parent()
    instance = parse(sys.argv[1:])
    host_pid = os.getpid()
    try:
        # Wiped from here, outside the instance's mount namespace, where nothing of the machine
        # is mounted below the directory. Before the start too: the last run may have been killed.
        wipe(instance.root)
        instance.root.mkdir(parents=True, exist_ok=True)
        status = run_contained(lambda: run(instance, host_pid))
        wipe(instance.root)
    except PermissionError as error:
        emit("failed", reason=f"{error}. A run as root left it: delete it as root, or run as root.")
        return 1
    except (SandboxError, OSError) as error:
        emit("failed", reason=str(error))
        return 1
    if status > 1:
        emit("failed", reason=f"the notebook host was killed (status {status})")
    return status


if __name__ == "__main__":
    sys.exit(main())
