"""Tests aws.py with the real boto3 against a server on this machine."""

import contextlib
import dataclasses
import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from cluster_endpoint import aws, failures
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID, refused

GOOD = b'{"Cluster": {"Id": "j-2AXXXXXXGAPLF", "Applications": []}}'
READ = {"Id": "j-2AXXXXXXGAPLF", "Applications": []}
STACK = b"<r><DescribeStacksResult><Stacks/></DescribeStacksResult></r>"
EMR_CALL = ("DescribeCluster", "arn:…/j-2AXXXXXXGAPLF", {"ClusterId": CLUSTER_ID})
STACK_CALL = ("DescribeStacks", "arn:…", {"StackName": "emr-notebooks"})


@dataclass
class Server:
    """Answers requests in turn: status, body, and how many bytes more than sent it promises."""

    port: int
    answers: list[tuple[int, bytes, int]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    served: int = 0


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            state.served += 1
            status, body, missing = state.answers.pop(0)
            time.sleep(state.delays.pop() if state.delays else 0)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + missing))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        state = Server(listening.server_port)
        threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield state
        listening.shutdown()


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> aws.Aws:
    """AWS at that server, asked for a minute of a clock that passes in pauses."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.setattr(aws, "READ_SECONDS", 0.3)
    return with_a_clock(aws.boto3_gateway())


def with_a_clock(gateway: aws.AwsGateway) -> aws.Aws:
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    gateway = dataclasses.replace(gateway, now=lambda: clock[0], sleep=sleep, jitter=lambda: 1.0)
    return aws.Aws(gateway, 0.0, 60.0)


def ask(client: aws.Aws, call: tuple[str, str, dict[str, Any]]) -> Any:
    operation, resource, arguments = call
    return client.ask(operation, resource, **arguments)


class TestAnswers:
    def test_boto3_is_asked_in_the_lambdas_region_and_retries_nothing(
        self, server: Server, client: aws.Aws
    ) -> None:
        server.answers = [(200, GOOD, 0)]

        assert client.gateway.region == "eu-west-1"
        assert ask(client, EMR_CALL)["Cluster"] == READ
        assert server.served == 1

    @pytest.mark.parametrize(
        "broken",
        [
            (500, b"", 0),
            (502, b"<html>Bad gateway</html>", 0),
            (503, b"<html>Service unavailable</html>", 0),
            (429, b"", 0),
            (400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}', 0),
            (200, GOOD[:20], 18),
            (200, b"", 100),
        ],
        ids=lambda broken: f"{broken[0]} {len(broken[1])} of {len(broken[1]) + broken[2]} bytes",
    )
    def test_what_fails_in_passing_is_asked_for_again(
        self, server: Server, client: aws.Aws, broken: tuple[int, bytes, int]
    ) -> None:
        server.answers = [broken, (200, GOOD, 0)]

        assert ask(client, EMR_CALL)["Cluster"] == READ
        assert server.served == 2

    @pytest.mark.parametrize(
        "body",
        [
            b"[1, 2]",
            b"5",
            b"null",
            b"\xff\xfe",
            b"[" * 200_000,
            b'{"Cluster": []}',
            b'{"Cluster": {"Applications": 5}}',
            b'{"Cluster": {"Status": {"Timeline": {"CreationDateTime": "yesterday"}}}}',
            b'{"Cluster": {"Status": {"Timeline": {"CreationDateTime": 1e400}}}}',
        ],
        ids=lambda body: str(body[:72]),
    )
    def test_an_answer_that_boto3_cannot_read_is_refused_once(
        self, server: Server, client: aws.Aws, body: bytes
    ) -> None:
        server.answers = [(200, body, 0)]

        with pytest.raises(Refusal, match=r"aws-call-failed.*DescribeCluster.*cannot be read"):
            ask(client, EMR_CALL)

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{}", STACK[:20]])
    def test_a_stack_that_is_no_xml_is_asked_for_again(
        self, server: Server, client: aws.Aws, body: bytes
    ) -> None:
        server.answers = [(200, body, 0), (200, STACK, 0)]

        assert ask(client, STACK_CALL)["Stacks"] == []

    def test_other_xml_than_a_stack_is_refused(self, server: Server, client: aws.Aws) -> None:
        server.answers = [(200, b"<html/>", 0)]

        with pytest.raises(Refusal, match=r"aws-call-failed.*DescribeStacks.*cannot be read"):
            ask(client, STACK_CALL)

    def test_a_slow_answer_is_given_up_and_asked_for_again(
        self, server: Server, client: aws.Aws
    ) -> None:
        server.delays = [0.6]
        server.answers = [(200, STACK, 0), (200, STACK, 0)]

        assert ask(client, STACK_CALL)["Stacks"] == []
        assert server.served == 2

    def test_aws_own_refusal_keeps_its_words(self, server: Server, client: aws.Aws) -> None:
        said = b'{"__type": "ValidationException", "message": "No such thing."}'
        server.answers = [(400, said, 0)]

        with pytest.raises(Refusal) as refusal:
            ask(client, EMR_CALL)

        assert "AWS refused DescribeCluster on arn:…/j-2AXXXXXXGAPLF: ValidationException: No " in (
            str(refusal.value)
        )
        assert "such thing. Next:" in str(refusal.value)

    @pytest.mark.parametrize(
        ("call", "body"),
        [(EMR_CALL, b""), (STACK_CALL, b"<html/>")],
        ids=["EMR", "CloudFormation"],
    )
    def test_an_error_without_a_word_is_refused_with_its_status(
        self, server: Server, client: aws.Aws, call: tuple[str, str, dict[str, Any]], body: bytes
    ) -> None:
        server.answers = [(403, body, 0)]

        with pytest.raises(Refusal, match=r"aws-call-failed.*403"):
            ask(client, call)


def failing(failure: Exception, times: int = 1000) -> aws.Aws:
    left = [failure] * times

    def call(operation: str, arguments: Any) -> dict[str, Any]:
        if left:
            raise left.pop()
        return {"Cluster": READ}

    return with_a_clock(aws.AwsGateway(call=call, region="eu-west-1"))


class TestFailures:
    @pytest.mark.parametrize("code", sorted(failures.TRANSIENT_CODES))
    def test_a_passing_code_is_retried(self, code: str) -> None:
        assert ask(failing(refused(code), 3), EMR_CALL) == {"Cluster": READ}

    @pytest.mark.parametrize(
        "failure",
        [
            EndpointConnectionError(endpoint_url="https://example.invalid"),
            ConnectTimeoutError(endpoint_url="https://example.invalid"),
            ReadTimeoutError(endpoint_url="https://example.invalid"),
        ],
        ids=lambda failure: type(failure).__name__,
    )
    def test_a_broken_connection_is_retried(self, failure: Exception) -> None:
        assert ask(failing(failure, 3), EMR_CALL) == {"Cluster": READ}

    @pytest.mark.parametrize(
        ("failure", "said"),
        [
            (ParamValidationError(report="it is X."), "it is X. Next"),
            (NoCredentialsError(), "Unable to locate credentials. Next"),
            (BotoCoreError(), "An unspecified error occurred. Next"),
        ],
        ids=lambda each: type(each).__name__,
    )
    def test_what_boto3_itself_refuses_is_not_retried(self, failure: Exception, said: str) -> None:
        with pytest.raises(Refusal, match="aws-call-failed") as refusal:
            ask(failing(failure, 1), EMR_CALL)

        assert said in str(refusal.value)

    @pytest.mark.parametrize("code", sorted(failures.DENIED_CODES))
    def test_denied_access_names_the_action_and_the_resource(self, code: str) -> None:
        with pytest.raises(Refusal) as refusal:
            ask(failing(refused(code, status=403)), EMR_CALL)

        assert refusal.value.code == "access-denied"
        assert "not allowed elasticmapreduce:DescribeCluster on arn:…/j-2A" in str(refusal.value)

    def test_denied_access_is_final_at_once_where_nothing_was_just_granted(self) -> None:
        client = failing(refused("AccessDeniedException"))

        with pytest.raises(Refusal, match="access-denied"):
            ask(client, EMR_CALL)
        assert client.spent == 0

    @pytest.mark.parametrize("times", [1, 6])
    def test_a_grant_that_takes_a_while_is_waited_for(self, times: int) -> None:
        client = dataclasses.replace(
            failing(refused("AccessDeniedException"), times), propagation_seconds=40.0
        )

        assert ask(client, EMR_CALL) == {"Cluster": READ}

    def test_denied_access_is_final_when_a_grant_would_have_come_through(self) -> None:
        client = dataclasses.replace(
            failing(refused("AccessDeniedException")), propagation_seconds=40.0
        )

        with pytest.raises(Refusal, match="access-denied"):
            ask(client, EMR_CALL)
        assert 30 <= client.spent <= 40

    def test_what_is_denied_later_than_that_is_final_at_once(self) -> None:
        client = dataclasses.replace(
            failing(refused("AccessDeniedException")), propagation_seconds=40.0
        )
        client.gateway.sleep(41)

        with pytest.raises(Refusal, match="access-denied"):
            ask(client, EMR_CALL)
        assert client.spent == 41

    def test_another_invalid_request_of_emr_s_is_not_an_unknown_cluster(self) -> None:
        call = ("ListInstances", "arn:…/j-2AXXXXXXGAPLF", {"ClusterId": CLUSTER_ID})

        with pytest.raises(Refusal, match=r"aws-call-failed.*InvalidRequestException: odd"):
            ask(failing(refused("InvalidRequestException", "odd")), call)

    def test_pauses_grow_to_ten_seconds_and_end_within_the_time(self) -> None:
        pauses: list[float] = []
        client = failing(refused("Throttling"))
        sleep = client.gateway.sleep

        def recorded(seconds: float) -> None:
            pauses.append(seconds)
            sleep(seconds)

        client = dataclasses.replace(
            client, gateway=dataclasses.replace(client.gateway, sleep=recorded)
        )
        with pytest.raises(Refusal, match=r"aws-unavailable.*the look-up took 56 s"):
            ask(client, EMR_CALL)

        assert pauses == [0, 0.5, 1, 2, 4, 8, 10, 10, 10, 10]

    @pytest.mark.parametrize(("jitter", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
    def test_jitter_spreads_each_pause_over_its_upper_half(
        self, jitter: float, share: float
    ) -> None:
        client = failing(refused("Throttling"), 6)
        client = dataclasses.replace(
            client, gateway=dataclasses.replace(client.gateway, jitter=lambda: jitter)
        )

        ask(client, EMR_CALL)

        assert client.spent == share * (0.5 + 1 + 2 + 4 + 8 + 10)

    def test_what_failed_last_is_said(self) -> None:
        client = failing(refused("ThrottlingException", "Rate exceeded."))

        with pytest.raises(Refusal) as refusal:
            ask(client, EMR_CALL)

        said = "AWS did not answer DescribeCluster in time: ThrottlingException: Rate exceeded; the"
        assert said in str(refusal.value)

    def test_no_call_begins_when_the_time_is_over(self) -> None:
        client = failing(AssertionError("called"))
        client.gateway.sleep(60.5)

        with pytest.raises(Refusal, match=r"aws-unavailable.*took 60 s"):
            ask(client, EMR_CALL)


def answering(*answers: Any) -> aws.Aws:
    """AWS that gives these answers in turn, the last one again and again."""
    left = list(answers)

    def call(operation: str, arguments: Any) -> Any:
        return left.pop(0) if len(left) > 1 else left[0]

    return with_a_clock(aws.AwsGateway(call=call, region="eu-west-1"))


INCOMPLETE = [
    ("DescribeCluster", {}),
    ("DescribeCluster", {"Cluster": None}),
    ("DescribeCluster", {"Cluster": {"Id": CLUSTER_ID}}),
    ("DescribeCluster", {"Cluster": {"Id": CLUSTER_ID, "Applications": None}}),
    ("DescribeSecurityConfiguration", {"SecurityConfiguration": None}),
    ("DescribeStacks", {}),
    ("GetResources", {"PaginationToken": ""}),
    ("ListClusters", {}),
    ("ListInstanceFleets", {"InstanceFleets": "x"}),
    ("ListInstanceGroups", {"InstanceGroups": {"a": 1}}),
    ("ListInstances", {"Instances": None}),
]
COMPLETE = {
    "ChangeResourceRecordSets": {"ChangeInfo": {}},
    "DescribeCluster": {"Cluster": {"Id": CLUSTER_ID, "Applications": []}},
    "DescribeSecurityConfiguration": {"SecurityConfiguration": "{}"},
    "DescribeStacks": {"Stacks": []},
    "GetHostedZone": {"HostedZone": {}},
    "GetResources": {"ResourceTagMappingList": []},
    "ListClusters": {"Clusters": []},
    "ListInstanceFleets": {"InstanceFleets": []},
    "ListInstanceGroups": {"InstanceGroups": []},
    "ListInstances": {"Instances": []},
    "ListResourceRecordSets": {"ResourceRecordSets": []},
}


class TestIncompleteAnswers:
    @pytest.mark.parametrize(("operation", "answer"), INCOMPLETE)
    def test_one_that_is_incomplete_is_asked_for_again(
        self, operation: str, answer: dict[str, Any]
    ) -> None:
        client = answering(answer, answer, COMPLETE[operation])

        assert client.ask(operation, "arn:…") == COMPLETE[operation]
        assert client.spent == 0.5 + 1

    @pytest.mark.parametrize(("operation", "answer"), INCOMPLETE)
    def test_one_that_stays_so_is_refused_with_what_it_lacks(
        self, operation: str, answer: dict[str, Any]
    ) -> None:
        client = answering(answer)

        with pytest.raises(Refusal, match=f"answer-incomplete.*answered {operation} without its "):
            client.ask(operation, "arn:…")
        assert 20 <= client.spent <= 30

    def test_what_it_lacks_is_named(self) -> None:
        client = answering({"Cluster": {"Id": CLUSTER_ID}})

        with pytest.raises(Refusal, match=r"DescribeCluster without its Cluster\.Applications, "):
            client.ask("DescribeCluster", "arn:…")

    def test_every_operation_has_something_that_it_must_answer(self) -> None:
        assert COMPLETE.keys() == aws.OPERATIONS.keys()


class TestPages:
    def test_what_is_no_item_in_a_page_is_left_out(self) -> None:
        client = answering({"Instances": [1, {"Id": "ci-1"}, None]})

        assert list(client.pages("ListInstances", "arn:…", items="Instances")) == [{"Id": "ci-1"}]
