"""Runs the command emr-notebook, as `python -m emr_notebook`."""

from emr_notebook.cli.main import main

if __name__ == "__main__":
    main()
