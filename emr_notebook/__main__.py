"""Runs the command emr-notebook, as `python -m emr_notebook`."""

import sys

try:
    from emr_notebook.cli.main import main
except ModuleNotFoundError as missing:
    sys.exit(
        f"error: {missing.name} is not installed for {sys.executable}. Next: make install, and "
        ".venv/bin/emr-notebook; or pip install -r requirements.txt, and then "
        "pip install --no-deps --editable ."
    )

if __name__ == "__main__":
    main()
