"""The states that a statement goes through."""

from sandbox.livy.statements import RETAINED, Statement, Statements

DONE = {"status": "ok", "data": {"text/plain": "2"}}


def test_a_statement_is_waiting_then_running_then_available() -> None:
    statement = Statement(4, "pyspark", "1 + 1")
    seen = [statement.state]

    statement.start(now=10.5)
    seen.append(statement.state)
    statement.finish(DONE, now=12.25)

    assert [*seen, statement.state] == ["waiting", "running", "available"]
    view = statement.view()
    assert (view["started"], view["completed"], view["progress"]) == (10_500, 12_250, 1.0)
    assert view["output"] == {**DONE, "execution_count": 4}


def test_a_waiting_statement_is_cancelled_at_once() -> None:
    statement = Statement(0, "pyspark", "1")

    statement.cancel()

    assert statement.state == "cancelled"


def test_a_running_statement_is_cancelled_when_the_interpreter_answers() -> None:
    statement = Statement(0, "pyspark", "1")
    statement.start(now=1)

    statement.cancel()
    assert statement.state == "cancelling"
    statement.finish(DONE, now=2)

    assert statement.state == "cancelled"


def test_a_statement_that_does_not_react_is_called_cancelled_and_stays_so() -> None:
    statement = Statement(0, "pyspark", "1")
    statement.start(now=1)
    statement.cancel()

    statement.give_up()
    statement.finish(DONE, now=99)

    assert statement.state == "cancelled"


def test_a_statement_that_is_done_cannot_be_cancelled() -> None:
    statement = Statement(0, "pyspark", "1")
    statement.start(now=1)
    statement.finish(DONE, now=2)

    statement.cancel()

    assert statement.state == "available"


def test_the_oldest_waiting_statement_is_next() -> None:
    statements = Statements()
    first, second = statements.add("sql", "a"), statements.add("sql", "b")

    assert statements.next_waiting() is first
    first.start(now=1)
    assert statements.next_waiting() is second
    assert statements.running() == [first]


def test_only_the_latest_hundred_are_kept() -> None:
    statements = Statements()
    for _ in range(RETAINED + 1):
        statements.add("pyspark", "1")

    assert statements.get(0) is None
    assert [s.id for s in statements.all()] == list(range(1, 101))
