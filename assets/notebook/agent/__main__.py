"""Runs the agent: `python3 -I agent.pyz COMMAND`."""

import sys

from emr_notebook_agent.main import main

sys.exit(main(sys.argv[1:]))
