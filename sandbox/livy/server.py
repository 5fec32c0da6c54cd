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
from sandbox.livy.protocol import VERSIONS
from sandbox.livy.real import RealLivy, prepare_livy
from sandbox.loopback import answers, port_is_open

STAND_IN = "stand-in"
# Which Livy the stand-in plays when nothing asks for another one.
NEWEST = VERSIONS[-1]
START_SECONDS = 60
ANSWER_SECONDS = 5


@dataclass
class RunningLivy:
    """A Livy that answers: its process, its URL, and its version or `stand-in`.

    `release` is the version as EMR lists it among a cluster's applications: 0.9.0.
    """

    child: Child
    url: str
    version: str
    release: str
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
    version: str = NEWEST,
    livy_home: Path | None = None,
    tls: tuple[Path, Path] | None = None,
) -> RunningLivy:
    """Start Livy on a loopback address and wait until it lists its sessions.

    `spark_env` is what `write_spark_conf` answers, `version` the Livy that the stand-in plays,
    `livy_home` the folder of a real one, and `tls` the files of a certificate and its key, for
    the stand-in only. SandboxError when the stand-in has no such version, when the folder holds
    no Livy, when the port is taken, or when it is not up after a minute.
    """
    if port_is_open(host, port):
        # Its answers would be taken for those of the Livy that cannot start beside it.
        raise SandboxError(
            f"{host}:{port} is taken: something listens there. Stop it, or choose another port."
        )
    state.mkdir(parents=True, exist_ok=True)
    env = {**clean_environment(), **spark_env}
    url = f"{'https' if tls else 'http'}://{host}:{port}"
    if livy_home is None:
        command = _stand_in_command(host, port, state, version, tls)
        log = state / "livy.log"
        child = Child(f"Livy ({STAND_IN})", command, env=env, log=log, cwd=CHECKOUT)
        running = RunningLivy(child, url, STAND_IN, version)
    else:
        if tls:
            raise SandboxError("TLS is for the stand-in: start a real Livy without it.")
        real = prepare_livy(livy_home, host=host, port=port, state=state, spark_env=env)
        running = _start_real(real, url, state)
    _wait(running)
    return running


def _start_real(real: RealLivy, url: str, state: Path) -> RunningLivy:
    # Its sessions inherit this folder: what they write to a relative path lands there.
    work = state / "work"
    work.mkdir(exist_ok=True)
    name, log = f"Livy ({real.version})", state / "livy.log"
    child = Child(name, [real.command], env=real.env, log=log, cwd=work)
    release = real.version.partition("-")[0]
    return RunningLivy(child, url, real.version, release, real.links)


def _wait(running: RunningLivy) -> None:
    try:
        running.child.wait_until(lambda: _answers(running.url), seconds=START_SECONDS)
    except BaseException:
        running.stop()
        raise


def _stand_in_command(
    host: str, port: int, state: Path, version: str, tls: tuple[Path, Path] | None
) -> list[str | Path]:
    if version not in VERSIONS:
        raise SandboxError(
            f"The stand-in answers as Livy {' or '.join(VERSIONS)}, not {version}. Choose "
            "a release of EMR with one of these, or set LIVY_HOME to the folder of a real Livy."
        )
    command: list[str | Path] = [sys.executable, "-m", "sandbox.livy", "--state", state]
    command += ["--host", host, "--port", str(port), "--version", version]
    return [*command, "--certificate", tls[0], "--key", tls[1]] if tls else command


def _answers(url: str) -> bool:
    # Only whether it is up is asked here; whose certificate it has is for its clients to check.
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    handler = urllib.request.HTTPSHandler(context=trusting)
    return answers(f"{url}/sessions", handler, seconds=ANSWER_SECONDS)
