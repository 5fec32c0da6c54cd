"""Writes what SparkMagic's kernels start with: whom they trust, and the agent's changes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from emr_notebook_agent import files, startup

if TYPE_CHECKING:
    from pathlib import Path

BUNDLE = ".sparkmagic/ca.pem"
STARTUP = ".ipython/profile_default/startup/00-emr-notebook.py"


def set_up(home: Path, authorities: str, program: str) -> None:
    """Have the kernels trust these authorities beside the public ones, and import the agent.

    `program` is the agent's zip file. Without authorities, what an earlier start wrote of them is
    removed. Raises OSError.
    """
    bundle = home / BUNDLE
    if authorities:
        import ssl

        system = ssl.create_default_context().get_ca_certs(binary_form=True)
        files.write(bundle, "".join(map(ssl.DER_cert_to_PEM_cert, system)) + authorities)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            bundle.unlink()
    trusted = str(bundle) if authorities else ""
    files.write(home / STARTUP, startup.startup_text(program, trusted))
