"""Says a plan in one line, for a place as small as an approval's message."""

from collections.abc import Iterator

from emr_notebook.cli.plan.notebook import NotebookChange
from emr_notebook.cli.plan.stage import SAME, StagePlan
from emr_notebook.cli.plan.wording import endpoint_words

# CodePipeline takes 1,000 characters of an approval's CustomData.
MAX_CHARACTERS = 600
# So many notebooks with the same change are named.
MAX_NAMES = 4
# Their notebooks are counted, not named.
UNNAMED = frozenset({NotebookChange.UNCHANGED, NotebookChange.NEXT_START})


def summary_line(plan: StagePlan) -> str:
    """What an approver has to know of all stacks, in at most 600 characters of ASCII.

    The worst comes first: what is cut off is at the other end.
    """
    said = [f"THE DEPLOY FAILS: {each}" for each in plan.refusals()]
    said += [f"NOT KNOWN: {each}" for each in plan.unknown()]
    said += [*_notebooks(plan), *_others(plan)]
    text = " ".join(f"{'; '.join(said) or 'nothing changes'}.".split())
    plain = text.replace("→", "->").encode("ascii", "replace").decode()
    return plain if len(plain) <= MAX_CHARACTERS else f"{plain[: MAX_CHARACTERS - 3]}..."


def _notebooks(plan: StagePlan) -> Iterator[str]:
    """How many notebooks each change is for, those whose files are at stake first, and which."""
    restarted = [each.name for each in plan.notebooks if each.restarts]
    others = [each for each in plan.notebooks if not each.restarts]
    names = {kind: [x.name for x in others if x.change_type is kind] for kind in NotebookChange}
    for kind in (NotebookChange.REPLACED, NotebookChange.REMOVED):
        yield from _counted(names.pop(kind), kind.upper())
    for each in plan.notebooks:
        if each.renamed_from:
            yield f"{each.renamed_from} RENAMED to {each.name}, which is empty"
    yield from _counted(restarted, "RESTARTED while somebody may use it")
    for kind in reversed(names):
        yield from _counted(names[kind], kind, named=kind not in UNNAMED)


def _counted(names: list[str], what: str, *, named: bool = True) -> Iterator[str]:
    if not names:
        return
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    yield f"{len(names)} {what}" + (f" ({', '.join(names[:MAX_NAMES])}{more})" if named else "")


def _others(plan: StagePlan) -> Iterator[str]:
    changed = [x for x in plan.endpoints if x.verdict not in SAME]
    yield from dict.fromkeys(f"cluster {x.cluster} {endpoint_words(x)}" for x in changed)
    changed_times = [x.key for stack in plan.stacks for x in stack.schedules if x.before != x.after]
    yield from _counted(changed_times, "started or stopped at other times")
    others = sum(stack.other_changes for stack in plan.stacks)
    if others:
        yield f"{others} other resource{'' if others == 1 else 's'}"
