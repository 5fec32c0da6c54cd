"""`python -m sandbox.aws`: the emulator's process. Started by `launcher.start_aws`."""

import argparse
import json
from pathlib import Path

from sandbox.aws.options import Options
from sandbox.aws.server import serve


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    for flag in ("--state", "--certificate", "--key", "--ca"):
        parser.add_argument(flag, type=Path, required=True)
    for flag in ("--port", "--instances-per-page"):
        parser.add_argument(flag, type=int, required=True)
    for flag in ("--hook-seconds", "--policy-seconds"):
        parser.add_argument(flag, type=float, required=True)
    # The command that runs a notebook, as a JSON list.
    parser.add_argument("--notebook-host", type=json.loads, required=True)
    given = parser.parse_args(arguments)
    serve(Options(**vars(given)))


if __name__ == "__main__":
    main()
