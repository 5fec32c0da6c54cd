"""What Jupyter's servers say of use, asked as they are: of both generations, and of wrong ones."""

import errno
import json
import os
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

from emr_notebook_agent import idle, jupyter
from emr_notebook_agent.idle import Activity, Idle
from emr_notebook_agent.jupyter import NoAnswer, NoServer, Server
from tests.assets.notebook.scratch_instance import Server as HttpServer
from tests.assets.notebook.scratch_instance import server

BEFORE, SINCE = "2.14.2", "2.15.0"
QUESTIONS_OF_A_TAB = ("kernel_info_request", "debug_request", "comm_info_request")


def says(folder: Path, version: str, **answers: Any) -> Activity:
    known = {"api": {"version": version}, **{f"api/{name}": said for name, said in answers.items()}}
    return jupyter.look_at(
        Server("http://localhost:8888/", "", folder), lambda _, path: known.get(path)
    )


def kernel(state: str = "idle", at: str = "10:00", name: str = "k1") -> dict[str, Any]:
    return {"id": name, "execution_state": state, "last_activity": at, "connections": 1}


def session(path: str, kernel: str = "k1") -> dict[str, Any]:
    return {"path": path, "kernel": {"id": kernel}}


class Kernel:
    """A kernel as jupyter_server's own code sees it: every message goes through that code."""

    def __init__(self, untracked: list[str] | None) -> None:
        options = {} if untracked is None else {"untracked_message_types": untracked}
        manager: Any = MappingKernelManager(**options)  # type: ignore[no-untyped-call]
        self._session = Session(key=b"key")
        self.known = SimpleNamespace(
            session=self._session,
            connect_iopub=lambda: SimpleNamespace(on_recv=self._set_receiver),
            execution_state="idle",
        )
        manager._kernels["k1"] = self.known
        manager.start_watching_activity("k1")

    def _set_receiver(self, receive: Callable[[list[bytes]], None]) -> None:
        self._receive = receive

    def is_asked(self, question: str) -> None:
        """Its answer on iopub, as every kernel gives it: busy, then idle."""
        parent = self._session.msg(question)
        for state in ("busy", "idle"):
            message = self._session.msg("status", {"execution_state": state}, parent)
            self._receive(self._session.serialize(message, ident=b"kernel"))

    @property
    def model(self) -> dict[str, Any]:
        return kernel(self.known.execution_state, self.known.last_activity.isoformat())


@pytest.mark.parametrize(
    ("version", "untracked"),
    [
        # 2.14 has no such list: every message counts there.
        pytest.param(BEFORE, [], id="any message counts"),
        pytest.param(SINCE, None, id="tracked messages count"),
    ],
)
def test_an_open_tab_that_asks_an_idle_kernel_every_minute_keeps_no_notebook(
    tmp_path: Path, version: str, untracked: list[str] | None
) -> None:
    asked = Kernel(untracked)
    before = asked.model["last_activity"]
    state = Idle(0)
    for minute in range(1, 123):
        for question in QUESTIONS_OF_A_TAB:
            asked.is_asked(question)
        found = says(tmp_path, version, kernels=[asked.model], sessions=[session("a.ipynb")])
        state = idle.after(state, found, minute * 60.0)

    assert idle.is_over(state, 7200)
    # What makes the two generations two.
    assert (asked.model["last_activity"] != before) == (version == BEFORE)


def test_a_cell_that_ran_between_two_looks_is_a_use_where_last_activity_tells_it(
    tmp_path: Path,
) -> None:
    ran = Kernel(None)
    first = says(tmp_path, SINCE, kernels=[ran.model])
    ran.is_asked("execute_request")

    assert says(tmp_path, SINCE, kernels=[ran.model]).marks != first.marks


@pytest.mark.parametrize("version", [BEFORE, SINCE, "6.5.7"])
def test_a_notebook_that_was_saved_is_a_use_for_every_generation(
    tmp_path: Path, version: str
) -> None:
    """JupyterLab saves by itself what a cell or its user changed."""
    (tmp_path / "a.ipynb").write_text("{}")
    first = says(tmp_path, version, kernels=[kernel()], sessions=[session("a.ipynb")])
    os.utime(tmp_path / "a.ipynb", (1, 1))
    second = says(tmp_path, version, kernels=[kernel()], sessions=[session("a.ipynb")])

    assert first.marks != second.marks


@pytest.mark.parametrize(
    ("version", "trusted"),
    [
        ("1.24.0", False),
        (BEFORE, False),
        (SINCE, True),
        ("2.21.1", True),
        ("6.5.7", False),
        ("7.4.1", False),
        ("", False),
        ("x", False),
    ],
)
def test_last_activity_is_trusted_from_jupyter_server_2_15_on(version: str, trusted: bool) -> None:
    assert jupyter.has_trusted_activity(version) is trusted


def test_a_busy_kernel_is_named_by_its_notebook_in_printable_text(tmp_path: Path) -> None:
    found = says(
        tmp_path,
        BEFORE,
        kernels=[kernel("busy"), kernel("busy", name="k2"), kernel("starting", name="k3")],
        sessions=[session("deep/tr\x1b[2Jain.ipynb")],
    )

    assert found.in_use == ("the kernel of deep/tr?[2Jain.ipynb is busy", "a kernel is busy")


def test_input_to_a_terminal_is_a_use(tmp_path: Path) -> None:
    first, second = (
        says(tmp_path, SINCE, terminals=[{"name": "1", "last_activity": at}]) for at in ("a", "b")
    )
    assert first.marks != second.marks


@pytest.mark.parametrize("answer", [None, {}, [None, 1], "x", [{"kernel": 3}]])
def test_answers_of_another_form_are_nothing_that_runs(tmp_path: Path, answer: Any) -> None:
    found = says(tmp_path, SINCE, kernels=answer, sessions=answer, terminals=answer)

    assert found.in_use == ()


def running(home: Path, url: str, **more: Any) -> None:
    folder = home / jupyter.RUNTIME
    folder.mkdir(parents=True, exist_ok=True)
    known = {"url": url, "pid": os.getpid(), "token": "secret", "root_dir": str(home), **more}
    (folder / f"jpserver-{len(list(folder.iterdir()))}.json").write_text(json.dumps(known))


def look(home: Path) -> Activity:
    def get(asked: Server, path: str) -> Any:
        if asked.url == jupyter.SAGEMAKER_URL:
            raise NoServer
        return jupyter.request(asked, path)

    return jupyter.look(home, get)


def headers(asked: HttpServer) -> list[str]:
    return [given.get("Authorization", "") for _, _, given in asked.requests]


def test_a_server_is_found_by_its_runtime_file_and_asked_with_its_secret(tmp_path: Path) -> None:
    body = json.dumps([kernel("busy")]).encode()
    with server(body=body) as asked:
        running(tmp_path, f"{asked.url}/base/")
        found = look(tmp_path)

    assert found.in_use == ("a kernel is busy",)
    assert set(headers(asked)) == {"token secret"}
    # Other programs that watch this server see no use in being looked at.
    assert asked.requests[0][1] == "/base/api?no_track_activity=1"


def test_a_secret_is_sent_to_this_machine_alone(tmp_path: Path) -> None:
    for url in ("http://192.0.2.1:8888/", "http://localhost@192.0.2.1/", "ftp://localhost/"):
        running(tmp_path, url)

    assert list(jupyter.servers(tmp_path)) == []


def test_a_server_that_is_gone_has_nothing_that_runs(tmp_path: Path) -> None:
    with server(listens=False) as gone:
        running(tmp_path, gone.url)
        running(tmp_path, "http://localhost:1/", pid=2**22 + 1)
        assert look(tmp_path) == Activity()


def test_files_of_servers_that_are_gone_hide_none_that_runs(tmp_path: Path) -> None:
    with server(body=json.dumps([kernel("busy")]).encode()) as asked:
        for _ in range(jupyter.MOST_SERVERS):
            running(tmp_path, "http://localhost:1/", pid=2**22 + 1)
        running(tmp_path, asked.url)

        assert look(tmp_path).in_use == ("a kernel is busy",)


@pytest.mark.parametrize("url", ["http://localhost:8888/", "https://localhost:8443/"])
def test_another_server_of_the_users_does_not_stand_for_that_of_the_notebook(
    tmp_path: Path, url: str
) -> None:
    """Whose file may be elsewhere, or name the host as SageMaker's network knows it."""
    running(tmp_path, url)
    asked: list[str] = []

    def get(given: Server, path: str) -> Any:
        asked.append(given.url)
        return [kernel("busy")] if path == "api/kernels" else {}

    jupyter.look(tmp_path, get)

    assert sorted(set(asked)) == sorted({url, jupyter.SAGEMAKER_URL})


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_where_ipv6_is_off_an_address_of_it_is_no_server_that_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Of localhost, the last address decides which error is raised: that of ::1, there."""
    failure = Mock(side_effect=OSError(number, os.strerror(number)))
    monkeypatch.setattr(HTTPConnection, "connect", failure)

    assert jupyter.look(tmp_path) == Activity()
    assert failure.called


@pytest.mark.parametrize("status", [403, 500, 302])
def test_a_server_that_does_not_say_what_it_runs_was_not_looked_at(
    tmp_path: Path, status: int
) -> None:
    with server(status) as asked:
        running(tmp_path, asked.url)
        (told,) = look(tmp_path).unseen

    assert told.endswith(f"does not say what it runs: HTTP {status}")


def test_what_stands_in_the_place_of_a_runtime_file_disturbs_nothing(tmp_path: Path) -> None:
    folder = tmp_path / jupyter.RUNTIME
    folder.mkdir(parents=True)
    os.mkfifo(folder / "jpserver-1.json")
    (folder / "jpserver-2.json").mkdir()
    no_port = json.dumps({"url": "http://localhost:65536/", "pid": os.getpid()})
    texts = ("", "[]", "{}", '{"url": 1}', '{"url": "http://localhost"}', no_port, "[" * 99_999)
    for number, text in enumerate(texts):
        (folder / f"nbserver-{number}.json").write_text(text)

    assert look(tmp_path) == Activity()


def test_a_server_that_never_ends_its_answer_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jupyter, "SECONDS", 0.2)
    with pytest.raises(NoAnswer, match="too slow"):
        jupyter._read(lambda _: b"x", time.monotonic() - 1)
