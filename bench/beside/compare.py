"""Takes both through a notebook's life: deploy, first result, restart, and ten faults."""

import itertools
import time
from collections.abc import Callable

from bench.beside.contenders import Contender, seconds_of, short
from bench.beside.faults import (
    AT_DEPLOY,
    AT_START,
    DEAD_PRIMARY,
    LIVY_DOWN,
    OPENS,
    REPLACED,
    WORKS,
    Outcomes,
    livy_down,
    started,
)
from bench.beside.results import ARTICLE, OURS, Outcome, Results
from bench.beside.world import Both
from bench.pairs import measure_pairs, summarize
from sandbox.errors import SandboxError
from sandbox.jupyter.run_notebook import NotebookFailed

DEPLOYED, FIRST_RESULT, RESTARTED = "deployed", "first_result", "restarted"
# A deploy takes longest, and its noise tells the least.
PAIRS = {DEPLOYED: 2, FIRST_RESULT: 3, RESTARTED: 2}
FOLLOWED_SECONDS = 180
COMMANDS = {
    OURS: ["emr-notebook init --cluster …", "cdk bootstrap (once an account)", "cdk deploy"],
    ARTICLE: ["python …, with nine parameters looked up by hand"],
}


def compare(both: Both, pairs: int | None, say: Callable[[str], None]) -> Results:
    """All of it, in about seven minutes on two idle cores; `say` is told what begins.

    `pairs` takes the place of each story's own number. Raises SandboxError.
    """
    notebooks, calls = {}, {}
    for contender in (both.ours, both.article):
        say(f"{contender.label} deployed")
        before = len(both.world.aws.requests())
        notebooks[contender.label] = contender.deploy(short_name(contender))
        calls[contender.label] = len(both.world.aws.requests()) - before
    live = both.world.livy_url
    faults: dict[str, Outcomes] = {
        # It is so in every cluster of the sandbox's.
        DEAD_PRIMARY: {label: started(both, name, live) for label, name in notebooks.items()}
    }
    ours, article = notebooks[OURS], notebooks[ARTICLE]
    samples = {
        FIRST_RESULT: both.notebooks.first_result,
        RESTARTED: both.notebooks.restart,
    }
    times = {}
    for story, sample in samples.items():
        say(story)
        sample(ours), sample(article)
        found = measure_pairs(
            lambda sample=sample: sample(ours),  # type: ignore[misc]
            lambda sample=sample: sample(article),  # type: ignore[misc]
            pairs or PAIRS[story],
        )
        times[story] = summarize(found)
    for fault, start in AT_START.items():
        say(fault)
        faults[fault] = start(both, notebooks)
    for fault, deploy in AT_DEPLOY.items():
        say(fault)
        faults[fault] = deploy(both)
    say(DEPLOYED)
    deploys = measure_pairs(
        deploying(both, both.ours), deploying(both, both.article), pairs or PAIRS[DEPLOYED]
    )
    times[DEPLOYED] = summarize(deploys)
    say(REPLACED)
    both.replace_cluster()
    seconds, commands, faults[REPLACED] = after_replacement(both, notebooks)
    say(LIVY_DOWN)
    faults[LIVY_DOWN] = livy_down(both, notebooks)
    return Results(times, calls, COMMANDS, seconds, commands, faults)


def short_name(contender: Contender) -> str:
    """The start of its stacks' names."""
    return "ours" if contender.label == OURS else "article"


def deploying(both: Both, contender: Contender) -> Callable[[], float]:
    """Deploys another stack each time, and deletes it again; seconds of the deploy alone."""
    numbers = itertools.count(1)

    def sample() -> float:
        name = f"{short_name(contender)}{next(numbers)}"
        took = seconds_of(lambda: contender.deploy(name))
        both.notebooks.delete_stack(name)
        return took

    return sample


def after_replacement(
    both: Both, notebooks: dict[str, str]
) -> tuple[dict[str, float], dict[str, list[str]], Outcomes]:
    """Seconds to a first result on the new cluster, what was typed for it, and what was unmended.

    Each gets a new kernel, as a person opens one, until it has a result.
    """
    seconds: dict[str, float] = {}
    commands: dict[str, list[str]] = {}
    outcomes: dict[str, Outcome] = {}
    for contender in (both.ours, both.article):
        label, name = contender.label, notebooks[contender.label]
        begun = time.perf_counter()
        said, commands[label] = failure(both, name), []
        if said:
            noticed = time.perf_counter()
            commands[label] = contender.follow(name)
            # What is mended by hand is timed from there on.
            begun = noticed if commands[label] else begun
            until_it_works(both, name)
        seconds[label] = time.perf_counter() - begun
        is_unmended = bool(commands[label])
        outcomes[label] = Outcome(OPENS, short(said)) if is_unmended else Outcome(WORKS)
    return seconds, commands, outcomes


def failure(both: Both, notebook: str) -> str:
    """What a new kernel's first cell says of its failure; "" when it has a result."""
    try:
        both.notebooks.first_result(notebook)
    except NotebookFailed as failed:
        return failed.evalue
    except SandboxError as error:
        return str(error)
    return ""


def until_it_works(both: Both, notebook: str) -> None:
    """Open kernels until one has a result. Raises SandboxError after some minutes."""
    deadline = time.monotonic() + FOLLOWED_SECONDS
    while said := failure(both, notebook):
        if time.monotonic() > deadline:
            raise SandboxError(f"{notebook} has no result on the new cluster: {said}")
