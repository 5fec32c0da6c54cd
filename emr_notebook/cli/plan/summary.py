"""A plan in one line, for a place as small as an approval's message."""

from collections.abc import Iterator

from emr_notebook.cli.plan.endpoint import Verdict
from emr_notebook.cli.plan.notebook import NotebookFate
from emr_notebook.cli.plan.stage import StagePlan
from emr_notebook.cli.plan.wording import endpoint_words

# CodePipeline takes 1,000 characters of an approval's CustomData.
MOST_CHARACTERS = 600
# Names are told of so many notebooks of one fate.
MOST_NAMES = 4
QUIET = frozenset({NotebookFate.UNCHANGED, NotebookFate.NEXT_START})


def in_one_line(plan: StagePlan) -> str:
    """What an approver has to know of all stacks, in at most 600 characters of ASCII.

    The gravest comes first: what is cut off is at the other end.
    """
    said = [f"THE DEPLOY FAILS: {each}" for each in plan.refusals()]
    said += [f"NOT KNOWN: {each}" for each in plan.unknown()]
    said += [*_notebooks(plan), *_others(plan)]
    text = " ".join(f"{'; '.join(said) or 'nothing changes'}.".split())
    plain = text.replace("→", "->").encode("ascii", "replace").decode()
    return plain if len(plain) <= MOST_CHARACTERS else f"{plain[: MOST_CHARACTERS - 3]}..."


def _notebooks(plan: StagePlan) -> Iterator[str]:
    """How many of each fate, those whose files are at stake first, and who they are."""
    restarted = [each.name for each in plan.notebooks if each.restarts]
    others = [each for each in plan.notebooks if not each.restarts]
    names = {fate: [x.name for x in others if x.fate is fate] for fate in NotebookFate}
    told = {NotebookFate.REPLACED: "REPLACED", NotebookFate.REMOVED: "REMOVED"}
    for fate in (NotebookFate.REPLACED, NotebookFate.REMOVED):
        yield from _counted(names.pop(fate), told[fate])
    yield from _counted(restarted, "RESTARTED while somebody may use it")
    for fate in reversed(names):
        yield from _counted(names[fate], fate, named=fate not in QUIET)


def _counted(names: list[str], what: str, *, named: bool = True) -> Iterator[str]:
    if not names:
        return
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    yield f"{len(names)} {what}" + (f" ({', '.join(names[:MOST_NAMES])}{more})" if named else "")


def _others(plan: StagePlan) -> Iterator[str]:
    changed = [x for x in plan.endpoints if x.verdict is not Verdict.UNCHANGED]
    yield from dict.fromkeys(f"cluster {x.cluster} {endpoint_words(x)}" for x in changed)
    others = sum(stack.others for stack in plan.stacks)
    if others:
        yield f"{others} other resource{'' if others == 1 else 's'}"
