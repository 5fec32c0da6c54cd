"""Writes the one comment of a pull request, by GitHub's API."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from emr_notebook.pull_request.markdown import MARKER
from emr_notebook.pull_request.results import plain

TIMEOUT_SECONDS = 30
COMMENTS_A_PAGE = 100
# Whom a workflow's own token writes as; it may not ask.
WORKFLOW_LOGIN = "github-actions[bot]"


class CommentError(Exception):
    """Why there is no comment, and what to do."""


class Forbidden(CommentError):
    """GitHub knows the token, which may not do this."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request, and a token that may write comments on it.

    Raises CommentError when it is not named as GitHub names it.
    """

    repository: str
    number: str
    token: str
    api: str = "https://api.github.com"

    def __post_init__(self) -> None:
        if not self.token:
            raise CommentError(
                "GITHUB_TOKEN is not set; it holds a token that may write comments on pull "
                f"requests of {self.repository or 'the repository'}. Without --post the comment "
                "is printed."
            )
        if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", self.repository):
            raise CommentError(f"--repository is {self.repository!r}; it is OWNER/NAME")
        if not re.fullmatch(r"[1-9][0-9]*", self.number):
            raise CommentError(f"--pull-request is {self.number!r}; it is a number")

    def comment(self, body: str) -> str:
        """Renew this token's comment, or make it; the comment's address.

        Raises CommentError, which never holds the token.
        """
        sent = {"body": body.replace(self.token, "***")}
        own = self._own_comment()
        if own is None:
            written = self._call("POST", f"{self._issues}/{self.number}/comments", sent)
        else:
            written = self._call("PATCH", f"{self._issues}/comments/{own}", sent)
        return str(written["html_url"])

    @property
    def _issues(self) -> str:
        return f"repos/{self.repository}/issues"

    def _own_comment(self) -> int | None:
        # Anybody can write the marker: a comment of theirs would stay theirs to change.
        login = self._login()
        path = f"{self._issues}/{self.number}/comments?per_page={COMMENTS_A_PAGE}"
        page = 1
        while comments := self._call("GET", f"{path}&page={page}"):
            for each in comments:
                if (each.get("user") or {}).get("login") == login and MARKER in each["body"]:
                    return int(each["id"])
            page += 1
        return None

    def _login(self) -> str:
        try:
            return str(self._call("GET", "user")["login"])
        except Forbidden:
            return WORKFLOW_LOGIN

    def _call(self, method: str, path: str, sent: dict[str, str] | None = None) -> Any:
        address = f"{self.api.rstrip('/')}/{path}"
        request = Request(  # noqa: S310 - the address is the runner's own
            address,
            method=method,
            data=None if sent is None else json.dumps(sent).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "emr-notebook",
            },
        )
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            raise self._refused(error, f"{method} {address}") from None
        except (URLError, TimeoutError, json.JSONDecodeError) as error:
            raise CommentError(f"no answer to {method} {address}: {error}") from None

    def _refused(self, error: HTTPError, asked: str) -> CommentError:
        said = plain(error.read(300).decode("utf-8", errors="replace")).replace(self.token, "***")
        kind = Forbidden if error.code == 403 else CommentError
        return kind(
            f"GitHub answered {error.code} to {asked}: {said} Next: a token that may read and "
            f"write pull requests of {self.repository}."
        )
