"""What is read of a notebook's log about its last start."""

import pytest

from emr_notebook.cli.aws.reader import Denied
from emr_notebook.cli.aws.start_log import MOST_PAGES, StartReport, last_start, parse_report
from tests.assets.notebook.scratch_instance import NOTHING_LISTENS, Instance
from tests.cli.aws.stage_in_memory import ALICE, LIVE, OLD, report, world
from tests.cli.aws_in_memory import Fields


def test_the_last_of_several_reports_counts() -> None:
    lines = [*report(livy_url=OLD), "Another run holds the lock: going on without it", *report()]

    assert parse_report(lines).values["livy_url"] == LIVE


def test_a_problem_of_an_earlier_start_is_none_of_the_last_one() -> None:
    earlier = report("problem: Livy was away", "next: start it", state="failed")

    assert parse_report([*earlier, *report()]).problems == ()


def test_every_problem_comes_with_its_next_step() -> None:
    found = parse_report(
        report("problem: a: b", "next: do a", "problem: c", "next: do c", state="failed")
    )

    assert found.problems == ("a: b", "c")
    assert found.next_steps == ("do a", "do c")
    assert found.values["state"] == "failed"


def test_a_log_without_a_report_gives_an_empty_one() -> None:
    lines = ["bash: line 1: ./tool: No such file", "note: nothing", ""]

    assert parse_report(lines) == StartReport()


def test_an_event_of_several_lines_is_read_line_by_line() -> None:
    made = world()
    made.logs[ALICE] = ["\n".join(report())]

    assert last_start(made.reader(), ALICE).values["script"] == "0a1b2c3d"


def test_a_notebook_that_has_never_logged_has_an_empty_report() -> None:
    assert last_start(world().reader(), "never") == StartReport()


def test_a_long_log_costs_one_call() -> None:
    made = world()
    made.logs[ALICE] = [*(f"line {n}" for n in range(5000)), *report()]

    assert last_start(made.reader(), ALICE).values["state"] == "ok"
    assert made.count("get_log_events") == 1


class PagedLog:
    """A log whose pages are given, the newest first; each has the token of the one before."""

    def __init__(self, *pages: list[str]) -> None:
        self.pages, self.calls = pages, 0

    def answer(self, given: Fields) -> Fields:
        assert given["startFromHead"] is False
        self.calls += 1
        at = int(given.get("nextToken", "0"))
        # At the end, CloudWatch Logs gives back the token that it was given.
        last = len(self.pages) - 1
        lines = self.pages[at] if at <= last else []
        events = [{"timestamp": 0, "message": line} for line in lines]
        return {"events": events, "nextBackwardToken": str(min(at + 1, len(self.pages)))}

    def read(self) -> StartReport:
        made = world()
        made.answers["logs", "get_log_events"] = self.answer
        return last_start(made.reader(), ALICE)


class TestPages:
    def test_that_are_empty_are_followed_to_those_before(self) -> None:
        assert PagedLog([], [], report()).read().values["livy_url"] == LIVE

    def test_that_part_a_report_are_put_together(self) -> None:
        lines = report("problem: a", "next: b")

        assert PagedLog(lines[4:], [], lines[2:4], lines[:2]).read() == parse_report(lines)

    def test_are_read_no_further_than_the_report(self) -> None:
        log = PagedLog(report(), report(livy_url=OLD))

        assert log.read().values["livy_url"] == LIVE
        assert log.calls == 1

    def test_end_where_the_token_comes_back(self) -> None:
        log = PagedLog(["a"], ["b"])

        assert log.read() == StartReport()
        assert log.calls == 3

    def test_without_an_end_are_given_up(self) -> None:
        log = PagedLog(*[["more"]] * 1000)

        assert log.read() == StartReport()
        assert log.calls == MOST_PAGES


def test_a_log_that_may_not_be_read_names_the_action() -> None:
    with pytest.raises(Denied, match="logs:GetLogEvents"):
        last_start(world(denied={"logs:GetLogEvents"}).reader(), ALICE)


def test_what_the_real_start_script_prints_is_read_whole() -> None:
    with Instance.scratch() as instance:
        printed = instance.start(SCRIPT_VERSION="feedbeef").log

    found = parse_report(printed.splitlines())

    assert found.values["script"] == "feedbeef"
    assert found.values["livy_url"] == NOTHING_LISTENS
    assert found.values["state"] == "failed"
    assert len(found.problems) == len(found.next_steps) == 1
