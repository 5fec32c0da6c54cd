"""`python -m bench.beside FILE`: compare, contained, and write what was seen as JSON."""

import argparse
import json
import signal
import sys
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.isolation.contained import run_contained
from sandbox.isolation.limits import open_standard_streams, raise_open_files
from sandbox.isolation.system_calls import die_with_parent


def main() -> int:
    """Compare; status 1 with the reason when that was not possible."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--pairs", type=int)
    given = parser.parse_args()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    open_standard_streams()
    raise_open_files()
    try:
        return run_contained(lambda: _work(given.file, given.pairs))
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


def _work(file: Path, pairs: int | None) -> int:
    # Not before: these start threads, which must not be there when the namespaces are made.
    from rich.console import Console

    from bench.beside.compare import compare
    from bench.beside.results import as_json
    from bench.beside.world import both

    shown = Console(stderr=True)
    try:
        with both(shown) as world:
            found = compare(world, pairs, lambda text: shown.print(f"… {text}", highlight=False))
    except (SandboxError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    file.write_text(json.dumps(as_json(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
