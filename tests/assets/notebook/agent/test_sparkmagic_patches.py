"""What a cell's requests to Livy do and say, with the oldest SparkMagic and with the pinned one."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

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
        assert f".{taken}]: print(" in made.code


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


def test_an_error_is_shown_as_its_text_alone(patches: ModuleType, refusal: Any) -> None:
    assert refusal("first\nsecond")._render_traceback_() == ["first", "second"]


def test_a_sparkmagic_of_another_shape_loses_that_change_alone(
    sparkmagic: Import, patches: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernelmagics = sparkmagic("sparkmagic.kernels.kernelmagics")
    monkeypatch.delattr(kernelmagics.KernelMagics, "_do_not_call_start_session")

    left_out = patches.install(kernel.look)

    assert [each.partition(":")[0] for each in left_out] == ["start_again"]
