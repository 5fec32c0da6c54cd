"""Calls AWS for the commands: only calls that read, several at once, with failures in words."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeAlias, TypeVar

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from emr_notebook.cli.aws.printable import printable

MAX_CONCURRENT_CALLS = 8
MAX_PAGES = 100

# Methods of other names may change something.
READ_METHOD = re.compile(r"(describe|list|get|batch_get|simulate|lookup)_[a-z0-9_]+")
DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
)
BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "AuthFailure",
    }
)
_IAM_PREFIX = {
    "emr": "elasticmapreduce",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
# Operations whose names boto3 does not only take apart.
_OPERATIONS = {"list_hosted_zones_by_vpc": "ListHostedZonesByVPC"}

# One call of AWS, by boto3's names of service and method, and its arguments.
Call: TypeAlias = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class CommandError(Exception):
    """A command cannot go on; the text is one that its user can act on."""


class NoAnswerError(BotoCoreError):
    """Nobody answers in AWS's place, or something that is not AWS."""

    fmt = "{error}"


class Unreachable(CommandError):
    """AWS in the region does not answer for one service; others may."""

    def __init__(self, service: str, region: str, error: object) -> None:
        super().__init__(
            f"AWS in {region} does not answer: {service}: {error}. Next: look at the network, at "
            "proxies (HTTPS_PROXY), and at what AWS_ENDPOINT_URL or endpoint_url names"
        )
        self.service = service


class Denied(Exception):
    """AWS does not let these credentials make a call; `action` is what IAM would have to allow."""

    def __init__(self, action: str) -> None:
        super().__init__(f"these credentials may not {action}")
        self.action = action


class Refused(Exception):
    """AWS refused a call for another reason; `code` is AWS's own."""

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(f"AWS refused {action}: {code}: {printable(message)}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Reader:
    """AWS in one region, read with the caller's own credentials.

    `call` makes one call by boto3's names of service and method; tests replace it.
    """

    region: str
    call: Call

    def ask(self, service: str, method: str, **arguments: Any) -> Mapping[str, Any]:
        """One call's answer. Raises Denied, Refused, and CommandError without usable credentials.

        Raises Unreachable, a CommandError, when the service does not answer. `method` is boto3's;
        one that is not a reading one is a ValueError.
        """
        if READ_METHOD.fullmatch(method) is None:
            raise ValueError(f"{method} is not a call that only reads")
        return call_in_words(self.region, self.call, service, method, arguments)

    def pages(
        self,
        service: str,
        method: str,
        *,
        items: str,
        token: tuple[str, str] = ("NextToken", "NextToken"),
        **arguments: Any,
    ) -> Iterator[Mapping[str, Any]]:
        """The items of all pages; `token` is the page's token in the request and in the answer."""
        more: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            page = self.ask(service, method, **arguments, **more)
            yield from page.get(items, [])
            if not page.get(token[1]):
                return
            more = {token[0]: page[token[1]]}
        raise CommandError(f"{iam_action(service, method)}: more than {MAX_PAGES} pages")

    def map_concurrently(
        self,
        work: Callable[[Item], Result],
        items: Iterable[Item],
        done: Callable[[], object] = lambda: None,
    ) -> list[Result]:
        """The results of `work` in the items' order, several at once; `done` is called after each.

        The first exception ends it.
        """

        def one(item: Item) -> Result:
            result = work(item)
            done()
            return result

        pool = ThreadPoolExecutor(MAX_CONCURRENT_CALLS)
        try:
            return [each.result() for each in [pool.submit(one, item) for item in items]]
        finally:
            # Whoever interrupts a command does not wait for the calls that are under way.
            pool.shutdown(wait=False, cancel_futures=True)


def call_in_words(
    region: str, call: Call, service: str, method: str, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """One call's answer. Raises Denied, Refused and CommandError as Reader.ask does."""
    action = iam_action(service, method)
    try:
        return _Answer(action, call(service, method, arguments))
    except ClientError as error:
        raise _failure(action, error) from None
    except BotoCoreError as error:
        raise _no_answer(error, service, region) from None


class _Answer(dict[str, Any]):
    """An answer of AWS's; CommandError for a part that it should have and has not."""

    def __init__(self, action: str, parts: Mapping[str, Any]) -> None:
        super().__init__(parts)
        self._action = action

    def __missing__(self, part: str) -> Any:
        raise CommandError(f"AWS's answer to {self._action} has no {part}: try again")


def caching_reader(reader: Reader) -> Reader:
    """A reader for one run that makes no call twice; one that failed is made again when asked."""
    answers: dict[str, Mapping[str, Any]] = {}
    calls: dict[str, Lock] = {}
    looking = Lock()

    def call(service: str, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        question = json.dumps([service, method, dict(arguments)], sort_keys=True)
        with looking:
            lock = calls.setdefault(question, Lock())
        with lock:
            if question not in answers:
                answers[question] = reader.call(service, method, arguments)
            return answers[question]

    return replace(reader, call=call)


def iam_action(service: str, method: str) -> str:
    """What IAM calls a call, of boto3's names: elasticmapreduce:DescribeCluster."""
    operation = _OPERATIONS.get(method, "".join(part.title() for part in method.split("_")))
    return f"{_IAM_PREFIX.get(service, service)}:{operation}"


def explain(error: BotoCoreError) -> str:
    """Why boto3 could not make a call, and what to do."""
    if isinstance(error, exceptions.NoCredentialsError | exceptions.CredentialRetrievalError):
        return (
            "there are no AWS credentials: run `aws sso login` or set AWS_PROFILE "
            f"(boto3: {printable(str(error))})"
        )
    return f"AWS cannot be asked: {printable(str(error))}"


def _failure(action: str, error: ClientError) -> Exception:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", ""))
    if code in DENIED:
        return Denied(action)
    if code in BAD_CREDENTIALS:
        return CommandError(f"AWS does not accept the credentials ({code}): log in again.")
    return Refused(action, code, message)


def _no_answer(error: BotoCoreError, service: str, region: str) -> CommandError:
    silence = (NoAnswerError, exceptions.ConnectionError, exceptions.HTTPClientError)
    if isinstance(error, silence):
        return Unreachable(service, region, error)
    return CommandError(explain(error))
