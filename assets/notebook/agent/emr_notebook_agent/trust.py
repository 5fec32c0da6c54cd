"""Has SparkMagic's kernels trust the authority of Livy's certificate, beside the public ones."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from emr_notebook_agent import files

if TYPE_CHECKING:
    from pathlib import Path

BUNDLE = ".sparkmagic/ca.pem"
STARTUP = ".ipython/profile_default/startup/00-emr-notebook.py"


def set_up(home: Path, authorities: str) -> None:
    """Write whom to trust, by a variable of requests, SparkMagic's client, in its kernels alone.

    Without authorities, remove what an earlier start wrote. Raises OSError.
    """
    bundle, startup = home / BUNDLE, home / STARTUP
    if not authorities:
        for path in (startup, bundle):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
        return
    import ssl

    system = ssl.create_default_context().get_ca_certs(binary_form=True)
    files.write(bundle, "".join(map(ssl.DER_cert_to_PEM_cert, system)) + authorities)
    variable = '__import__("os").environ["REQUESTS_CA_BUNDLE"]'
    text = f'if "sparkmagic" in __import__("sys").modules:\n    {variable} = {str(bundle)!r}\n'
    files.write(startup, text)
