"""What is shown of Livy's words and Spark's logs: plain, short, and what matters of it."""

import pytest

from emr_notebook_agent import explain
from emr_notebook_agent.livy import TIMED_OUT, Finding


def test_what_a_terminal_would_obey_is_not_shown() -> None:
    said = "\x1b[31mred\x1b]0;title\x07 \x1b(B\u202eback\x00ward\r\n"

    assert explain.plain(said) == "red back ward"


def test_a_long_text_is_cut() -> None:
    assert len(explain.plain("x" * 10_000_000)) == explain.LONGEST_TEXT


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"msg": "Session \'0\' not found."}', "Session '0' not found."),
        ('"Statement not found"', "Statement not found"),
        ("java.lang.Error: x\n\tat a.b(C.java)", "java.lang.Error: x"),
        ("", ""),
        ("[1]", "[1]"),
    ],
)
def test_livys_answer_is_read_whatever_its_form(body: str, said: str) -> None:
    assert explain.message(body) == said


# Spark's yarn.Client, YARN's RMAppManager and CapacityScheduler.
@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Required AM memory (9216+921 MB) is above the max threshold (6144 MB)", "ask for less"),
        ("Application rejected: application submitted to unknown queue: risk", "name a queue"),
        ("User alice cannot submit applications to queue root.risk", "name a queue"),
        ("java.io.FileNotFoundException: s3://b/x.jar does not exist", "correct the path"),
    ],
)
def test_what_the_log_says_decides_the_next_step(line: str, step: str) -> None:
    told = explain.not_started("0", "did not start", ["INFO Client: ...", line])

    assert line in told
    assert f"Next: {step}" in told


def test_only_a_session_that_still_waits_is_told_that_the_cluster_is_full() -> None:
    """YARN's client writes these lines of each application, as soon as it is submitted."""
    log = [
        "Application report for application_1_0001 (state: ACCEPTED)",
        "diagnostics: Application is added to the scheduler and is not yet activated.",
        "java.lang.OutOfMemoryError: Java heap space",
    ]
    full = "Next: the cluster is full"

    assert full in explain.not_started("0", "is starting after 180 seconds", log, waits=True)
    assert full not in explain.not_started("0", "did not start", log)
    assert full not in explain.over("0", "dead", log)


def test_a_log_without_an_error_is_shown_by_its_last_lines() -> None:
    log = [f"INFO line {number}" for number in range(9)]

    assert explain.reasons(log) == ["INFO line 6", "INFO line 7", "INFO line 8"]


def test_frames_of_a_stack_are_left_out() -> None:
    log = ["java.lang.Error: x", "\tat a.b(C.java)", "\t... 9 more"]

    assert explain.reasons(log) == ["java.lang.Error: x"]


@pytest.mark.parametrize(
    ("last_answer", "step"),
    [("", "admit this group"), ("10:00:00 UTC", "see in the EMR console whether the cluster")],
)
def test_a_silent_livy_that_answered_before_is_looked_for_in_emr_first(
    last_answer: str, step: str
) -> None:
    found = Finding(TIMED_OUT, "Livy at http://10.0.0.5:8998: timed out", "admit this group")
    told = explain.no_answer("http://10.0.0.5:8998", last_answer, found, method="GET", path="")

    assert f"Next: {step}" in told
    assert told.endswith(", then restart the kernel.")
