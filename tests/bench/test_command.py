"""The measuring itself; what it measures is for `make bench` to say."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import plans, synthesis
from bench.children import BenchError, run_python
from bench.measures import MEASURES
from bench.pairs import Pair, Sample, measure_pairs, summarize

pytestmark = pytest.mark.minutes(0.5)


def counting(log: list[str], name: str) -> Callable[[], float]:
    def sample() -> float:
        log.append(name)
        return float(len(log))

    return sample


@contextlib.contextmanager
def measured_once(name: str) -> Iterator[tuple[Sample, Sample]]:
    """The measure's own samples, each of which is measured once, however often it is asked for."""
    with MEASURES[name].prepared() as (subject, baseline):
        yield functools.cache(subject), functools.cache(baseline)


class TestPairs:
    def test_subject_and_baseline_take_turns_and_turns_at_being_first(self) -> None:
        log: list[str] = []
        measure_pairs(counting(log, "subject"), counting(log, "baseline"), 2)

        assert log == ["subject", "subject", "baseline", "baseline", "subject", "subject"]

    def test_the_subject_nearest_to_the_baseline_is_the_one_compared(self) -> None:
        log: list[str] = []
        first, second = measure_pairs(counting(log, "subject"), counting(log, "baseline"), 2)

        assert (first.subject, first.baseline) == (2, 3)
        assert (second.baseline, second.subject) == (4, 5)

    def test_the_ratio_is_the_median_so_that_one_slow_pair_changes_nothing(self) -> None:
        pairs = [Pair(1.0, 2.0, 2.0)] * 4 + [Pair(1.0, 90.0, 90.0)]

        assert summarize(pairs).ratio == 2.0

    def test_eight_of_ten_pairs_lie_between_low_and_high(self) -> None:
        found = summarize([Pair(1.0, float(number), 1.0) for number in range(1, 12)])

        assert (found.low, found.ratio, found.high) == (2.0, 6.0, 10.0)

    @pytest.mark.parametrize("pair", [Pair(1.0, 2.0, 3.0), Pair(1.0, 3.0, 2.0)])
    def test_noise_is_how_far_the_same_thing_differs_from_itself(self, pair: Pair) -> None:
        assert summarize([pair, pair]).noise == 1.5


class TestRunPython:
    def test_processor_time_counts_and_waiting_does_not(self, tmp_path: Path) -> None:
        waiting = "import time; time.sleep(0.5)"
        working = "import time\nwhile time.process_time() < 0.5: pass"

        idle, busy = (run_python(each, path=tmp_path, env={}) for each in (waiting, working))
        assert idle.cpu_seconds < 0.5 <= busy.cpu_seconds

    def test_a_failed_program_is_told_in_its_own_words(self, tmp_path: Path) -> None:
        with pytest.raises(BenchError, match=r"status 3:\nno memory left"):
            run_python("import sys; print('no memory left'); sys.exit(3)", path=tmp_path, env={})

    def test_leaves_no_compiled_modules_behind(self, tmp_path: Path) -> None:
        (tmp_path / "module.py").touch()
        run_python("import module", path=tmp_path, env={})

        assert [each.name for each in tmp_path.iterdir()] == ["module.py"]


class TestCommand:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", MEASURES)
    def test_each_measure_runs_alone_and_is_written_down(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(synthesis, "MANY", 3)
        monkeypatch.setattr(plans, "NOTEBOOKS", 2)
        if name == "synth_per_notebook":
            # Of so few, each costs less than the noise of the first.
            monkeypatch.setattr(synthesis.AppRunner, "app", lambda _, notebooks: 1 + notebooks)
        if name == "synth_same":
            # Both are run in test_synthesis.py.
            monkeypatch.setattr(synthesis.AppRunner, "app", lambda *_: 2.0)
            monkeypatch.setattr(synthesis.AppRunner, "same", lambda _: 1.0)
        once = replace(MEASURES[name], prepared=functools.partial(measured_once, name))
        monkeypatch.setattr(bench, "MEASURES", {name: once})
        bench.main(["--only", name, "--pairs", "2"])

        written = json.loads((tmp_path / ".sandbox/bench.json").read_text())
        assert set(written) == {name}
        assert set(written[name]) == {"ratio", "low", "high", "noise", "goal"}
        assert all(value > 0 for value in written[name].values())

    def test_one_pair_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            bench.main(["--pairs", "1"])

        assert "--pairs 1: a spread needs at least 2" in capsys.readouterr().err
