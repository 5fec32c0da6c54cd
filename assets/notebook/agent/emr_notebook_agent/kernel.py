"""Prepares a kernel of SparkMagic's, as IPython starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emr_notebook_agent import livy

# A person waits for it, after the request that failed.
LOOK_SECONDS = 10.0


def install() -> None:
    """Make the changes in this process; what was left out is in SparkMagic's log."""
    from sparkmagic.utils.sparklogger import SparkLog

    from emr_notebook_agent import sparkmagic_patches

    log = SparkLog("emr_notebook_agent")
    for change in sparkmagic_patches.install(look):
        log.error(f"Left out: {change}")


def look(client: Any) -> livy.Finding:
    """Look at the Livy that SparkMagic's client speaks to, as it does."""
    from emr_notebook_agent import livy

    trust = client.verify_ssl
    target = livy.Livy(
        client.compose_url("").rstrip("/"),
        ca_bundle=trust if isinstance(trust, str) else "",
        ignore_ssl_errors=not trust,
        headers=tuple(client.get_headers().items()),
    )
    known = getattr(client, "address", "")
    return livy.look(target, seconds=LOOK_SECONDS, known_address=known)


def show_connection() -> None:
    """Print what a look at Livy finds now: START HERE, once placed, calls it for years."""
    import sys
    from pathlib import Path

    from emr_notebook_agent import look as look_here

    sys.stdout.write(look_here.report(Path.home()))
