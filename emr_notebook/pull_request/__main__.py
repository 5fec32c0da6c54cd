"""Prints a pull request's comment, or posts it: `python -m emr_notebook.pull_request FOLDER`."""

import argparse
import os
import sys
from pathlib import Path

from emr_notebook.pull_request.github import CommentError, PullRequest
from emr_notebook.pull_request.markdown import markdown
from emr_notebook.pull_request.results import results


def main() -> None:
    """Print what deploying would do as Markdown, or make it the pull request's comment."""
    given = _arguments()
    found = results(given.folder, given.stages)
    text = markdown(found, commit=given.commit, whole=given.whole)
    if given.post:
        try:
            text = _pull_request(given.repository, given.number).comment(text) + "\n"
        except CommentError as error:
            sys.exit(f"error: {error}")
    sys.stdout.write(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emr_notebook.pull_request", description=main.__doc__
    )
    parser.add_argument("folder", type=Path, help="what scripts/diff.sh --into wrote")
    parser.add_argument("--stages", default="", help="the stages that should have a result")
    parser.add_argument("--commit", default="", help="the commit that was looked at")
    parser.add_argument("--whole", default="", metavar="URL", help="where nothing is cut")
    parser.add_argument("--post", action="store_true", help="write it, by the token GITHUB_TOKEN")
    parser.add_argument("--repository", default="", metavar="OWNER/NAME")
    parser.add_argument("--pull-request", default="", metavar="NUMBER", dest="number")
    return parser.parse_args()


def _pull_request(repository: str, number: str) -> PullRequest:
    token = os.environ.get("GITHUB_TOKEN", "").strip()
    api = os.environ.get("GITHUB_API_URL")
    return PullRequest(repository, number, token, **({"api": api} if api else {}))


if __name__ == "__main__":
    main()
