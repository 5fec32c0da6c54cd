"""Lists what is measured, each with its baseline and its goal."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench import notebooks, plans, resolver, synthesis
from bench.goals import Goal
from bench.pairs import Sample


@dataclass(frozen=True)
class Measure(Goal):
    """One that is measured by itself, by how many pairs tell.

    `prepared` gives both, as functions that measure once, for as long as it is entered.
    """

    # As many as its noise asks for.
    pairs: int
    prepared: Callable[[], AbstractContextManager[tuple[Sample, Sample]]]


MEASURES: Mapping[str, Measure] = {
    "resolver_cold_start": Measure(
        subject="resolver imported, its EMR client made",
        baseline="boto3 imported, an EMR client made",
        unit="CPU s",
        goal=1.2,
        pairs=15,
        prepared=resolver.cold_start,
    ),
    "resolver_memory": Measure(
        subject="peak memory of the resolver's longest look-up",
        baseline="Lambda's least memory",
        unit="MiB",
        goal=1.0,
        pairs=3,
        prepared=resolver.memory,
    ),
    "synth_one": Measure(
        subject="a stage of one notebook synthesized and checked by cdk-nag",
        baseline="a CDK app with one empty stack, likewise",
        unit="CPU s",
        goal=1.25,
        pairs=5,
        prepared=synthesis.one,
    ),
    "synth_same": Measure(
        subject="a stage of one notebook synthesized and checked by cdk-nag",
        baseline="a bare CDK app that makes the same resources, likewise",
        unit="CPU s",
        goal=1.15,
        pairs=5,
        prepared=synthesis.same,
    ),
    "synth_thousand": Measure(
        subject="1,000 notebooks in 5 stacks synthesized and checked by cdk-nag",
        baseline="their resources made in a bare loop, likewise",
        unit="CPU s",
        goal=1.5,
        pairs=2,
        prepared=synthesis.thousand,
    ),
    "synth_per_notebook": Measure(
        subject="each notebook after the first, of 1,000",
        baseline="each notebook after the first, of 100",
        unit="CPU ms",
        goal=1.25,
        pairs=2,
        prepared=synthesis.per_notebook,
    ),
    "template_bytes": Measure(
        subject="one more notebook with an owner, in its stack's template",
        baseline="at which 225 of them, all that a stack takes, fill a third of a template",
        unit="KiB",
        goal=1.0,
        pairs=2,
        prepared=synthesis.template_size,
    ),
    "plan_forty": Measure(
        subject="emr-notebook plan of 40 deployed notebooks, 50 ms for each call of AWS",
        baseline="their synthesis alone, and 3 seconds",
        unit="s",
        goal=1.0,
        pairs=3,
        prepared=plans.forty,
    ),
    "start_script": Measure(
        subject="a notebook's start: the agent kept, Livy up",
        baseline="a minimal bash that writes the same SparkMagic configuration and asks Livy",
        unit="s",
        goal=2.0,
        pairs=15,
        prepared=notebooks.start,
    ),
    "start_seconds": Measure(
        subject="a notebook's start, likewise",
        baseline="what it may take",
        unit="s",
        goal=1.0,
        pairs=9,
        prepared=notebooks.start_seconds,
    ),
    "agent_memory": Measure(
        subject="the agent at rest, which watches for idleness",
        baseline="what it may have",
        unit="MB",
        goal=1.0,
        pairs=3,
        prepared=notebooks.rest_memory,
    ),
    "agent_processor": Measure(
        subject="the agent at rest: one look a minute",
        baseline="what it may use of a core",
        unit="%",
        goal=1.0,
        pairs=5,
        prepared=notebooks.rest_processor,
    ),
}

# Measured beside the article, in the sandbox.
BESIDE = "first_result"
GOALS: Mapping[str, Goal] = {
    **MEASURES,
    BESIDE: Goal(
        subject="opening a kernel of a deployed notebook, to Spark's first result",
        baseline="the same with SparkMagic configured by hand",
        unit="s",
        goal=1.05,
    ),
}
