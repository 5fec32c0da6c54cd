"""`python -m emr_notebook`: the emr-notebook command."""

from emr_notebook.cli.main import main

if __name__ == "__main__":
    main()
