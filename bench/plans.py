"""Measures how long somebody waits for a plan, beside its synthesis alone."""

import contextlib
import shutil
import time
from collections.abc import Iterator

from bench.children import BenchError, run_python
from bench.pairs import Sample
from bench.stages import write_stage
from bench.synthesis import PROJECT, AppRunner, app_runner

NOTEBOOKS = 40
# What a plan may take beside its synthesis.
SECONDS_MORE = 3.0
SYNTHESIS = "import sys; from bench import slow_aws; slow_aws.synthesize(*sys.argv[1:])"
PLAN = """
import sys
from bench import slow_aws
try:
    slow_aws.run_plan(*sys.argv[1:])
except SystemExit as ended:
    # 2 is a difference: the clusters' values are none of the template's.
    sys.exit(0 if ended.code in (0, 2) else ended.code)
"""


@contextlib.contextmanager
def forty() -> Iterator[tuple[Sample, Sample]]:
    """Seconds of a plan of forty notebooks, and of their synthesis with three seconds more."""
    with app_runner() as runner:
        runner.app(NOTEBOOKS)
        (template,) = runner.templates()
        deployed = shutil.copy(template, runner.folder / "deployed.json")
        shutil.copy(PROJECT / "cdk.json", runner.folder)
        stage = write_stage(runner.folder / "config", NOTEBOOKS)
        yield (
            lambda: seconds(runner, PLAN, stage, str(deployed)),
            lambda: seconds(runner, SYNTHESIS, stage) + SECONDS_MORE,
        )


def seconds(runner: AppRunner, program: str, *arguments: str) -> float:
    """How long a program takes on the clock. Raises BenchError when it fails."""
    env = {"PYTHONDONTWRITEBYTECODE": "", "CDK_VALIDATION": "false"}
    started = time.perf_counter()
    run = run_python(program, *arguments, path=PROJECT, env=env, cwd=runner.folder)
    took = time.perf_counter() - started
    if program is PLAN and "notebooks" not in run.printed:
        raise BenchError(f"this is no plan:\n{run.printed}")
    return took
