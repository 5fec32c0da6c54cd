"""Runs the agent: `python3 -I agent.pyz COMMAND`."""

import sys

if sys.version_info < (3, 9):  # noqa: UP036 - Amazon Linux 2's own is 3.7, beside Anaconda's
    sys.exit("This Python is too old: the agent needs 3.9 or later")

from emr_notebook_agent.main import main

sys.exit(main(sys.argv[1:]))
