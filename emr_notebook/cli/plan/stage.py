"""Sums up what a deploy of a whole stage would do, and the exit status for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from emr_notebook.cli.command import DIFFERENT, FAILED, OK, UNKNOWN
from emr_notebook.cli.plan.costs import Costs
from emr_notebook.cli.plan.endpoint import EndpointPlan, EndpointVerdict
from emr_notebook.cli.plan.notebook import NotebookChange, NotebookPlan
from emr_notebook.cli.plan.stack import StackPlan

SAME = frozenset({EndpointVerdict.UNCHANGED, EndpointVerdict.FOLLOWED})


@dataclass(frozen=True)
class StagePlan:
    """The stacks in the order of the settings. `denied` are the IAM actions that are missing.

    `now` is when it was made.
    """

    stage: str
    refresh: str
    stacks: Sequence[StackPlan]
    denied: frozenset[str] = frozenset()
    costs: Costs | None = None
    now: datetime = field(kw_only=True)

    @property
    def endpoints(self) -> list[EndpointPlan]:
        """The endpoints of all stacks: a cluster's in each that uses it."""
        return [each for stack in self.stacks for each in stack.endpoints]

    @property
    def notebooks(self) -> list[NotebookPlan]:
        """The notebooks of all stacks."""
        return [each for stack in self.stacks for each in stack.notebooks]

    def refusals(self) -> list[str]:
        """Why the deploy fails, each reason once."""
        return list(dict.fromkeys(self._refusals()))

    def unknown(self) -> list[str]:
        """What keeps the plan from being all that there is to say."""
        found = [f"these credentials may not {action}" for action in sorted(self.denied)]
        found += [
            f"cluster {each.cluster} is not ready to be looked at: {each.why}"
            for each in self.endpoints
            if each.verdict is EndpointVerdict.NOT_READY
        ]
        found += [
            f"stack {each.name} is {each.status}: plan again when that is done"
            for each in self.stacks
            if each.status is not None and each.status.endswith("_IN_PROGRESS")
        ]
        return list(dict.fromkeys(found))

    @property
    def is_different(self) -> bool:
        """Whether a deploy changes anything, or a live endpoint is not the deployed one."""
        return (
            any(each.verdict not in SAME for each in self.endpoints)
            or any(each.is_looked_up for each in self.endpoints)
            or any(each.change_type is not NotebookChange.UNCHANGED for each in self.notebooks)
            or any(x.before != x.after for each in self.stacks for x in each.schedules)
            or any(each.other_changes or each.output_changes for each in self.stacks)
        )

    @property
    def exit_status(self) -> int:
        """FAILED counts before UNKNOWN, and that before DIFFERENT."""
        if self.refusals():
            return FAILED
        if self.unknown():
            return UNKNOWN
        return DIFFERENT if self.is_different else OK

    def _refusals(self) -> Iterator[str]:
        for stack in self.stacks:
            for each in stack.endpoints:
                if each.verdict is EndpointVerdict.REFUSED:
                    yield each.why
            yield from stack.refusals
            for notebook in stack.notebooks:
                # The guard's words are about all notebooks at once.
                if notebook.refusal and not (stack.refusals and notebook.refusal.startswith("[")):
                    yield notebook.refusal
