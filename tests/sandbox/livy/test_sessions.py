"""Sessions of the stand-in are processes: apart from each other, and gone when they should be."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.livy.server import start_livy
from sandbox.loopback import free_port
from sandbox.tls import make_authority
from tests.sandbox.livy.running_livy import HOST, LivyClient, running_stand_in, spark_environment

pytestmark = [pytest.mark.sandbox, pytest.mark.minutes(2)]

GONE_SECONDS = 20
SHARED = "shared"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LivyClient, Path]]:
    with running_stand_in(tmp_path_factory.mktemp("a folder")) as running:
        yield running


@pytest.fixture(scope="module")
def shared(world: tuple[LivyClient, Path]) -> int:
    """A session for the tests that leave it as usable as it was: one takes seconds to start."""
    client, _ = world
    number = client.new_session(name=SHARED)
    client.wait_for_state(number, "idle")
    return number


@pytest.fixture
def livy(world: tuple[LivyClient, Path]) -> Iterator[LivyClient]:
    client, _ = world
    yield client
    for session in client.send("GET", "/sessions").json["sessions"]:
        if session["name"] != SHARED:
            client.send("DELETE", f"/sessions/{session['id']}")


@pytest.fixture
def session(livy: LivyClient) -> int:
    number = livy.new_session()
    livy.wait_for_state(number, "idle")
    return number


def until(condition: Callable[[], bool], seconds: float = GONE_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def text(output: dict[str, object]) -> str:
    data = output["data"]
    assert isinstance(data, dict)
    return str(data["text/plain"])


@dataclass(frozen=True)
class Process:
    """A process by id, as /proc shows it."""

    pid: int

    def stat(self) -> tuple[str, str, int]:
        """Its name, state and parent; all empty when there is no such process."""
        try:
            line = Path(f"/proc/{self.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return "", "", 0
        name, _, rest = line.partition("(")[2].rpartition(")")
        return name, rest.split()[0], int(rest.split()[1])

    def gone(self) -> bool:
        return self.stat()[1] in ("", "Z", "X")


def processes_of(livy: LivyClient, session: int) -> list[Process]:
    """The interpreter, its JVM and Spark's Python workers."""
    livy.run(session, "sc.parallelize([1]).map(lambda x: x).collect()")
    found = [Process(int(text(livy.run(session, "import os; os.getpid()"))))]
    everyone = [Process(int(path.name)) for path in Path("/proc").glob("[0-9]*")]
    for parent in found:
        found += [process for process in everyone if process.stat()[2] == parent.pid]
    assert "java" in [process.stat()[0] for process in found]
    assert len(found) > 2, "no Python worker was found"
    return found


def all_gone(processes: list[Process], seconds: float = GONE_SECONDS) -> bool:
    return until(lambda: all(process.gone() for process in processes), seconds)


def test_two_sessions_at_once_share_neither_variables_nor_views(
    livy: LivyClient, shared: int, session: int
) -> None:
    livy.run(shared, "x = 1; spark.range(3).createOrReplaceTempView('mine')")

    assert livy.run(session, "x")["ename"] == "NameError"
    missing = livy.run(session, "select * from mine", kind="sql")["evalue"]
    assert "TABLE_OR_VIEW_NOT_FOUND" in missing
    assert text(livy.run(shared, "x")) == "1"


def test_a_session_gets_the_memory_and_the_conf_it_asked_for(livy: LivyClient) -> None:
    number = livy.new_session(driverMemory="600m", conf={"spark.sql.shuffle.partitions": "7"})
    livy.wait_for_state(number, "idle")

    code = (
        "[sc.getConf().get('spark.driver.memory'), spark.conf.get('spark.sql.shuffle.partitions')]"
    )

    assert text(livy.run(number, code)) == "['600m', '7']"
    assert livy.send("GET", f"/sessions/{number}").json["driverMemory"] == "600m"


def test_a_table_is_kept_in_the_sandboxs_own_folder_although_its_path_has_a_space(
    world: tuple[LivyClient, Path], livy: LivyClient, shared: int
) -> None:
    livy.run(shared, "spark.range(3).write.saveAsTable('kept')")

    rows = livy.run(shared, "select count(*) as n from kept", kind="sql")

    assert rows["data"]["application/json"]["data"] == [[3]]
    warehouse = world[1].parent / "spark" / "warehouse"
    assert [path.name for path in warehouse.iterdir()] == ["kept"]


def test_a_running_spark_job_is_cancelled_and_the_session_goes_on(
    livy: LivyClient, shared: int
) -> None:
    code = "import time; sc.parallelize([1]).map(lambda _: time.sleep(120)).collect()"
    statement = livy.submit(shared, code)
    assert livy.wait_for_state(shared, "busy")
    time.sleep(2)

    answer = livy.send("POST", f"/sessions/{shared}/statements/{statement}/cancel", "{}")

    assert (answer.status, answer.json) == (200, {"msg": "canceled"})
    assert livy.result(shared, statement, seconds=20)["state"] == "cancelled"
    assert text(livy.run(shared, "40 + 2")) == "42"


def test_a_waiting_statement_is_cancelled_without_running(livy: LivyClient, shared: int) -> None:
    livy.submit(shared, "import time; time.sleep(2)")
    second = livy.submit(shared, "never = 1")

    livy.send("POST", f"/sessions/{shared}/statements/{second}/cancel", "{}")

    assert livy.result(shared, second)["state"] == "cancelled"
    assert livy.run(shared, "never")["ename"] == "NameError"


def test_a_session_whose_heartbeat_lapses_disappears_with_its_processes(livy: LivyClient) -> None:
    number = livy.new_session(heartbeatTimeoutInSecond=4)
    livy.wait_for_state(number, "idle")
    processes = processes_of(livy, number)

    assert all_gone(processes)
    assert until(lambda: livy.send("GET", f"/sessions/{number}").status == 404, seconds=2)


def test_a_session_that_is_asked_about_outlives_its_heartbeat_timeout(livy: LivyClient) -> None:
    number = livy.new_session(heartbeatTimeoutInSecond=3)
    livy.wait_for_state(number, "idle")

    for _ in range(8):
        time.sleep(1)
        assert livy.send("GET", f"/sessions/{number}").status == 200


def test_a_session_ends_at_its_time_to_live_although_it_is_asked_about(livy: LivyClient) -> None:
    number = livy.new_session(ttl="6s")

    assert until(lambda: livy.send("GET", f"/sessions/{number}").status == 404)


def test_a_deleted_sessions_processes_are_gone_when_the_answer_arrives(
    livy: LivyClient, session: int
) -> None:
    processes = processes_of(livy, session)

    assert livy.send("DELETE", f"/sessions/{session}").json == {"msg": "deleted"}

    assert all_gone(processes, seconds=2)


def test_a_busy_sessions_processes_are_gone_too(livy: LivyClient, session: int) -> None:
    processes = processes_of(livy, session)
    livy.submit(session, "while True: pass")

    livy.send("DELETE", f"/sessions/{session}")

    assert all_gone(processes, seconds=2)


def test_a_driver_that_cannot_start_goes_from_starting_to_dead_and_java_alone_says_why(
    livy: LivyClient,
) -> None:
    number = livy.new_session(conf={"spark.serializer": "nonsense"})

    assert livy.wait_for_state(number, "dead") == ["starting", "dead"]

    log = livy.send("GET", f"/sessions/{number}/log?from=0&size=1000").json["log"]
    assert any("ClassNotFoundException: nonsense" in line for line in log)
    assert not [line for line in log if line.lstrip().startswith(("File ", "Traceback "))]
    refusal = livy.send("POST", f"/sessions/{number}/statements", json.dumps({"code": "1"}))
    assert refusal.status == 500
    assert refusal.json == "java.lang.IllegalStateException: Session is in state dead"


def test_after_spark_is_stopped_its_interpreter_lives_and_makes_another(
    livy: LivyClient, session: int
) -> None:
    stopped = livy.run(session, "x = 1; spark.stop()")
    used = livy.run(session, "spark.range(3).count()")
    made = livy.run(
        session,
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "print(spark.range(3).count(), x)",
    )
    of_the_first = livy.run(session, "select 1", kind="sql")

    assert text(stopped) == ""
    assert (used["ename"], used["evalue"]) == (
        "AttributeError",
        "'NoneType' object has no attribute 'sc'",
    )
    assert text(made) == "3 1"
    assert of_the_first["traceback"][0].startswith("org.apache.spark.")
    assert livy.wait_for_state(session, "idle") == ["idle"]


def test_an_interpreter_that_dies_leaves_its_session_in_error_with_its_last_words(
    livy: LivyClient, session: int
) -> None:
    said = text(livy.run(session, "import logging; logging.warning('of the handlers that be')"))
    livy.run(session, "1/0")
    died = livy.run(session, "import os; os.write(2, b'out of luck'); os._exit(3)")["evalue"]
    after = livy.run(session, "1 + 1")

    assert said == ""
    assert died.startswith("Interpreter died:\n")
    assert "WARNING:root:of the handlers that be" in died
    assert "ZeroDivisionError: division by zero" in died
    assert died.endswith("out of luck")
    assert after["evalue"] == "Interpreter died:\n"
    assert livy.wait_for_state(session, "error") == ["error"]


def test_a_session_whose_jvm_is_killed_in_mid_cell_is_dead_and_answers_nothing_more(
    livy: LivyClient, session: int
) -> None:
    jvm = next(p for p in processes_of(livy, session) if p.stat()[0] == "java")
    code = "import time; sc.parallelize([1]).map(lambda _: time.sleep(120)).collect()"
    statement = livy.submit(session, code)
    livy.wait_for_state(session, "busy")

    os.kill(jvm.pid, signal.SIGKILL)

    assert livy.wait_for_state(session, "dead") == ["busy", "dead"]
    answer = livy.send("GET", f"/sessions/{session}/statements/{statement}")
    assert answer.status == 400
    assert answer.json == {"msg": "requirement failed: Session isn't active."}


def test_an_interpreter_begins_with_what_livy_imports(livy: LivyClient, shared: int) -> None:
    code = "[each.__name__ for each in (HiveContext, StreamingContext, cloudpickle)]"

    names = text(livy.run(shared, code))

    assert names == "['HiveContext', 'StreamingContext', 'pyspark.cloudpickle']"


@pytest.mark.parametrize(
    ("query", "row"),
    [
        (
            "select double('nan'), double('inf'), float('-inf'), cast(null as int)",
            [None, "Infinity", "-Infinity", None],
        ),
        (
            "select date'2024-02-29', cast('12345678901234567890' as decimal(20, 0))",
            ["2024-02-29", 12345678901234567890],
        ),
        ("select array(1, 2), map('k', 1), cast('ab' as binary)", [[1, 2], {"k": 1}, [97, 98]]),
    ],
    ids=["not-finite", "date-and-decimal", "collections"],
)
def test_sql_shows_values_as_livys_json_library_does(
    livy: LivyClient, shared: int, query: str, row: list[object]
) -> None:
    answer = livy.run(shared, query, kind="sql")["data"]["application/json"]

    assert answer["data"] == [row]


def test_sql_shows_a_struct_as_its_schema_and_its_values(livy: LivyClient, shared: int) -> None:
    query = "select named_struct('a', 1, 'b', 'x') as s"

    ((struct,),) = livy.run(shared, query, kind="sql")["data"]["application/json"]["data"]

    assert sorted(struct) == ["schema", "values"]
    assert [field["name"] for field in struct["schema"]] == ["a", "b"]
    assert struct["values"] == [1, "x"]


def test_a_name_can_be_used_once_and_finds_its_session(livy: LivyClient) -> None:
    number = livy.new_session(name="etl")

    second = livy.send("POST", "/sessions", json.dumps({"kind": "pyspark", "name": "etl"}))

    assert second.status == 400
    assert "Duplicate session name: Some(etl) for session" in second.json["msg"]
    assert livy.send("GET", "/sessions/etl").json["id"] == number


def test_each_request_is_logged_with_its_status_and_the_clients_address(
    world: tuple[LivyClient, Path],
) -> None:
    client, state = world
    client.send("GET", "/sessions/4711")

    entries = [json.loads(line) for line in (state / "requests.jsonl").read_text().splitlines()]

    last = entries[-1]
    assert (last["method"], last["path"], last["status"]) == ("GET", "/sessions/4711", 404)
    assert last["client"].startswith("127.")
    assert abs(time.time() - last["time"]) < 60


def test_a_server_killed_outright_leaves_no_process_behind(tmp_path: Path) -> None:
    port = free_port(HOST)
    running = start_livy(
        host=HOST, port=port, state=tmp_path / "s", spark_env=spark_environment(tmp_path)
    )
    client = LivyClient(running.url)
    number = client.new_session()
    client.wait_for_state(number, "idle")
    processes = processes_of(client, number)

    os.kill(running.child.process.pid, signal.SIGKILL)

    assert all_gone(processes)
    running.stop()


def test_a_taken_port_ends_the_start_with_one_message(
    world: tuple[LivyClient, Path], tmp_path: Path
) -> None:
    port = int(world[0].url.rpartition(":")[2])

    with pytest.raises(SandboxError, match=f"{HOST}:{port} is taken"):
        start_livy(host=HOST, port=port, state=tmp_path, spark_env={})

    command = [sys.executable, "-m", "sandbox.livy", "--host", HOST, "--port", str(port)]
    done = subprocess.run(
        [*command, "--state", tmp_path], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_it_serves_https_to_whoever_trusts_its_authority(tmp_path: Path) -> None:
    authority = make_authority(tmp_path / "tls")
    running = start_livy(
        host=HOST,
        port=free_port(HOST),
        state=tmp_path / "state",
        spark_env={},
        tls=authority.issue("livy", [HOST]),
    )
    try:
        context = ssl.create_default_context(cafile=str(authority.ca_pem))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(f"{running.url}/sessions", timeout=10) as answer:
            assert json.loads(answer.read())["total"] == 0
    finally:
        running.stop()
