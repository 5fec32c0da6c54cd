"""Runs a notebook instance once, from its file system to the end of its JupyterLab."""

import json
import os
import shutil
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.isolation.contained import Terminated
from sandbox.loopback import free_port
from sandbox.notebook_host import filesystem, image, lab
from sandbox.notebook_host.aws_cli import ensure_aws_cli
from sandbox.notebook_host.hooks import LIMIT_SECONDS, run_hook
from sandbox.notebook_host.user import Ec2User, this_machines_ec2_user


@dataclass(frozen=True)
class Instance:
    """What one start of a notebook instance is given."""

    name: str
    root: Path
    metadata: Path
    hosts: Path | None = None
    aws: Path | None = None
    on_create: Path | None = None
    on_start: Path | None = None
    hook_seconds: float = LIMIT_SECONDS
    port: int = 0
    lab: bool = True


def emit(event: str, **details: object) -> None:
    """Tell whoever started this program, as one line of JSON on standard output."""
    sys.stdout.write(json.dumps({"event": event, **details}, default=str) + "\n")
    sys.stdout.flush()


def run(instance: Instance, host_pid: int) -> int:
    """Run the instance until it is stopped (0) or fails (1), having said why.

    To be called in PID and mount namespaces of its own. `host_pid` is the process, as seen from
    outside, that a SIGTERM stops.
    """
    try:
        _run(instance, host_pid)
    except Terminated:
        return 0
    except (SandboxError, OSError) as error:
        emit("failed", reason=str(error))
    return 1


def _run(instance: Instance, host_pid: int) -> None:
    os.umask(0o022)
    metadata = instance.metadata.read_text()
    scripts = {"OnCreate": instance.on_create, "OnStart": instance.on_start}
    hooks = {hook: path.read_bytes() for hook, path in scripts.items() if path is not None}
    user = this_machines_ec2_user()
    aws_config, aws_ca = image.NO_AWS, b""
    if instance.aws is not None:
        aws_config = (instance.aws / "config").read_text()
        aws_ca = (instance.aws / "ca.pem").read_bytes()
    logs = _prepare(instance.root, user, aws_config)
    filesystem.set_up(instance.root, user, metadata, instance.hosts, ensure_aws_cli())
    filesystem.AWS_CA.write_bytes(aws_ca)
    os.chdir("/")
    shutil.copytree(filesystem.HOME / ".aws", "/root/.aws")
    for hook, script in hooks.items():
        _run_hook(hook, script, logs, instance.hook_seconds)
    address = lab.Address(instance.port or free_port())
    if not instance.lab:
        emit("in-service", url=address.url, pid=host_pid)
        while True:
            signal.pause()
    with lab.start(address, user, logs / "jupyter.log") as server:
        emit("in-service", url=address.url, pid=host_pid)
        status = server.process.wait()
        raise SandboxError(f"JupyterLab ended with status {status}:\n{server.tail()}")


def _prepare(root: Path, user: Ec2User, aws_config: str) -> Path:
    home = root / "home" / "ec2-user"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    image.install(home, user, aws_config)
    logs = root / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "jupyter.log").unlink(missing_ok=True)
    return logs


def _run_hook(hook: str, script: bytes, logs: Path, limit_seconds: float) -> None:
    program = filesystem.PRIVATE / hook
    program.write_bytes(script)
    program.chmod(0o700)
    log = logs / f"LifecycleConfig{hook}.log"
    result = run_hook(hook, program, log=log, limit_seconds=limit_seconds)
    emit("hook", **asdict(result))
    if result.reason is not None:
        raise SandboxError(result.reason)
