"""The emr-notebook command line."""

import os
import sys
from pathlib import Path

# `make install` puts node beside this Python; jsii, which some commands need, runs it.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
