"""Starts Livy, be it the stand-in or a real one."""

import shutil
import ssl
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.environment import CHECKOUT, clean_environment
from sandbox.errors import SandboxError
from sandbox.isolation.processes import Child
from sandbox.livy.real import prepare_livy
from sandbox.loopback import answers, port_is_open

STAND_IN = "stand-in"
START_SECONDS = 60
ANSWER_SECONDS = 5


@dataclass
class RunningLivy:
    """A Livy that answers: its process, its URL, and its version or `stand-in`."""

    child: Child
    url: str
    version: str
    links: Path | None = None

    def stop(self) -> None:
        """End it with all its sessions."""
        self.child.stop()
        if self.links:
            shutil.rmtree(self.links, ignore_errors=True)


def start_livy(
    *,
    host: str,
    port: int,
    state: Path,
    spark_env: Mapping[str, str],
    livy_home: Path | None = None,
    tls: tuple[Path, Path] | None = None,
) -> RunningLivy:
    """Start Livy on a loopback address and wait until it lists its sessions.

    `spark_env` is what `write_spark_conf` answers, `livy_home` the folder of a real Livy, and
    `tls` the files of a certificate and its key, for the stand-in only. SandboxError when the
    folder holds no Livy, when the port is taken, or when it is not up after a minute.
    """
    if port_is_open(host, port):
        # Its answers would be taken for those of the Livy that cannot start beside it.
        raise SandboxError(
            f"{host}:{port} is taken: something listens there. Stop it, or choose another port."
        )
    state.mkdir(parents=True, exist_ok=True)
    env = {**clean_environment(), **spark_env}
    command, links = _stand_in_command(host, port, state, tls), None
    version = STAND_IN
    if livy_home is not None:
        if tls:
            raise SandboxError("TLS is for the stand-in: start a real Livy without it.")
        real = prepare_livy(livy_home, host=host, port=port, state=state, spark_env=env)
        command, env, version, links = [real.command], real.env, real.version, real.links
    child = Child(f"Livy ({version})", command, env=env, log=state / "livy.log", cwd=CHECKOUT)
    running = RunningLivy(child, f"{'https' if tls else 'http'}://{host}:{port}", version, links)
    _wait(running)
    return running


def _wait(running: RunningLivy) -> None:
    try:
        running.child.wait_until(lambda: _answers(running.url), seconds=START_SECONDS)
    except BaseException:
        running.stop()
        raise


def _stand_in_command(
    host: str, port: int, state: Path, tls: tuple[Path, Path] | None
) -> list[str | Path]:
    command: list[str | Path] = [sys.executable, "-m", "sandbox.livy", "--state", state]
    command += ["--host", host, "--port", str(port)]
    return [*command, "--certificate", tls[0], "--key", tls[1]] if tls else command


def _answers(url: str) -> bool:
    # Only whether it is up is asked here; whose certificate it has is for its clients to check.
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    handler = urllib.request.HTTPSHandler(context=trusting)
    return answers(f"{url}/sessions", handler, seconds=ANSWER_SECONDS)
