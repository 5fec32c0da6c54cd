"""The Lambda's own decisions, which `plan` makes beforehand: what a deploy would answer."""

# Makes the Lambda's code importable: it is shipped as it is, and no package of this app.
import emr_notebook.cli.look_up  # noqa: F401  # isort: split
from cluster_endpoint import forms
from cluster_endpoint.handler import VANISHED
from cluster_endpoint.refusals import Refusal
from cluster_endpoint.request import parse
from replacement_guard.births import NAME, Birth
from replacement_guard.decide import decide
from replacement_guard.guard import on_event as guard

__all__ = ["NAME", "VANISHED", "Birth", "Refusal", "decide", "forms", "guard", "parse"]
