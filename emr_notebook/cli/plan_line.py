"""A plan in one line, for a place as small as an approval's message."""

from collections.abc import Iterator

from emr_notebook.cli.endpoint_plan import Verdict
from emr_notebook.cli.notebook_plan import NotebookFate
from emr_notebook.cli.plan_words import endpoint_words
from emr_notebook.cli.stack_plan import StackPlan
from emr_notebook.cli.stage_plan import StagePlan

# CodePipeline takes 1,000 characters of an approval's CustomData.
MOST_CHARACTERS = 600
# Names are told of so many notebooks of one fate.
MOST_NAMES = 4
QUIET = frozenset({NotebookFate.UNCHANGED, NotebookFate.NEXT_START})


def in_one_line(plan: StagePlan) -> str:
    """What an approver has to know, in at most 600 characters of ASCII: the gravest first."""
    said = [f"THE DEPLOY FAILS: {each}" for each in plan.refusals()]
    said += [f"NOT KNOWN: {each}" for each in plan.unknown()]
    said += [
        f"{stack.name}: {', '.join(words)}" for stack in plan.stacks if (words := [*_words(stack)])
    ]
    text = " ".join(f"{'; '.join(said) or 'nothing changes'}.".split())
    plain = text.replace("→", "->").encode("ascii", "replace").decode()
    return plain if len(plain) <= MOST_CHARACTERS else f"{plain[: MOST_CHARACTERS - 3]}..."


def _words(stack: StackPlan) -> Iterator[str]:
    for fate in reversed(NotebookFate):
        names = [each.name for each in stack.notebooks if each.fate is fate]
        if names and fate in QUIET:
            yield f"{len(names)} {fate}"
        elif names:
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            yield f"{len(names)} {fate} ({', '.join(names[:MOST_NAMES])}{more})"
    restarted = sum(each.restarts for each in stack.notebooks)
    if restarted:
        yield f"{restarted} of them restarted while somebody may use them"
    for endpoint in stack.endpoints:
        if endpoint.verdict is not Verdict.UNCHANGED:
            yield f"cluster {endpoint.cluster} {endpoint_words(endpoint)}"
    if stack.others:
        yield f"{stack.others} other resource{'' if stack.others == 1 else 's'}"
