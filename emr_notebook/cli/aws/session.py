"""Opens a Reader of AWS with the credentials that boto3 finds."""

import os
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from emr_notebook.cli.aws.notebook_actions import START
from emr_notebook.cli.aws.printable import printable
from emr_notebook.cli.aws.reader import (
    MAX_CONCURRENT_CALLS,
    CommandError,
    NoAnswerError,
    Reader,
    explain,
)

CONNECT_SECONDS = 5
READ_SECONDS = 10
# Of calls that AWS answers, throttled ones among them.
ATTEMPTS = 6
# Of calls that nobody answers: with the seconds above, silence is told in less than 30.
UNANSWERED_ATTEMPTS = 2

# Calls that AWS answers with nothing.
EMPTY_ANSWERS = frozenset({START})


def aws_reader(region: str) -> Reader:
    """A reader with the credentials that boto3 finds. Raises CommandError when it finds none."""
    return session_reader(open_session(region), region)


def configured_region() -> str | None:
    """The region of AWS_REGION, AWS_DEFAULT_REGION or the profile. Raises CommandError."""
    # boto3 itself does not read AWS_REGION, which the AWS CLI and the SDKs of other languages do.
    if found := os.environ.get("AWS_REGION"):
        return found
    try:
        return boto3.Session().region_name
    except BotoCoreError as error:
        raise CommandError(explain(error)) from None


def open_session(region: str, **credentials: str) -> boto3.Session:
    """A session with these credentials, named as boto3.Session does, or those that boto3 finds.

    Raises CommandError when there are none.
    """
    core = botocore.session.Session()
    # For the calls, too, by which boto3 gets credentials.
    core.set_default_client_config(client_config())
    core.register("needs-retry", _end_retries)
    core.register("before-parse", _refuse_others)
    try:
        session = boto3.Session(botocore_session=core, region_name=region, **credentials)
        found = session.get_credentials()
    except BotoCoreError as error:
        raise CommandError(explain(error)) from None
    except Exception as error:
        # What a credential_process or a configuration file does to boto3 has no type of its own.
        raise CommandError(
            f"the AWS credentials cannot be read: {printable(str(error))}. Next: correct what "
            "AWS's configuration says of them, such as its credential_process"
        ) from None
    if found is None:
        raise CommandError(explain(exceptions.NoCredentialsError()))
    return session


def session_reader(session: boto3.Session, region: str) -> Reader:
    """A reader with a session's credentials. A service that did not answer is not asked again."""
    config = client_config()
    clients: dict[str, Any] = {}
    silent: dict[str, NoAnswerError] = {}
    making = Lock()

    def call(service: str, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        def ask() -> Mapping[str, Any]:
            with making:
                if service not in clients:
                    made = session.client(service, config=config)  # type: ignore[call-overload]
                    clients[service] = made
            answer: Mapping[str, Any] = getattr(clients[service], method)(**arguments)
            return answer

        if service in silent:
            raise silent[service]
        try:
            return read_answer(ask, may_be_empty=method in EMPTY_ANSWERS)
        except NoAnswerError as error:
            silent[service] = error
            raise

    return Reader(region, call)


def read_answer(
    ask: Callable[[], Mapping[str, Any]], *, may_be_empty: bool = False
) -> Mapping[str, Any]:
    """What boto3 answers. Raises BotoCoreError and ClientError, and nothing else.

    NoAnswerError, a BotoCoreError, when nobody answers, or something that is not AWS.
    """
    try:
        answer = ask()
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise NoAnswerError(error=printable(str(error))) from None
    except (BotoCoreError, ClientError):
        raise
    except Exception as error:
        # boto3 fails in whatever way on an endpoint or an answer that is of no form it knows.
        said = f"{type(error).__name__}: {printable(str(error), 200)}"
        raise NoAnswerError(error=said) from None
    if not may_be_empty and answer.keys() <= {"ResponseMetadata"}:
        raise NoAnswerError(error="its answer is empty")
    return answer


def client_config() -> Config:
    """How clients wait and try again."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=MAX_CONCURRENT_CALLS,
    )


def check_account(reader: Reader, account: str) -> None:
    """Raise CommandError unless the credentials are of this account."""
    found = reader.ask("sts", "get_caller_identity")["Account"]
    if found != account:
        raise CommandError(
            f"the credentials are of account {found}; the stage is of {account}. Choose another "
            "profile (AWS_PROFILE) or another stage (--stage)."
        )


def _end_retries(**event: Any) -> None:
    """Raise what a connection failed with, before boto3 tries once more: its event needs-retry."""
    if event["caught_exception"] is not None and event["attempts"] >= UNANSWERED_ATTEMPTS:
        raise event["caught_exception"]


def _refuse_others(**event: Any) -> None:
    """Raise NoAnswerError for a redirect or a web page, of a proxy's: boto3's event before-parse.

    AWS answers these calls with neither.
    """
    response = event["response_dict"]
    status, headers = response["status_code"], response["headers"]
    if status in range(300, 400):
        # The rest of the address may hold a token.
        host = urlsplit(headers.get("location", "")).hostname
        raise NoAnswerError(error=f"it redirects to {printable(host or 'nowhere')}")
    if "html" in headers.get("content-type", ""):
        raise NoAnswerError(error=f"it answers with a web page (HTTP status {status})")
