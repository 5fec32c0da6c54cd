"""Measures the cost of a synthesis, in a process of its own, as the CDK CLI starts one."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.children import run_python
from bench.pairs import Sample
from bench.stages import NOTEBOOKS_PER_STACK, write_stage

PROJECT = Path(__file__).parent.parent

APP = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
EMPTY = "from bench import bare_apps; bare_apps.empty()"
SAME = "from bench import bare_apps; bare_apps.same()"
LOOP = "import sys; from bench import bare_apps; bare_apps.loop(int(sys.argv[1]))"

# What the CDK CLI adds to the context of cdk.json, which asks for no paths in the templates.
CLI_CONTEXT = {
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:version-reporting": True,
    "aws:cdk:bundling-stacks": ["**"],
}

FEW, MANY = 100, 1_000
# The few cost as little as 20 % more than one: the least of some runs is free of most noise.
RUNS_OF_FEW = 3

KIB_PER_NOTEBOOK = 1.5


@dataclass(frozen=True)
class AppRunner:
    """Synthesizes apps in a folder with a config/ of its own."""

    folder: Path

    def app(self, notebooks: int) -> float:
        """Processor seconds of the project's app, for a stage of that many notebooks.

        Those of Python and those of node, which Python starts and waits for.
        """
        stage = write_stage(self.folder / "config", notebooks)
        return self._run(APP, str(PROJECT / "app.py"), stage=stage)

    def empty(self) -> float:
        """Processor seconds of an app without anything."""
        return self._run(EMPTY)

    def same(self) -> float:
        """Processor seconds of an app that makes what a stage of one notebook has, by hand."""
        return self._run(SAME)

    def loop(self, notebooks: int) -> float:
        """Processor seconds of an app of nothing but the resources."""
        return self._run(LOOP, str(notebooks))

    def templates(self) -> list[Path]:
        """The templates of the app that ran last."""
        return sorted(self._out.glob("*.template.json"))

    @property
    def _out(self) -> Path:
        return self.folder / "cdk.out"

    def _run(self, program: str, *arguments: str, **context: str) -> float:
        given = json.loads((PROJECT / "cdk.json").read_text())["context"]
        env = {
            "CDK_CONTEXT_JSON": json.dumps({**given, **CLI_CONTEXT, **context}),
            "CDK_OUTDIR": str(self._out),
            "CDK_VALIDATION": "false",
            # Unlike a function's, an app's folder keeps its compiled modules.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        # The app reads all templates that it finds there, an earlier one's, too.
        shutil.rmtree(self._out, ignore_errors=True)
        run = run_python(program, *arguments, path=PROJECT, env=env, cwd=self.folder)
        return run.cpu_seconds


@contextlib.contextmanager
def one() -> Iterator[tuple[Sample, Sample]]:
    """Processor seconds of a stage of one notebook, and of an app without anything."""
    with app_runner() as runner:
        yield lambda: runner.app(1), runner.empty


@contextlib.contextmanager
def same() -> Iterator[tuple[Sample, Sample]]:
    """Processor seconds of a stage of one notebook, and of a bare app with the same resources."""
    with app_runner() as runner:
        yield lambda: runner.app(1), runner.same


@contextlib.contextmanager
def thousand() -> Iterator[tuple[Sample, Sample]]:
    """Processor seconds of a thousand notebooks, and of a loop that makes their resources."""
    with app_runner() as runner:
        yield lambda: runner.app(MANY), lambda: runner.loop(MANY)


@contextlib.contextmanager
def per_notebook() -> Iterator[tuple[Sample, Sample]]:
    """Processor milliseconds of each notebook after the first: of a thousand, and of a hundred."""
    with app_runner() as runner:
        yield (
            lambda: 1000 * marginal_cost(runner.app, MANY, runs=1),
            lambda: 1000 * marginal_cost(runner.app, FEW, runs=RUNS_OF_FEW),
        )


def marginal_cost(cost: Callable[[int], float], count: int, *, runs: int) -> float:
    """What each thing after the first adds to the cost of so many; of each, the least of `runs`."""
    one, all_ = (min(cost(number) for _ in range(runs)) for number in (1, count))
    return (all_ - one) / (count - 1)


@contextlib.contextmanager
def template_size() -> Iterator[tuple[Sample, Sample]]:
    """KiB that one more notebook adds to its stack's template, and how many it may add."""
    with app_runner() as runner:

        def size(notebooks: int) -> float:
            runner.app(notebooks)
            (template,) = runner.templates()
            return template.stat().st_size / 1024

        added = marginal_cost(size, NOTEBOOKS_PER_STACK, runs=1)
        # It is the same every time.
        yield lambda: added, lambda: KIB_PER_NOTEBOOK


@contextlib.contextmanager
def app_runner() -> Iterator[AppRunner]:
    """In a temporary folder, for as long as it is entered."""
    with tempfile.TemporaryDirectory() as place:
        yield AppRunner(Path(place))
