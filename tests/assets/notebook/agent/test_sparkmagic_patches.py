"""What a cell's requests to Livy do and say, with the oldest SparkMagic and with the pinned one."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import pytest

from emr_notebook_agent import kernel, livy_sessions
from tests.assets.notebook.agent.conftest import Import
from tests.assets.notebook.agent.scripted_livy import DROP, ScriptedLivy, scripted_livy

IDLE = {"id": 0, "appId": "application_1_0001", "state": "idle", "log": []}
DEAD_LOG = [
    "stdout: ",
    "\tat org.apache.spark.deploy.yarn.Client.submit(Client.scala:1)",
    "Required executor memory (90112 MB) is above the max threshold (12288 MB) of this cluster!",
    "\nYARN Diagnostics: ",
]


@pytest.fixture(scope="module")
def patches(sparkmagic: Import) -> ModuleType:
    """The changes, made in this SparkMagic."""
    changes = sparkmagic("emr_notebook_agent.sparkmagic_patches")
    assert changes.install(kernel.look) == []
    return changes


@pytest.fixture
def livy() -> Iterator[ScriptedLivy]:
    with scripted_livy() as server:
        server.answers |= {"POST /sessions": [(201, IDLE)], "GET /sessions/0": [(200, IDLE)]}
        yield server


@pytest.fixture
def client(
    patches: ModuleType, sparkmagic: Import, livy: ScriptedLivy, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """SparkMagic's client of that Livy; nothing waits."""
    monkeypatch.setattr(patches.time, "sleep", lambda _: None)
    monkeypatch.setattr(
        sparkmagic("sparkmagic.livyclientlib.reliablehttpclient"), "sleep", lambda _: None
    )
    clients = sparkmagic("sparkmagic.livyclientlib.livyreliablehttpclient")
    endpoint = sparkmagic("sparkmagic.livyclientlib.endpoint").Endpoint(livy.url, None)
    return clients.LivyReliableHttpClient.from_endpoint(endpoint)


@pytest.fixture
def refusal(sparkmagic: Import) -> Any:
    return sparkmagic("sparkmagic.livyclientlib.exceptions").LivyClientLibException


def test_a_connection_that_breaks_off_while_a_statement_is_polled_loses_nothing(
    client: Any, livy: ScriptedLivy, capsys: pytest.CaptureFixture[str]
) -> None:
    done = {"id": 3, "state": "available"}
    livy.answers["GET /sessions/0/statements/3"] = [DROP, DROP, (200, done)]

    assert client.get_statement(0, 3) == done
    assert capsys.readouterr().out.count("Trying again for 30 seconds") == 1


@pytest.mark.parametrize(
    "body",
    [b"<html>Back soon</html>", b'{"id": 3, "sta', [], b"[" * 9_999],
    ids=["a page", "half an answer", "another form", "nested too deeply"],
)
def test_what_is_no_answer_of_livys_loses_nothing_and_sends_no_cell_twice(
    client: Any, livy: ScriptedLivy, refusal: Any, body: Any
) -> None:
    """As of a gateway between, or of a connection that broke off within an answer."""
    done = {"id": 3, "state": "available"}
    livy.answers["GET /sessions/0/statements/3"] = [(200, body), (200, done)]
    livy.answers["POST /sessions/0/statements"] = [(201, body)]

    assert client.get_statement(0, 3) == done
    with pytest.raises(refusal, match="may be running this cell"):
        client.post_statement(0, {"code": "1"})
    assert livy.count("POST /sessions/0/statements") == 1


@pytest.mark.parametrize("status", [200, 201, 302, 404, 405])
def test_another_program_at_livys_address_is_named(
    client: Any, livy: ScriptedLivy, refusal: Any, status: int
) -> None:
    """Where a POST is led elsewhere, requests asks there with a GET, which a page answers."""
    page = b"<html>Please log in</html>"
    livy.answers |= {"POST /sessions": [(status, page)], "GET /sessions": [(200, page)]}

    with pytest.raises(refusal, match=r"not a Livy.*\nNext: correct the port"):
        client.post_session({"kind": "pyspark"})


def test_a_kernels_sessions_are_known_to_the_idle_stop_until_the_kernel_ends_them(
    client: Any, livy: ScriptedLivy
) -> None:
    note = Path.home() / livy_sessions.FOLDER / "0"
    client.post_session({})
    client.get_session(0)
    assert json.loads(note.read_text()) == {"url": livy.url, "appId": "application_1_0001"}

    livy.answers["DELETE /sessions/0"] = [(200, {"msg": "deleted"})]
    client.delete_session(0)
    assert not note.exists()


def test_a_cell_whose_connection_breaks_off_is_not_sent_twice(
    client: Any, livy: ScriptedLivy, refusal: Any
) -> None:
    livy.answers["POST /sessions/0/statements"] = [DROP]

    with pytest.raises(refusal, match="may be running this cell"):
        client.post_statement(0, {"code": "1"})

    assert livy.count("POST /sessions/0/statements") == 1


def test_a_cell_that_livy_answers_with_an_error_of_its_own_is_not_sent_twice(
    client: Any, livy: ScriptedLivy, refusal: Any
) -> None:
    livy.answers["POST /sessions/0/statements"] = [(500, "java.lang.IllegalStateException: no")]

    with pytest.raises(refusal, match=r"HTTP 500: java\.lang\.IllegalStateException: no"):
        client.post_statement(0, {"code": "1"})

    assert livy.count("POST /sessions/0/statements") == 1


def test_asking_again_ends(
    client: Any, patches: ModuleType, livy: ScriptedLivy, refusal: Any, monkeypatch: Any
) -> None:
    ticks = iter(range(0, 1000, 3))
    monkeypatch.setattr(patches.time, "monotonic", lambda: next(ticks))
    livy.answers["GET /sessions/0/statements/3"] = [DROP]

    with pytest.raises(refusal, match=r"broke off\. Livy answers again\.\nNext: run the cell"):
        client.get_statement(0, 3)

    # 1, 2, 4, 8, 8, ... seconds, and no pause that would end after the thirtieth.
    assert livy.count("GET /sessions/0/statements/3") < 12


def test_a_livy_that_never_answers_is_asked_again_for_as_long_as_is_said(
    patches: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, given = [0.0], list[tuple[float, float]]()
    monkeypatch.setattr(patches.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patches.time, "sleep", lambda _: None)

    def get(seconds: tuple[float, float]) -> None:
        given.append(seconds)
        now[0] += seconds[1]
        raise patches.requests.exceptions.ReadTimeout

    with pytest.raises(patches.requests.exceptions.ReadTimeout):
        patches._ask("GET", get)

    assert given == [patches.TIMEOUTS, (10, patches.RETRY_SECONDS)]


def test_a_heartbeat_asks_once_and_says_nothing(
    client: Any, livy: ScriptedLivy, capsys: pytest.CaptureFixture[str], refusal: Any
) -> None:
    livy.answers["GET /sessions/0"] = [DROP]
    raised: list[Exception] = []

    def beat() -> None:
        try:
            client.get_session(0)
        except refusal as error:
            raised.append(error)

    thread = threading.Thread(target=beat)
    thread.start()
    thread.join()

    assert len(raised) == 1
    assert livy.asked == ["GET /sessions/0"]
    assert capsys.readouterr().out == ""


def test_a_livy_that_is_dead_is_named_with_the_time_of_its_last_answer(
    client: Any, livy: ScriptedLivy, refusal: Any
) -> None:
    client.get_session(0)
    livy.shutdown()
    livy.server_close()
    client._http_client._session.close()

    with pytest.raises(refusal) as failed:
        client.post_statement(0, {"code": "1"})

    url = livy.url
    first, next_step = str(failed.value).splitlines()
    assert first.startswith(f"Livy at {url}: refused")
    assert "Its last answer was at " in first
    assert " UTC." in first
    assert next_step == "Next: start livy-server on the primary, then restart the kernel."


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_that_livy_lost_is_named_with_what_is_lost(
    client: Any, livy: ScriptedLivy, refusal: Any, method: str
) -> None:
    missing = (404, {"msg": "Session '0' not found."})
    livy.answers["GET /sessions/0"] = livy.answers["POST /sessions/0/statements"] = [missing]

    with pytest.raises(refusal, match=r"no Spark session 0 any more.*\nNext: restart the kernel"):
        client.get_session(0) if method == "GET" else client.post_statement(0, {"code": "1"})


def test_a_session_of_the_same_number_on_another_livy_is_neither_used_nor_deleted(
    client: Any, livy: ScriptedLivy, refusal: Any
) -> None:
    client.post_session({"kind": "pyspark"})
    client.get_session(0)
    livy.answers["GET /sessions/0"] = [(200, {**IDLE, "appId": "application_2_0001"})]
    livy.answers["DELETE /sessions/0"] = [(200, {"msg": "deleted"})]

    with pytest.raises(refusal, match="no Spark session 0 any more"):
        client.get_session(0)
    client.delete_session(0)

    assert livy.count("DELETE /sessions/0") == 0


def test_a_session_of_ones_own_is_deleted(client: Any, livy: ScriptedLivy) -> None:
    livy.answers["DELETE /sessions/0"] = [(200, {"msg": "deleted"})]
    client.post_session({"kind": "pyspark"})
    client.get_session(0)

    client.delete_session(0)

    assert livy.count("DELETE /sessions/0") == 1


def test_a_name_that_leads_elsewhere_says_that_the_cluster_was_replaced(
    client: Any, livy: ScriptedLivy, refusal: Any
) -> None:
    client.post_session({"kind": "pyspark"})
    assert client._http_client.address == "127.0.0.1"
    client._http_client.address = "10.0.1.7"
    livy.answers["GET /sessions/0"] = [(404, {"msg": "Session '0' not found."})]

    with pytest.raises(refusal, match=r"The cluster was replaced: .*10\.0\.1\.7") as failed:
        client.get_session(0)

    assert str(failed.value).endswith("Next: restart the kernel.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"msg": "Blacklisted configuration values in session config: spark.x"},
            "Blacklisted configuration values in session config: spark.x",
        ),
        ('Unrecognized field "excutorMemory" (class CreateInteractiveRequest)', "excutorMemory"),
    ],
)
def test_a_configuration_that_livy_refuses_is_named_with_livys_reason(
    client: Any, livy: ScriptedLivy, refusal: Any, body: Any, said: str
) -> None:
    livy.answers["POST /sessions"] = [(400, body)]

    with pytest.raises(refusal, match="Livy refuses this configuration") as failed:
        client.post_session({"kind": "pyspark"})

    assert said in str(failed.value)
    assert "Next: correct %%configure" in str(failed.value)


def test_what_a_session_died_of_is_said_in_a_few_lines(
    client: Any, livy: ScriptedLivy, sparkmagic: Import, refusal: Any
) -> None:
    dead = {**IDLE, "state": "dead"}
    livy.answers |= {
        "GET /sessions/0": [(200, dead)],
        "GET /sessions/0/log": [(200, {"log": DEAD_LOG})],
    }
    session = new_session(sparkmagic, client)

    with pytest.raises(refusal) as failed:
        session.start()

    first, why, next_step = str(failed.value).splitlines()
    assert first == "Spark session 0 did not start; it was given up."
    assert "Required executor memory (90112 MB) is above the max threshold (12288 MB)" in why
    assert next_step.startswith("Next: ask for less memory (%%configure -f")


def test_a_session_that_waits_for_room_says_so_when_its_time_is_up(
    client: Any, livy: ScriptedLivy, sparkmagic: Import, refusal: Any
) -> None:
    waiting = "diagnostics: Application is added to the scheduler and is not yet activated. Queue's"
    waiting += " AM resource limit exceeded."
    livy.answers |= {
        "GET /sessions/0": [(200, {**IDLE, "state": "starting"})],
        "GET /sessions/0/log": [(200, {"log": [waiting]})],
    }
    conf = sparkmagic("sparkmagic.utils.configuration")
    conf.override("livy_session_startup_timeout_seconds", 0)

    with pytest.raises(refusal, match="is starting after 0 seconds") as failed:
        new_session(sparkmagic, client).start()

    assert "AM resource limit exceeded" in str(failed.value)
    assert "the cluster is full" in str(failed.value)


def new_session(sparkmagic: Import, client: Any) -> Any:
    display = sparkmagic("hdijupyterutils.ipythondisplay").IpythonDisplay()
    sessions = sparkmagic("sparkmagic.livyclientlib.livysession")
    return sessions.LivySession(client, {"kind": "pyspark"}, display)


def test_a_session_that_could_not_be_deleted_is_in_no_new_ones_way(
    sparkmagic: Import, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    magics = sparkmagic("sparkmagic.kernels.kernelmagics").KernelMagics(None)
    magics.language = "python"
    old, new = new_session(sparkmagic, client), new_session(sparkmagic, client)
    monkeypatch.setattr(new, "start", lambda: None)
    monkeypatch.setattr(magics.spark_controller, "_http_client", lambda _: client)
    monkeypatch.setattr(magics.spark_controller, "_livy_session", lambda *_: new)
    sessions = magics.spark_controller.session_manager
    sessions.add_session(magics.session_name, old)

    assert magics._do_not_call_start_session("") is True
    assert sessions.get_session(magics.session_name) is new


def test_nobody_waits_for_a_heartbeat_and_it_ends(
    sparkmagic: Import, patches: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sparkmagic("sparkmagic.livyclientlib.livysession")
    asleep, woken = threading.Event(), threading.Event()

    def pause(_: float) -> None:
        asleep.set()
        woken.wait(60)

    monkeypatch.setattr(module, "sleep", pause)
    session = Mock(refresh_status_and_info=Mock(side_effect=OSError))
    beats = module._HeartbeatThread(session, 30, 30)
    beats.daemon = True
    beats.start()
    asleep.wait(60)
    stopping = threading.Thread(target=beats.stop, daemon=True)
    stopping.start()
    stopping.join(10)

    assert not stopping.is_alive()
    woken.set()
    beats.join(60)
    assert session.refresh_status_and_info.call_count == 1


@pytest.mark.parametrize("rows", [3, -1])
def test_what_is_fetched_of_a_table_keeps_its_nulls(
    patches: ModuleType, sparkmagic: Import, rows: int
) -> None:
    queries = sparkmagic("sparkmagic.livyclientlib.sqlquery")
    stored = sparkmagic("sparkmagic.livyclientlib.sparkstorecommand")
    taken = "take(3)" if rows == 3 else "collect()"
    nulls = "to_json(struct(*), map('ignoreNullFields', 'false'))"

    for made in (
        queries.SQLQuery("SELECT ')'\n", maxrows=rows).to_command("pyspark", "spark"),
        stored.SparkStoreCommand("table", maxrows=rows).to_command("pyspark", "table"),
    ):
        compile(made.code, "cell", "exec")
        assert nulls in made.code
        assert "toJSON" not in made.code
        assert f".{taken}] or [" in made.code


def test_a_table_without_rows_has_its_columns_and_is_made_once(
    patches: ModuleType, sparkmagic: Import, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = sparkmagic("sparkmagic.livyclientlib.sqlquery")
    spark, table = Mock(), Mock(columns=["a", "ż"])
    spark.sql.return_value = table
    table.selectExpr.return_value.take.return_value = []

    code = queries.SQLQuery("SELECT", maxrows=3).to_command("pyspark", "spark").code
    exec(code, {"spark": spark})  # noqa: S102 - as a Spark driver does
    frame = queries.records_to_dataframe(capsys.readouterr().out, "pyspark", False)

    assert (list(frame.columns), len(frame)) == (["a", "ż"], 0)
    assert spark.sql.call_count == 1


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["1.5", '"NaN"', "null"], [1.5, "nan", "nan"]),
        (["1.5", '"-Infinity"'], [1.5, float("-inf")]),
        (['"NaN"', '"Infinity"'], ["NaN", "Infinity"]),
        (["1.5", '"x"'], [1.5, "x"]),
        (['"01"', '"NaN"'], ["01", "NaN"]),
    ],
)
def test_numbers_stay_numbers_beside_those_that_json_has_not(
    patches: ModuleType, sparkmagic: Import, values: list[str], kept: list[object]
) -> None:
    rows = "\n".join(f'{{"a": {value}}}' for value in values)
    for name in ("sqlquery", "sparkstorecommand"):
        frames = sparkmagic(f"sparkmagic.livyclientlib.{name}")
        frame = frames.records_to_dataframe(rows, "pyspark", False)

        assert ["nan" if x != x else x for x in frame["a"]] == kept
        assert (frame["a"].dtype == float) is not any(x in kept for x in ("NaN", "x", "01"))


@pytest.mark.parametrize("given", ["{not json}", "[1]", "null"])
def test_settings_that_cannot_be_read_fail_their_cell_and_change_nothing(
    patches: ModuleType, sparkmagic: Import, refusal: Any, given: str
) -> None:
    conf = sparkmagic("sparkmagic.utils.configuration")
    conf.override("all_errors_are_fatal", True)
    magics = sparkmagic("sparkmagic.kernels.kernelmagics").KernelMagics(None)
    magics.language = "python"
    before = conf.session_configs()

    with pytest.raises(refusal, match=r"and changed nothing: (?s:.)*\nNext: write a JSON object"):
        magics.configure("-f", given)

    assert conf.session_configs() == before


def test_neither_a_proxy_nor_a_login_of_the_homes_netrc_reaches_livy(
    client: Any, livy: ScriptedLivy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login alice password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    client.get_session(0)

    assert "Authorization" not in livy.headers[-1]


def test_the_authorities_that_the_kernel_was_given_are_trusted(
    patches: ModuleType, sparkmagic: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = sparkmagic("sparkmagic.livyclientlib.reliablehttpclient")
    endpoint = sparkmagic("sparkmagic.livyclientlib.endpoint").Endpoint("https://livy", None)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/home/ec2-user/.sparkmagic/ca.pem")

    made = clients.ReliableHttpClient(endpoint, {}, None)

    assert made.verify_ssl == "/home/ec2-user/.sparkmagic/ca.pem"


def test_authorities_that_are_missing_are_named_where_a_cell_needs_them(
    patches: ModuleType, sparkmagic: Import, refusal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the user deleted them; requests calls that an OSError, and no failure of its own."""
    clients = sparkmagic("sparkmagic.livyclientlib.livyreliablehttpclient")
    endpoint = sparkmagic("sparkmagic.livyclientlib.endpoint").Endpoint("https://127.0.0.1:9", None)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/ca.pem")
    client = clients.LivyReliableHttpClient.from_endpoint(endpoint)

    with pytest.raises(refusal, match=r"/no/such/ca\.pem cannot be read.*\nNext: stop and start"):
        client.post_session({"kind": "pyspark"})


def test_an_error_is_shown_as_its_text_alone(patches: ModuleType, refusal: Any) -> None:
    assert refusal("first\nsecond")._render_traceback_() == ["first", "second"]


def test_a_cell_that_could_not_be_interrupted_is_told_without_frames(
    patches: ModuleType, sparkmagic: Import
) -> None:
    exceptions = sparkmagic("sparkmagic.livyclientlib.exceptions")
    told = exceptions.SparkStatementCancellationFailedException("x")._render_traceback_()

    assert told[0].startswith("The cell was interrupted and may still run on the cluster")
    assert told[-1] == "Next: wait until it ends, or restart the kernel."


def test_a_sparkmagic_of_another_shape_loses_that_change_alone(
    sparkmagic: Import, patches: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernelmagics = sparkmagic("sparkmagic.kernels.kernelmagics")
    monkeypatch.delattr(kernelmagics.KernelMagics, "_do_not_call_start_session")

    left_out = patches.install(kernel.look)

    assert [each.partition(":")[0] for each in left_out] == ["start_again"]
