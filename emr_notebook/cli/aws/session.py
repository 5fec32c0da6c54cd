"""Opens a Reader of AWS with the credentials that boto3 finds."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from emr_notebook.cli.aws.reader import MAX_CONCURRENT_CALLS, CommandError, Reader, explain

CONNECT_SECONDS = 5
READ_SECONDS = 20
ATTEMPTS = 6


def aws_reader(region: str) -> Reader:
    """A reader with the credentials that boto3 finds. Raises CommandError when it finds none."""
    try:
        session = boto3.Session(region_name=region)
        if session.get_credentials() is None:
            raise exceptions.NoCredentialsError
    except BotoCoreError as error:
        raise CommandError(explain(error)) from None
    return session_reader(session, region)


def session_reader(session: boto3.Session, region: str) -> Reader:
    """A reader with a session's credentials."""
    config = client_config()
    clients: dict[str, Any] = {}
    making = Lock()

    def call(service: str, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        with making:
            if service not in clients:
                made = session.client(service, config=config)  # type: ignore[call-overload]
                clients[service] = made
        answer: Mapping[str, Any] = getattr(clients[service], method)(**arguments)
        return answer

    return Reader(region, call)


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
