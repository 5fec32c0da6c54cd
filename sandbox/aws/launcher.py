"""Starts the sandbox's AWS in a process of its own, and reaches it."""

import functools
import http.client
import json
import shutil
import socket
import ssl
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sandbox.aws.options import HOST, PORT_FILE, SCHEDULER_PATH
from sandbox.environment import ACCOUNT, CHECKOUT, REGION, clean_environment
from sandbox.errors import SandboxError
from sandbox.isolation.processes import Child
from sandbox.tls import Authority

# The emulator does not check the secret of an account's root.
PLACEHOLDER = "sandbox"
READY_SECONDS = 60
_MAKING_CLIENTS = threading.Lock()
NOTEBOOK_HOST = (sys.executable, "-m", "sandbox.notebook_host")


@dataclass(frozen=True)
class RunningAws:
    """The emulator while it runs: where it is, and how programs reach it and nothing else."""

    endpoint: str
    ca_pem: Path
    state: Path
    child: Child

    def env(self) -> dict[str, str]:
        """The environment of a program that uses this AWS: the AWS CLI, boto3, cdk, a notebook."""
        env = clean_environment()
        # The S3 client of the CDK CLI addresses buckets by path when the endpoint is an address,
        # so no bucket name has to resolve as a host.
        env["AWS_ENDPOINT_URL"] = env["AWS_ENDPOINT_URL_S3"] = self.endpoint
        for variable in ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
            env[variable] = str(self.ca_pem)
        return env

    def client(
        self,
        service: str,
        *,
        access_key: str = ACCOUNT,
        secret_key: str = PLACEHOLDER,
        session_token: str | None = None,
    ) -> Any:
        """A boto3 client: the account's root by default, or whoever the keys belong to."""
        # A session makes one client at a time; the clients themselves are used by any thread.
        with _MAKING_CLIENTS:
            return _session(access_key, secret_key, session_token).client(
                service,  # type: ignore[call-overload]  # any service, known to the stubs or not
                endpoint_url=self.endpoint,
                verify=str(self.ca_pem),
                # An empty mapping, not None: a proxy named in the environment is never used.
                config=Config(proxies={}, retries={"total_max_attempts": 2}),
            )

    def requests(self) -> list[dict[str, Any]]:
        """Every API call so far, in order of its answer (see `request_log.py`)."""
        path = self.state / "requests.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]

    def run_schedules(self, until: datetime) -> list[dict[str, Any]]:
        """Move the clock of EventBridge Scheduler, which goes on from there.

        Answers every call that was due on the way, in the order of time: `schedule` and `group`
        name it, `due` says for when, `attempt` counts from 0, `error` is None when it worked.
        """
        context = ssl.create_default_context(cafile=self.ca_pem)
        port = int(self.endpoint.rpartition(":")[2])
        connection = http.client.HTTPSConnection(HOST, port, timeout=60, context=context)
        try:
            connection.request("POST", SCHEDULER_PATH, json.dumps(until.timestamp()))
            answer = connection.getresponse()
            read = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise ValueError(read)
        return list(read)

    def stop(self) -> None:
        """End the emulator, the notebooks and the Lambdas it runs."""
        self.child.stop()


@functools.cache
def _session(access_key: str, secret_key: str, session_token: str | None) -> boto3.Session:
    """Kept: it reads a service's model, a quarter of a second for the larger ones, once."""
    return boto3.Session(access_key, secret_key, session_token, REGION)


def start_aws(
    *,
    state: Path,
    authority: Authority,
    port: int | None = None,
    notebook_host: Sequence[str] | None = None,
    lab: bool = True,
    hook_seconds: float = 300,
    instances_per_page: int = 2000,
    policy_seconds: float = 0,
) -> RunningAws:
    """Start an empty AWS whose files are all under `state`, and wait until it answers.

    `notebook_host` replaces `python -m sandbox.notebook_host`; without `lab` its notebooks run
    their lifecycle scripts and no JupyterLab, so that a stack may have many; `hook_seconds` is
    what a script may take; `instances_per_page` is the size of a ListInstances page;
    `policy_seconds` is for how long a changed policy of a role does not count yet.
    Raises SandboxError when `port` is taken or the emulator does not come up.
    """
    if port is not None:
        _require_free_port(port)
    # The emulator runs in the checkout, wherever this program was started.
    state = state.absolute()
    _clear(state)
    certificate, key = authority.issue("aws", [HOST])
    host = [*(notebook_host or NOTEBOOK_HOST), *([] if lab else ["--no-lab"])]
    options: dict[str, object] = {
        "--state": state,
        "--port": port or 0,
        "--certificate": certificate,
        "--key": key,
        "--ca": authority.ca_pem,
        "--hook-seconds": hook_seconds,
        "--instances-per-page": instances_per_page,
        "--policy-seconds": policy_seconds,
        "--notebook-host": json.dumps(host),
    }
    child = _start_process(options, state / "aws.log")
    try:
        context = ssl.create_default_context(cafile=authority.ca_pem)
        child.wait_until(lambda: _answers(state, context), seconds=READY_SECONDS)
    except BaseException:
        child.stop()
        raise
    return RunningAws(f"https://{HOST}:{_port(state)}", authority.ca_pem, state, child)


def _start_process(options: Mapping[str, object], log: Path) -> Child:
    arguments = [str(part) for option in options.items() for part in option]
    command = [sys.executable, "-m", "sandbox.aws", *arguments]
    return Child("AWS", command, env=clean_environment(), log=log, cwd=CHECKOUT)


def _clear(state: Path) -> None:
    """Remove what an earlier emulator left: this one starts empty and must not answer from it."""
    state.mkdir(parents=True, exist_ok=True)
    for name in ("ec2", "emr", "lifecycle", "notebooks", "persisted", "s3", "tmp"):
        shutil.rmtree(state / name, ignore_errors=True)
    for name in ("aws.log", PORT_FILE, "requests.jsonl"):
        (state / name).unlink(missing_ok=True)


def _require_free_port(port: int) -> None:
    with socket.socket() as probe:
        # Without it a port that was just released, with connections still closing, looks taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise SandboxError(
                f"AWS cannot listen on port {port} of {HOST} ({error}). End the program that "
                f"uses it, give another port, or give none to have a free one chosen."
            ) from error


def _port(state: Path) -> int:
    """The port the emulator has taken; 0 before it has one."""
    path = state / PORT_FILE
    return int(path.read_text()) if path.exists() else 0


def _answers(state: Path, context: ssl.SSLContext) -> bool:
    port = _port(state)
    if not port:
        return False
    # Only the sandbox's own emulator has a certificate of this authority.
    connection = http.client.HTTPSConnection(HOST, port, timeout=5, context=context)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
