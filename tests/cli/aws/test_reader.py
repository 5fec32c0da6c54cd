"""The commands' one seam to AWS: it only reads, and its failures are in words."""

import contextlib
import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions

from emr_notebook.cli.aws.reader import (
    MAX_PAGES,
    CommandError,
    Denied,
    Reader,
    Refused,
    Unreachable,
    caching_reader,
    iam_action,
)
from emr_notebook.cli.aws.session import (
    CONNECT_SECONDS,
    READ_SECONDS,
    UNANSWERED_ATTEMPTS,
    aws_reader,
    check_account,
)
from sandbox.environment import clean_environment
from sandbox.loopback import free_port
from tests.assets.cluster_endpoint.emr_records import ACCOUNT, REGION, refused
from tests.cli.aws_in_memory import AwsInMemory, Fields

IDENTITY = ("sts", "get_caller_identity")


def failing(error: Exception) -> Reader:
    """AWS that answers every call so."""

    def call(*_: Any) -> Fields:
        raise error

    return Reader(REGION, call)


@pytest.mark.parametrize(
    "method",
    [
        "describe_cluster",
        "list_notebook_instances",
        "get_log_events",
        "batch_get_projects",
        "simulate_principal_policy",
        "lookup_events",
    ],
)
def test_calls_that_read_go_through(method: str) -> None:
    reader = Reader(REGION, lambda *_: {"answer": 1})

    assert reader.ask("any", method) == {"answer": 1}


@pytest.mark.parametrize(
    "method",
    [
        "stop_notebook_instance",
        "create_presigned_notebook_instance_url",
        "put_log_events",
        "describe",
        "describe_Cluster",
        "delete_describe_x",
        "describe_cluster\n",
        "generate_presigned_url",
    ],
)
def test_no_other_call_is_made(method: str) -> None:
    world = AwsInMemory()

    with pytest.raises(ValueError, match="is not a call that only reads"):
        world.reader().ask("sagemaker", method)
    assert world.calls == []


@pytest.mark.parametrize(
    ("service", "method", "action"),
    [
        ("emr", "describe_cluster", "elasticmapreduce:DescribeCluster"),
        ("resourcegroupstaggingapi", "get_resources", "tag:GetResources"),
        ("logs", "get_log_events", "logs:GetLogEvents"),
        (
            "sagemaker",
            "describe_notebook_instance_lifecycle_config",
            "sagemaker:DescribeNotebookInstanceLifecycleConfig",
        ),
    ],
)
def test_an_action_has_iams_name(service: str, method: str, action: str) -> None:
    assert iam_action(service, method) == action


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"])
def test_a_denied_call_names_the_action_that_iam_would_have_to_allow(code: str) -> None:
    with pytest.raises(Denied) as denied:
        failing(refused(code)).ask("emr", "list_instances")

    assert denied.value.action == "elasticmapreduce:ListInstances"


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"])
def test_credentials_that_aws_does_not_accept_are_said_in_one_line(code: str) -> None:
    with pytest.raises(CommandError) as error:
        failing(refused(code, "The security token included in the request is expired")).ask(
            *IDENTITY
        )

    assert str(error.value) == f"AWS does not accept the credentials ({code}): log in again."


def test_another_refusal_keeps_awss_own_words() -> None:
    with pytest.raises(Refused, match=r"ec2:DescribeVpcs: InvalidVpcID\.NotFound: none") as error:
        failing(refused("InvalidVpcID.NotFound", "none")).ask("ec2", "describe_vpcs")

    assert error.value.code == "InvalidVpcID.NotFound"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (exceptions.NoCredentialsError(), "there are no AWS credentials: run `aws sso login`"),
        (
            exceptions.CredentialRetrievalError(provider="sso", error_msg="gone"),
            "there are no AWS credentials: run `aws sso login`",
        ),
        (
            exceptions.EndpointConnectionError(endpoint_url="https://sts"),
            f"AWS in {REGION} does not answer",
        ),
        (
            exceptions.ReadTimeoutError(endpoint_url="https://sts"),
            f"AWS in {REGION} does not answer",
        ),
        (exceptions.UnknownServiceError(service_name="x", known_service_names=[]), "AWS cannot"),
    ],
)
def test_what_boto3_cannot_do_is_said_in_one_line(error: Exception, said: str) -> None:
    with pytest.raises(CommandError) as failure:
        failing(error).ask(*IDENTITY)

    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.ConnectTimeoutError(endpoint_url="https://x"), Unreachable),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), Unreachable),
        (exceptions.NoCredentialsError(), CommandError),
        (exceptions.CredentialRetrievalError(provider="sso", error_msg="gone"), CommandError),
    ],
)
def test_a_service_that_does_not_answer_is_told_from_credentials_that_are_no_good(
    error: Exception, kind: type[CommandError]
) -> None:
    with pytest.raises(CommandError) as failure:
        failing(error).ask("service-quotas", "list_service_quotas")

    assert type(failure.value) is kind


def test_all_pages_are_read_in_their_order() -> None:
    pages: dict[Any, Any] = {None: ([1, 2], "a"), "a": ([3], "b"), "b": ([4], "")}

    def call(_: str, __: str, given: Any) -> Fields:
        items, token = pages[given.get("Marker")]
        return {"Items": items, "Next": token}

    found = Reader(REGION, call).pages(
        "emr", "list_things", items="Items", token=("Marker", "Next"), Kind="x"
    )

    assert [*map(str, found)] == ["1", "2", "3", "4"]


def test_pages_without_an_end_are_given_up() -> None:
    pages: list[str] = []

    def call(_: str, method: str, __: Any) -> Fields:
        pages.append(method)
        return {"NextToken": "again"}

    reader = Reader(REGION, call)
    with pytest.raises(CommandError, match=f"more than {MAX_PAGES} pages"):
        list(reader.pages("ec2", "describe_vpcs", items="Vpcs"))
    assert len(pages) == MAX_PAGES


class TestRemembering:
    def test_no_call_is_made_twice(self) -> None:
        world = AwsInMemory(answers={IDENTITY: lambda _: {"Account": ACCOUNT}})
        reader = caching_reader(world.reader())
        found = reader.map_concurrently(
            lambda _: reader.ask("sts", "get_caller_identity")["Account"], range(20)
        )

        assert found == [ACCOUNT] * 20
        assert world.count("get_caller_identity") == 1

    def test_other_arguments_are_another_call(self) -> None:
        reader = caching_reader(Reader(REGION, lambda _, __, given: {"Id": given["ClusterId"]}))
        ask = partial(reader.ask, "emr", "describe_cluster")

        assert [ask(ClusterId=each)["Id"] for each in ("j-1", "j-2", "j-1")] == [
            "j-1",
            "j-2",
            "j-1",
        ]

    def test_a_call_that_failed_is_made_again(self) -> None:
        world = AwsInMemory(answers={IDENTITY: lambda _: {"Account": ACCOUNT}})
        world.denied = {"sts:GetCallerIdentity"}
        reader = caching_reader(world.reader())
        with pytest.raises(Denied):
            reader.ask("sts", "get_caller_identity")
        world.denied.clear()

        assert reader.ask("sts", "get_caller_identity")["Account"] == ACCOUNT


def test_work_is_done_side_by_side_and_answered_in_order() -> None:
    both = threading.Barrier(2, timeout=10)
    finished: list[None] = []

    def work(item: int) -> int:
        both.wait()
        return item * 10

    found = Reader(REGION, lambda *_: {}).map_concurrently(
        work, [2, 1], lambda: finished.append(None)
    )

    assert found == [20, 10]
    assert len(finished) == 2


def test_the_first_failure_ends_the_work() -> None:
    started: list[int] = []

    def work(item: int) -> None:
        started.append(item)
        time.sleep(0.02)
        raise Denied(f"action-{item}")

    with pytest.raises(Denied, match="action-0"):
        Reader(REGION, lambda *_: {}).map_concurrently(work, range(500))
    assert len(started) < 500


def test_credentials_of_another_account_are_refused() -> None:
    world = AwsInMemory(answers={IDENTITY: lambda _: {"Account": "999988887777"}})

    with pytest.raises(CommandError, match=f"account 999988887777; the stage is of {ACCOUNT}"):
        check_account(world.reader(), ACCOUNT)


def test_an_answer_without_a_part_that_it_must_have_is_an_error_in_words() -> None:
    reader = Reader(REGION, lambda *_: {"Other": 1})

    with pytest.raises(CommandError, match="answer to sts:GetCallerIdentity has no Account"):
        check_account(reader, ACCOUNT)


def test_awss_own_words_are_shown_without_control_characters_and_cut() -> None:
    with pytest.raises(Refused) as refusal:
        failing(refused("Odd", "\x1b[2J" + "x" * 9000)).ask("ec2", "describe_vpcs")

    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 500


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """boto3 with placeholder credentials whose AWS is a port on which nobody listens."""
    for name, value in clean_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr("emr_notebook.cli.aws.session.ATTEMPTS", 1)


@pytest.mark.usefixtures("offline")
def test_the_real_boto3_without_a_network_is_said_in_one_line() -> None:
    with pytest.raises(
        CommandError, match=f"AWS in {REGION} does not answer: sts: Could not connect"
    ):
        aws_reader(REGION).ask(*IDENTITY)


@pytest.mark.usefixtures("offline")
def test_a_service_that_does_not_answer_is_asked_twice_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr("emr_notebook.cli.aws.session.ATTEMPTS", 6)
        monkeypatch.setattr("emr_notebook.cli.aws.session.READ_SECONDS", 0.05)
        reader = aws_reader(REGION)
        with pytest.raises(Unreachable, match="Read timeout on endpoint URL"):
            reader.ask(*IDENTITY)
        silent.setblocking(False)
        for _ in range(2):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
        with pytest.raises(Unreachable):
            reader.ask("sts", "get_session_token")
        with pytest.raises(BlockingIOError):
            silent.accept()
    longest = UNANSWERED_ATTEMPTS * max(READ_SECONDS, CONNECT_SECONDS)
    # boto3 waits a second at most before the second one.
    assert longest + 1 < 30


def page(status: str, content_type: str, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, *headers, "Connection: close", "", ""]).encode() + body


HTML = b"<html><body>\x1b[2JPlease log in</body></html>"
UNREADABLE = {
    "a web page": (page("200 OK", "text/html", HTML), "answers with a web page"),
    "a proxy's refusal": (page("403 Forbidden", "text/html", HTML), r"web page \(HTTP status 403"),
    "nothing": (page("200 OK", "text/xml", b""), "answer is empty|ResponseParserError"),
    "a redirect": (
        page("302 Found", "text/plain", b"", "Location: https://login.example/?token=secret"),
        "redirects to login.example",
    ),
    "another service's list": (
        page("200 OK", "application/json", b"[1]"),
        "ParserError|AttributeError",
    ),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", "Connection was closed|Bad|bad"),
    "half of it": (
        page("200 OK", "text/xml", b"<GetCallerId"),
        "ResponseParserError|answer is empty",
    ),
}


@pytest.mark.usefixtures("offline")
class TestWhatIsNoAnswerOfAws:
    @pytest.mark.parametrize(("answer", "said"), UNREADABLE.values(), ids=UNREADABLE)
    @pytest.mark.parametrize("call", [IDENTITY, ("kms", "list_keys")])
    def test_is_said_in_one_line(
        self, answer: bytes, said: str, call: tuple[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with answering(answer) as url:
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            with pytest.raises(Unreachable) as failure:
                aws_reader(REGION).ask(*call)
        text = str(failure.value)

        assert re.search(said, text), text
        assert text.startswith(f"AWS in {REGION} does not answer: {call[0]}: ")
        assert "look at the network, at proxies (HTTPS_PROXY), and at what AWS_ENDPOINT_URL" in text
        assert text.isprintable()
        assert "secret" not in text
        assert len(text) < 700

    def test_an_endpoint_that_is_no_address_is_said_in_one_line(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "not an address")

        with pytest.raises(Unreachable, match="Invalid endpoint: not an address"):
            aws_reader(REGION).ask(*IDENTITY)

    @pytest.mark.parametrize("program", ["/nonexistent/login", "echo {", "'"])
    def test_a_program_that_gives_no_credentials_is_said_in_one_line(
        self, program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        config = tmp_path / "config"
        config.write_text(f"[default]\ncredential_process = {program}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

        with pytest.raises(CommandError, match="credential") as failure:
            aws_reader(REGION)
        assert "\n" not in str(failure.value)


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that answers every connection so: its address."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.connection.recv(65536)
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.usefixtures("offline")
def test_the_real_boto3_without_credentials_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    with pytest.raises(CommandError, match="there are no AWS credentials: run `aws sso login`"):
        aws_reader(REGION)


@pytest.mark.usefixtures("offline")
def test_a_profile_that_does_not_exist_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(CommandError, match=r"The config profile \(nobody\) could not be found"):
        aws_reader(REGION)
