"""CloudFormation's verbs for Custom::ReplacementGuard."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from cluster_endpoint.refusals import Refusal
from replacement_guard.births import births, replaceable
from replacement_guard.decide import decide

PHYSICAL_ID = "replacement-guard"

log = logging.getLogger("cluster_endpoint")


def on_event(event: Mapping[str, Any], is_rolling_back: Callable[[], bool]) -> dict[str, str]:
    """Answer a Create or Update; raise Refusal when an Update would replace a notebook unasked.

    `is_rolling_back` says whether the stack undoes an update. It is asked only when there is
    something to refuse, and lets that pass: after a refusal CloudFormation sends an Update with
    the values of before, and a second refusal would leave the stack in UPDATE_ROLLBACK_FAILED.
    """
    if event["RequestType"] == "Update":
        refusal = _refusal(event)
        if refusal is not None:
            if not is_rolling_back():
                raise refusal
            log.info("The stack rolls back, which is not refused: %s", refusal)
    return {"PhysicalResourceId": PHYSICAL_ID}


def _refusal(event: Mapping[str, Any]) -> Refusal | None:
    try:
        before = births(event, "OldResourceProperties")
        after = births(event, "ResourceProperties")
        return decide(before, after, replaceable(event))
    except Refusal as unfit:
        return unfit
