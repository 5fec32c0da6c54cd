"""What a look at Livy finds, and what it tells a person to do."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emr_notebook_agent import livy
from tests.assets.notebook.scratch_instance import Server, raw_server, server
from tests.conftest import ROOT

PAGE = (ROOT / "docs/troubleshooting.md").read_text()


def test_the_page_explains_every_check() -> None:
    checks = {
        text.replace("{status}", "<status>")
        for name, text in vars(livy).items()
        if name.isupper() and isinstance(text, str) and name not in ("NO_CLUSTER_YET", "THREAD")
    }
    table = PAGE[PAGE.index("| check |") :].partition("\n\n")[0]

    explained = set(re.findall(r"^\| `([^`]+)` \|", table, re.M))
    assert explained == checks | {"not checked"}


@pytest.fixture(scope="module")
def there() -> Iterator[Server]:
    with server() as made:
        yield made


NAME = "emr.example"


class Resolver:
    """Answers for the C library's resolver where NAME is, unless it is silent."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.addresses, self.answers = ["127.0.0.1"], threading.Event()
        self.answers.set()
        self.real = socket.getaddrinfo
        patch.setattr(socket, "getaddrinfo", self.answer)

    def answer(self, host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host != NAME:
            return self.real(host, port, *more, **named)
        self.answers.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in self.addresses]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver(monkeypatch)
    yield made
    made.answers.set()


def named(there: Server) -> livy.Livy:
    return livy.Livy(there.url.replace("127.0.0.1", NAME))


def test_a_silent_name_server_is_named_and_not_taken_for_a_security_group(
    resolver: Resolver, there: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livy, "RESOLVING_SECONDS", 0.05)
    resolver.answers.clear()

    found = livy.look(named(there), seconds=30)

    assert found.check == "DNS does not answer"
    assert "name servers" in found.next_step
    assert "security group" not in found.next_step
    assert found.may_pass


def test_a_name_that_leads_elsewhere_than_before_means_another_cluster(
    resolver: Resolver, there: Server
) -> None:
    found = livy.look(named(there), seconds=5, known_address="10.0.0.5")

    assert found.check == "cluster replaced"
    assert "emr.example led to 10.0.0.5 and leads to 127.0.0.1 now" in found.problem


def test_another_cluster_whose_livy_is_not_up_yet_is_told_of_with_what_is_wrong(
    resolver: Resolver,
) -> None:
    found = livy.look(livy.Livy("http://emr.example:9"), seconds=5, known_address="10.0.0.5")

    assert found.check == "refused"
    assert "The cluster was replaced" in found.problem
    assert found.next_step == "start livy-server on the primary"


def test_a_name_that_leads_where_it_led_is_ok(resolver: Resolver, there: Server) -> None:
    assert livy.look(named(there), seconds=5, known_address="127.0.0.1") == livy.Finding(
        "ok", address="127.0.0.1"
    )


def test_a_name_of_several_addresses_that_come_in_another_order_is_no_other_cluster(
    resolver: Resolver, there: Server
) -> None:
    """As that of a load balancer, which a user's own sparkmagic.json may name."""
    resolver.addresses = ["127.0.0.1", "127.0.0.2"]

    assert livy.look(named(there), seconds=5, known_address="127.0.0.2").check == "ok"


def test_livy_is_asked_with_the_clients_headers_under_its_path(there: Server) -> None:
    target = livy.Livy(f"{there.url}/gateway/", headers=(("X-Team", "risk"),))

    assert livy.look(target, seconds=5).check == "ok"
    method, path, headers = there.requests[-1]
    assert (method, path, headers["X-Team"]) == ("GET", "/gateway/sessions", "risk")


def test_the_environments_proxies_are_not_used(
    there: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert livy.look(livy.Livy(there.url), seconds=5).check == "ok"


def test_a_livy_that_is_cut_off_in_its_answer_took_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where http.client has closed it by the time that somebody looks."""
    within = livy._within

    def wait_for_the_end(seconds: float, function: Any, stop: Any) -> Any:
        ended = threading.Event()

        def run() -> Any:
            try:
                return function()
            finally:
                ended.set()

        return within(seconds, run, lambda: [stop(), ended.wait(10)])

    monkeypatch.setattr(livy, "_within", wait_for_the_end)
    with raw_server(b"HTTP/1.1 200 OK\r\n", every=0.05) as url:
        assert livy.look(livy.Livy(url), seconds=0.5).check == "no answer"


def test_an_answer_that_trickles_ends_with_the_time_and_leaves_no_thread() -> None:
    with raw_server(b"x", every=0.01) as url:
        found = livy.look(livy.Livy(url), seconds=0.3)

        assert found.check == "no answer"
        left = [each for each in threading.enumerate() if each.name == livy.THREAD]
        for thread in left:
            thread.join(5)
        assert not any(thread.is_alive() for thread in left)


def test_it_works_in_a_thread_where_no_signal_is_handled(there: Server) -> None:
    found: list[livy.Finding] = []
    thread = threading.Thread(
        target=lambda: found.append(livy.look(livy.Livy(there.url), seconds=5))
    )
    thread.start()
    thread.join()

    assert found[0].check == "ok"


def test_a_silent_name_server_lets_the_deployed_address_serve(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livy, "RESOLVING_SECONDS", 0.05)
    resolver.answers.clear()

    assert not livy.resolves("http://emr.example:8998")


@pytest.mark.parametrize("url", ["http://me:s3cret@127.0.0.1:9", "http://me:s3/cr@et@127.0.0.1:9"])
def test_a_password_in_the_address_is_not_shown(url: str) -> None:
    found = livy.look(livy.Livy(url), seconds=5)

    assert found.check != "ok"
    assert "s3" not in found.problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:port", "nonsense", "http://[::1"])
def test_an_address_that_is_none_is_no_traceback(url: str) -> None:
    assert livy.look(livy.Livy(url), seconds=5).check == "no connection"


def test_a_name_that_python_cannot_ask_for_is_not_resolved() -> None:
    assert livy.look(livy.Livy("http://a..b:8998"), seconds=5).check == "name not resolved"
    assert not livy.resolves("http://a..b:8998")


def test_a_connection_that_nobody_takes_is_a_matter_of_the_security_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(livy, "CONNECTING_SECONDS", 0.1)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with contextlib.ExitStack() as waiting:
            # Linux drops what comes after them, as a security group would.
            for _ in range(4):
                one = waiting.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))

            found = livy.look(livy.Livy(f"http://127.0.0.1:{port}"), seconds=30)

    assert found.check == "timed out"
    assert f"security group to the primary's on TCP port {port}" in found.next_step


def test_a_redirect_is_told_as_one() -> None:
    with server(302, location="https://127.0.0.1/login") as elsewhere:
        found = livy.look(livy.Livy(elsewhere.url), seconds=5)

    assert "HTTP 302, which leads elsewhere" in found.problem


def test_authorities_that_cannot_be_read_are_no_matter_of_routes(tmp_path: Path) -> None:
    target = livy.Livy("https://127.0.0.1:9", ca_bundle=str(tmp_path / "none.pem"))
    found = livy.look(target, seconds=5)

    assert found.check == "TLS failure"
    assert "none.pem cannot be read" in found.problem
    assert found.next_step == "stop and start this notebook"
