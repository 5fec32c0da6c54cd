"""The look-up role: its name, and what is said when it cannot be used."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cluster_endpoint.find import ArnScope
from emr_notebook.bootstrap import lookup_role_arn
from emr_notebook.cli.aws.live_endpoint import live_endpoint
from emr_notebook.cli.aws.lookup_role import lookup_role_reader
from emr_notebook.cli.aws.reader import CommandError, Reader
from emr_notebook.settings.file import parse
from tests.conftest import stage

ARN = "arn:aws:iam::111122223333:role/cdk-hnb659fds-lookup-role-111122223333-eu-west-1"


class Refusing(BaseHTTPRequestHandler):
    """STS for those whom the role does not trust."""

    def do_POST(self) -> None:
        said = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        self.send_response(403)
        self.end_headers()
        self.wfile.write(said + b"</ErrorResponse>")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def refusing_sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    yield
    server.shutdown()
    server.server_close()


def test_it_is_the_one_that_bootstrap_makes() -> None:
    assert lookup_role_arn(parse(stage())) == ARN


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ],
)
def test_its_arn_names_the_part_of_aws(region: str, partition: str) -> None:
    found = lookup_role_arn(parse(stage(lambda data: data.update(region=region))))

    assert found.split(":")[1] == partition


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "eusc-de-east-1"])
def test_settings_take_the_regions_of_every_part_of_aws(region: str) -> None:
    assert parse(stage(lambda data: data.update(region=region))).region == region


def test_a_cluster_is_looked_up_in_the_part_of_aws_that_the_stage_is_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scopes: list[ArnScope] = []

    def find(
        _request: object,
        _gateway: object,
        scope: ArnScope,
        _now: float,
        *,
        propagation_seconds: float,
        **_of_no_concern: object,
    ) -> dict[str, str]:
        assert propagation_seconds == 0
        scopes.append(scope)
        return {}

    monkeypatch.setattr("emr_notebook.cli.aws.live_endpoint.find_endpoint", find)
    settings = parse(stage(lambda data: data.update(region="us-gov-west-1")))
    live_endpoint(Reader("us-gov-west-1", lambda *_: {}), settings, "analytics")

    assert [each.partition for each in scopes] == ["aws-us-gov"]


@pytest.mark.usefixtures("refusing_sts")
def test_one_that_does_not_trust_the_caller_says_how_to_make_it() -> None:
    with pytest.raises(CommandError, match="--trust-for-lookup") as raised:
        lookup_role_reader(parse(stage()))

    assert ARN in str(raised.value)
    assert "AccessDenied" in str(raised.value)


def test_without_credentials_it_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")

    with pytest.raises(CommandError, match="Unable to locate credentials"):
        lookup_role_reader(parse(stage()))
