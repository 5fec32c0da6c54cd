"""`python -m sandbox demo` and `python -m sandbox up`: the whole chain on this machine.

`python -m sandbox replace-cluster` replaces the cluster of the one that is up.
`python -m sandbox check` says whether the machine grants what the others need; it needs nothing
but the standard library, so that it can be asked before anything is installed.
"""

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.environment import CHECKOUT
from sandbox.errors import SandboxError
from sandbox.isolation.contained import run_contained


def main() -> int:
    """Run one command of the sandbox, contained; answer its exit status."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("command", choices=["check", "demo", "up", "replace-cluster"])
    parser.add_argument("--aws-port", type=int, help="the AWS endpoint's port; a free one without")
    arguments = parser.parse_args()
    try:
        if arguments.command == "check":
            return run_contained(lambda: 0)
        if arguments.command == "replace-cluster":
            return _replace_cluster(CHECKOUT / ".sandbox")
        with _only_one(CHECKOUT / ".sandbox"):
            return run_contained(lambda: _work(arguments))
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


def _work(arguments: argparse.Namespace) -> int:
    # Not before: these take a second to import, and start threads, which must not be there when
    # the namespaces are made.
    from rich.console import Console

    from sandbox.demo import run_demo
    from sandbox.up import run_up
    from sandbox.world import Options

    home = os.environ.get("LIVY_HOME")
    options = Options(
        checkout=CHECKOUT,
        aws_port=arguments.aws_port,
        livy_home=Path(home) if home else None,
    )
    command = {"demo": run_demo, "up": run_up}[arguments.command]
    return command(options, Console(soft_wrap=True))


def _replace_cluster(state: Path) -> int:
    """Ask the sandbox that is up for another cluster, and wait until it has one."""
    from sandbox.replacement import ask_for_replacement

    sys.stdout.write(f"{ask_for_replacement(state)}\n")
    return 0


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """One sandbox a checkout at a time: they share `.sandbox`."""
    state.mkdir(exist_ok=True)
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
