"""`python -m sandbox demo` and `python -m sandbox up`: the whole chain on this machine.

`python -m sandbox replace-cluster` replaces the cluster of the one that is up.
`python -m sandbox check` says whether the machine grants what the others need; it needs nothing
but the standard library, so that it can be asked before anything is installed. Exit status: 0; 1
with the reason; 128 plus the signal that ended it.
"""

import argparse
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from sandbox.environment import CHECKOUT
from sandbox.errors import SandboxError
from sandbox.isolation.contained import run_contained
from sandbox.isolation.limits import open_standard_streams, raise_open_files
from sandbox.isolation.system_calls import die_with_make
from sandbox.report import Report
from sandbox.state import prepare_state

STATE = CHECKOUT / ".sandbox"
ENDS = {
    128 + signal.SIGINT: "interrupted",
    128 + signal.SIGTERM: "ended by SIGTERM",
    128 + signal.SIGHUP: "ended by SIGHUP",
    128 + signal.SIGKILL: "killed (SIGKILL; by the kernel, when the machine is out of memory)",
}


def main() -> int:
    """Run one command of the sandbox, contained; answer its exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("command", choices=["check", "demo", "up", "replace-cluster"])
    parser.add_argument("--aws-port", type=int, help="the AWS endpoint's port; a free one without")
    arguments = parser.parse_args()
    # A script that begins this in the background lets it ignore SIGINT: nothing would end it then.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    die_with_make()
    try:
        open_standard_streams()
        raise_open_files()
        prepare_state(STATE)
        if arguments.command == "check":
            return run_contained(lambda: 0)
        if arguments.command == "replace-cluster":
            return _replace_cluster(STATE)
        with _only_one(STATE):
            status = _contained(arguments)
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    if status in ENDS:
        sys.stderr.write(f"The sandbox was {ENDS[status]}; nothing that it started is left.\n")
    return status


def _contained(arguments: argparse.Namespace) -> int:
    if arguments.command == "demo":
        # From here on no earlier demo's report can be taken for this one's.
        early = Report(error="it still runs, or ended before its first step")
        early.write(STATE / "report.json", [])
    return run_contained(lambda: _work(arguments))


def _work(arguments: argparse.Namespace) -> int:
    _keep_files_here()
    # Not before: these take a second to import, and start threads, which must not be there when
    # the namespaces are made.
    from rich.console import Console

    from sandbox.demo import run_demo
    from sandbox.terminal import Terminal
    from sandbox.up import run_up
    from sandbox.world import RELEASE_LABEL, Options

    home = os.environ.get("LIVY_HOME")
    options = Options(
        checkout=CHECKOUT,
        aws_port=arguments.aws_port,
        livy_home=Path(home) if home else None,
        release_label=os.environ.get("EMR_RELEASE") or RELEASE_LABEL,
    )
    command = {"demo": run_demo, "up": run_up}[arguments.command]
    terminal = Terminal(sys.stdout)
    console = Console(file=cast("IO[str]", terminal), soft_wrap=True)
    try:
        status = command(options, console)
    except (SandboxError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if terminal.failure:
        sys.stderr.write(f"error: {terminal.failure}\n")
    return status


def _keep_files_here() -> None:
    """Let every program that is started keep its scratch and cache files in the checkout.

    The next run removes what a killed one left there; /tmp and the home it would have to search.
    """
    scratch = STATE / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(scratch)
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(CHECKOUT / ".cache" / "jsii"))


def _replace_cluster(state: Path) -> int:
    """Ask the sandbox that is up for another cluster, and wait until it has one."""
    from sandbox.replacement import ask_for_replacement

    sys.stdout.write(f"{ask_for_replacement(state)}\n")
    return 0


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """One sandbox a checkout at a time: they share `.sandbox`."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SandboxError(
                "a sandbox of this checkout is running already: end it with Ctrl-C in its "
                "terminal, or use another clone"
            ) from None
        yield


if __name__ == "__main__":
    sys.exit(main())
