"""Runs the command emr-notebook, also as `python -m emr_notebook`."""

import sys
from collections.abc import Callable

from emr_notebook.interrupt import run_interruptibly


def main() -> None:
    """Run the command line."""
    run_interruptibly(_command_line)


def _command_line() -> Callable[[], None]:
    try:
        from emr_notebook.cli.main import main as run
    except ModuleNotFoundError as missing:
        sys.exit(
            f"error: {missing.name} is not installed for {sys.executable}. Next: make install, "
            "and .venv/bin/emr-notebook; or pip install -r requirements.txt, and then "
            "pip install --no-deps --editable ."
        )
    return run


if __name__ == "__main__":
    main()
