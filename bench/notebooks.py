"""Measures what the agent costs on a notebook: at a start, and at rest."""

import contextlib
import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.children import BenchError
from bench.pairs import Sample
from tests.assets.notebook.scratch_instance import (
    SAGEMAKER_PATH,
    Instance,
    notebook_user,
    server,
    values,
)

START_SECONDS = 2.0
REST_MB, REST_SHARE = 30.0, 0.005
SECONDS_BETWEEN_LOOKS = 60.0

# The least that connects SparkMagic: its file, the user's, and one question to Livy.
MINIMAL = """#!/bin/bash
mkdir -p {home}/.sparkmagic
cat >{home}/.sparkmagic/config.json <<'JSON'
{config}
JSON
chown -R {user} {home}/.sparkmagic
curl -sS --max-time 20 {url}/sessions
"""
# The agent's own loop, without its pauses.
REST = """
import json, os, sys, time, types
sys.path.insert(0, sys.argv[1])
from emr_notebook_agent import watch
from emr_notebook_agent.instance import Instance
spent = []
def sleep(_):
    spent.append(time.process_time())
    if len(spent) == 30:
        status = open("/proc/self/status").read()
        kib = int(status.partition("VmRSS:")[2].split()[0])
        print(json.dumps({"mb": kib / 1024, "cpu": (spent[-1] - spent[9]) / 20}))
        sys.stdout.flush()
        os._exit(0)
watch.time = types.SimpleNamespace(sleep=sleep, monotonic=time.monotonic)
watch.own = lambda: Instance("bench", "arn", "eu-west-1")
sys.exit(watch.watch())
"""


@dataclass(frozen=True)
class Rest:
    """The watching agent after some looks: its memory in MB, and processor seconds of a look."""

    mb: float
    cpu: float


@contextlib.contextmanager
def start() -> Iterator[tuple[Sample, Sample]]:
    """Seconds of a usual start, its agent kept on the volume, and of a minimal script."""
    with _instance() as (instance, url):
        config = instance.config_file.read_text().strip()
        place = instance.home.parent / "minimal"
        place.mkdir()
        script = instance.home.parent / "minimal.sh"
        home = shlex.quote(str(place))
        script.write_text(
            MINIMAL.format(home=home, config=config, user=notebook_user(), url=shlex.quote(url))
        )
        command = {**instance.command({}, ""), "args": ["/bin/bash", str(script)]}
        yield (lambda: _usual_start(instance, url)), (lambda: _seconds(command, "sessions"))


@contextlib.contextmanager
def start_seconds() -> Iterator[tuple[Sample, Sample]]:
    """Seconds of a usual start, and what it may take."""
    with _instance() as (instance, url):
        yield (lambda: _usual_start(instance, url)), (lambda: START_SECONDS)


@contextlib.contextmanager
def rest_memory() -> Iterator[tuple[Sample, Sample]]:
    """MB of the watching agent, and how many it may have."""
    with _instance() as (instance, _):
        yield (lambda: rest(instance).mb), (lambda: REST_MB)


@contextlib.contextmanager
def rest_processor() -> Iterator[tuple[Sample, Sample]]:
    """The share of a core, in percent, of one look a minute, and how much it may be."""
    with _instance() as (instance, _):
        yield (
            lambda: 100 * rest(instance).cpu / SECONDS_BETWEEN_LOOKS,
            lambda: 100 * REST_SHARE,
        )


def rest(instance: Instance) -> Rest:
    """The agent on this instance after thirty looks. Raises BenchError."""
    python = shutil.which("python3", path=SAGEMAKER_PATH) or sys.executable
    env = {"HOME": str(instance.home), "IDLE_MINUTES": "120", "PATH": SAGEMAKER_PATH}
    done = subprocess.run(
        [python, "-I", "-c", REST, str(instance.program)],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"the agent ended with status {done.returncode}:\n{done.stderr}")
    return Rest(**json.loads(done.stdout))


@contextlib.contextmanager
def _instance() -> Iterator[tuple[Instance, str]]:
    """An instance that was started before, and the address of its Livy."""
    with Instance.scratch() as instance, server() as livy:
        instance.start(LIVY_URL=livy.url)
        yield instance, livy.url


def _usual_start(instance: Instance, url: str) -> float:
    # /opt is new at each start; the volume has the kept copy.
    kept = instance.program.read_bytes()
    instance.program.unlink()
    try:
        return _seconds(instance.command(values(LIVY_URL=url)), "state: ok")
    finally:
        instance.program.write_bytes(kept)


def _seconds(command: dict[str, object], wanted: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(**command, timeout=60, check=False)  # type: ignore[call-overload]
    took = time.perf_counter() - started
    if done.returncode != 0 or wanted not in done.stdout:
        raise BenchError(f"this is no healthy start:\n{done.stdout}")
    return took
