"""`python -m sandbox.aws`: the emulator's process. Started by `launcher.start_aws`."""

import argparse
import json
import sys
from pathlib import Path

from sandbox.aws.options import Options
from sandbox.aws.server import serve


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    for flag in ("--state", "--certificate", "--key", "--ca"):
        parser.add_argument(flag, type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hook-seconds", type=float, default=300)
    parser.add_argument("--instances-per-page", type=int, default=2000)
    parser.add_argument("--policy-seconds", type=float, default=0)
    parser.add_argument(
        "--notebook-host",
        type=json.loads,
        default=[sys.executable, "-m", "sandbox.notebook_host"],
        help="the command that runs a notebook, as a JSON list",
    )
    given = parser.parse_args(arguments)
    serve(Options(**vars(given)))


if __name__ == "__main__":
    main()
