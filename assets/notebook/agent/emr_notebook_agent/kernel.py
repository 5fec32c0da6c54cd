"""Prepares a kernel of SparkMagic's, as IPython starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emr_notebook_agent import livy

# A person waits for it, after the request that failed.
LOOK_SECONDS = 10.0
# Whatever is wrong with the agent, the kernel starts.
_STARTUP = """\
# Written at every start of this notebook: an edit here is lost at the next one.
def _emr_notebook():
    import os, sys

    if "sparkmagic" not in sys.modules:
        return
    if {bundle!r}:
        os.environ["REQUESTS_CA_BUNDLE"] = {bundle!r}
    try:
        sys.path.append({program!r})
        from emr_notebook_agent import kernel

        kernel.install()
    except Exception as error:
        print("This kernel runs as SparkMagic made it:", error, file=sys.stderr)


_emr_notebook()
del _emr_notebook
"""


def startup_text(program: str, bundle: str = "") -> str:
    """The file that IPython runs at a kernel's start: it acts in SparkMagic's kernels alone.

    `program` is the path of the agent's zip file, `bundle` that of the certificates which Livy's
    may be issued by; empty for those that requests brings.
    """
    return _STARTUP.format(program=program, bundle=bundle)


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
