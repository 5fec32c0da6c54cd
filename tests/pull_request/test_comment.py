"""The comment on a pull request: what it says, and that the folder it is made of is not trusted."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emr_notebook.pull_request.markdown import LIMIT_CHARACTERS, MARKER, markdown
from emr_notebook.pull_request.results import Result, plain, results
from tests.conftest import ROOT
from tests.pull_request.fake_github import FakeGitHub, fake_github

TOKEN = "ghs_0123456789abcdef"
RUN = "https://github.example/example/notebooks/actions/runs/1"
Run = subprocess.CompletedProcess[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "what changes"


def keep(folder: Path, stage: str, *, status: str = "2", plan: str = "", diff: str = "") -> None:
    (folder / stage).mkdir(parents=True)
    for name, text in (("status", status), ("plan", plan), ("diff", diff)):
        if text:
            (folder / stage / f"{name}.txt").write_text(text + "\n")


def shown(folder: Path, expected: str = "") -> str:
    return markdown(results(folder, expected), commit="0a1b2c3", whole=RUN)


def outside(text: str) -> list[str]:
    """The lines that are in no code block, by CommonMark's rules."""
    lines, fence = [], ""
    for line in text.split("\n"):
        found = re.fullmatch("(`{3,})([^`]*)", line)
        if found and not fence:
            fence = found[1]
        elif found and not found[2] and len(found[1]) >= len(fence):
            fence = ""
        elif not fence:
            lines.append(line)
    assert fence == "", "a code block does not end"
    return lines


def test_a_stage_is_said_to_change_and_its_plan_stands_before_its_diff(folder: Path) -> None:
    keep(folder, "dev", plan="alice  RESTARTS", diff="[~] AWS::SageMaker::NotebookInstance")

    assert shown(folder) == (
        f"{MARKER}\n## What deploying this would do\n"
        "\n### `dev`: something changes\n"
        "\n```text\nalice  RESTARTS\n```\n"
        "\n<details><summary>cdk diff</summary>\n"
        "\n```text\n[~] AWS::SageMaker::NotebookInstance\n```\n"
        "\n</details>\n"
        f"\nOf commit 0a1b2c3. [All of it]({RUN}).\n"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("0", "nothing changes"),
        ("1", "the deploy would fail"),
        ("2", "something changes"),
        ("3", "it could not all be found out"),
        ("", "no result: see the log"),
        ("4", "no result: see the log"),
        ("](https://elsewhere.example)", "no result: see the log"),
    ],
)
def test_each_way_to_end_has_its_words(folder: Path, status: str, words: str) -> None:
    keep(folder, "dev", status=status)

    assert f"\n### `dev`: {words}\n" in shown(folder)


def test_a_diff_that_has_no_plan_beside_it_is_open(folder: Path) -> None:
    keep(folder, "dev", status="1", diff="error: config/dev.yaml: one mistake")

    assert "<details open><summary>cdk diff</summary>" in shown(folder)


@pytest.mark.parametrize("expected", ["dev prod", '["dev", "prod"]'])
def test_a_stage_that_should_have_a_result_is_missed(folder: Path, expected: str) -> None:
    keep(folder, "prod", status="0", plan="Nothing changes.")

    assert re.findall("^### .*", shown(folder, expected), re.M) == [
        "### `dev`: no result: see the log",
        "### `prod`: nothing changes",
    ]


def test_a_run_without_any_result_says_so(folder: Path) -> None:
    text = shown(folder)

    assert "No result." in text
    assert RUN in text


def test_no_text_can_end_its_code_block(folder: Path) -> None:
    attack = "```\n</details>\n@everyone [look](https://elsewhere.example) `````text"
    keep(folder, "dev", plan=attack, diff=attack)

    lines = outside(shown(folder))
    assert [line for line in lines if "@everyone" in line] == []
    assert lines.count("</details>") == 1


def test_colours_are_left_out_and_what_hides_is_shown() -> None:
    link = "\x1b]8;;https://elsewhere.example\x1b\\link\x1b]8;;\x1b\\"

    assert plain(f"\x1b[31m[-]\x1b[0m {link}\r\nab\u202ecd\u200b\x00") == (
        "[-] link\nab\\u202ecd\\u200b\\u0000"
    )


@pytest.mark.parametrize("linked", ["dev", "dev/plan.txt"])
def test_a_link_is_not_followed(folder: Path, tmp_path: Path, linked: str) -> None:
    keep(tmp_path / "elsewhere", "dev", plan="a secret of this machine")
    path = folder / linked
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "elsewhere" / linked)

    assert "secret" not in shown(folder)


def test_a_folder_that_is_named_like_markdown_is_no_stage(folder: Path) -> None:
    keep(folder, "`[look](elsewhere)", plan="a plan")

    assert "No result." in shown(folder)


def test_a_long_diff_is_cut_after_a_line_and_the_plan_is_whole(folder: Path) -> None:
    plan = "\n".join(f"notebook-{number}  RESTARTS" for number in range(200))
    keep(folder, "dev", plan=plan, diff="[+] a line of the start script\n" * 10_000)
    text = shown(folder)

    assert len(text) <= LIMIT_CHARACTERS
    assert plan in text
    assert "… 10000 lines in all: the rest is cut here\n```" in text
    assert set(re.findall(r"^\[\+\].*$", text, re.M)) == {"[+] a line of the start script"}


@given(
    st.lists(st.text(alphabet="`a\n→", max_size=1000), min_size=1, max_size=4),
    st.integers(min_value=2000, max_value=4000),
)
def test_a_comment_is_never_too_long_and_its_blocks_always_end(
    texts: list[str], limit: int
) -> None:
    found = [Result(f"stage{n}", "something changes", text, text) for n, text in enumerate(texts)]
    text = markdown(found, commit="0a1b2c3", whole=RUN, limit=limit)

    assert len(text) <= limit
    lines = outside(text)
    assert [line for line in lines if re.fullmatch("[`a→]+", line)] == []
    assert sum(line.startswith("### `stage") for line in lines) == len(texts)


def test_a_plan_that_is_too_long_is_cut_and_the_diff_is_said_to_be(folder: Path) -> None:
    keep(folder, "dev", plan="alice  RESTARTS\n" * 10_000, diff="[+] a line\n" * 500)
    text = shown(folder)

    assert len(text) <= LIMIT_CHARACTERS
    assert "… 10000 lines in all" in text
    assert "… 500 lines in all" in text


@pytest.mark.parametrize("limit", range(3000, 3010))
def test_the_room_that_there_is_is_used(limit: int) -> None:
    long = "a\n" * 5000
    found = [Result(f"stage{n}", "something changes", "a plan", long) for n in range(3)]
    text = markdown(found, commit="0a1b2c3", whole=RUN, limit=limit)

    assert limit - 20 < len(text) <= limit
    assert "### `stage2`" in text


def test_a_line_of_nothing_but_backticks_does_not_take_the_room_of_all(folder: Path) -> None:
    keep(folder, "dev", plan="`" * 50_000 + "\nalice  RESTARTS")

    assert "alice  RESTARTS" in shown(folder)


def test_more_stages_than_fit_are_counted() -> None:
    found = [Result(f"stage{n}", "something changes", "a plan", "a diff") for n in range(100)]

    text = markdown(found, commit="0a1b2c3", whole=RUN, limit=2000)
    assert "There are 100 stages, too many to show." in text
    assert RUN in text


def command(folder: Path, *arguments: str, cwd: Path = ROOT, **env: str) -> Run:
    """The command as CI runs it: with a Python that has no packages."""
    return subprocess.run(
        [sys.executable, "-S", "-m", "emr_notebook.pull_request", str(folder), *arguments],
        cwd=cwd,
        env={"PATH": os.defpath, **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def post(folder: Path, github: FakeGitHub, token: str = TOKEN, **changed: str) -> Run:
    named = {"repository": "example/notebooks", "pull_request": "7", "commit": "0a1b2c3"} | changed
    options = [f"--{name.replace('_', '-')}={value}" for name, value in named.items()]
    return command(folder, "--post", *options, GITHUB_TOKEN=token, GITHUB_API_URL=github.url)


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github(TOKEN) as server:
        yield server


def test_without_post_it_prints_the_comment_and_needs_no_package(folder: Path) -> None:
    keep(folder, "dev", plan="alice  RESTARTS")
    ended = command(folder, "--commit=0a1b2c3", f"--whole={RUN}")

    assert ended.stdout == shown(folder)
    assert ended.returncode == 0


def test_the_first_run_makes_the_comment_and_the_next_renews_it(
    folder: Path, github: FakeGitHub
) -> None:
    keep(folder, "dev", plan="alice  RESTARTS")
    first = post(folder, github)
    (folder / "dev/plan.txt").write_text("Nothing changes.")
    second = post(folder, github)

    (comment,) = github.comments
    assert "Nothing changes." in comment["body"]
    assert "RESTARTS" not in comment["body"]
    assert first.stdout == second.stdout == comment["html_url"] + "\n"


def test_its_own_comment_is_found_on_any_page(folder: Path, github: FakeGitHub) -> None:
    for number in range(150):
        github.add("alice", f"remark {number}")
    own = github.add("github-actions[bot]", f"{MARKER}\nold")
    post(folder, github)

    assert len(github.comments) == 151
    assert "No result." in own["body"]


def test_a_comment_of_somebody_else_with_the_same_marker_is_left_alone(
    folder: Path, github: FakeGitHub
) -> None:
    theirs = github.add("mallory", f"{MARKER}\nNothing changes, believe me.")
    post(folder, github)

    assert theirs["body"].endswith("believe me.")
    assert [each["user"]["login"] for each in github.comments] == ["mallory", github.login]


def test_a_person_s_token_renews_that_person_s_comment(folder: Path) -> None:
    with fake_github(TOKEN, "build-user", is_app=False) as github:
        post(folder, github)
        post(folder, github)

        assert [each["user"]["login"] for each in github.comments] == ["build-user"]


def test_a_huge_diff_is_taken_by_github(folder: Path, github: FakeGitHub) -> None:
    keep(folder, "dev", plan="alice  RESTARTS", diff="→ a line\n" * 200_000)
    ended = post(folder, github)

    assert ended.returncode == 0, ended.stderr
    assert len(github.comments[0]["body"]) <= LIMIT_CHARACTERS


def test_a_token_in_what_was_kept_is_not_published(folder: Path, github: FakeGitHub) -> None:
    keep(folder, "dev", plan=f"the token is {TOKEN}")
    post(folder, github)

    assert TOKEN not in github.comments[0]["body"]
    assert "the token is ***" in github.comments[0]["body"]


@pytest.mark.parametrize("token", ["", " "])
def test_without_a_token_it_says_which_one_is_needed(
    folder: Path, github: FakeGitHub, token: str
) -> None:
    ended = post(folder, github, token)

    assert ended.returncode == 1
    assert ended.stderr == (
        "error: GITHUB_TOKEN is not set; it holds a token that may write comments on pull requests "
        "of example/notebooks. Without --post the comment is printed.\n"
    )
    assert github.requests == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"repository": ""}, "--repository is ''; it is OWNER/NAME"),
        ({"repository": "../user"}, "--repository is '../user'; it is OWNER/NAME"),
        ({"pull_request": "main"}, "--pull-request is 'main'; it is a number"),
        ({"pull_request": "7/../8"}, "--pull-request is '7/../8'; it is a number"),
    ],
)
def test_a_pull_request_that_is_not_named_as_one_is_refused(
    folder: Path, github: FakeGitHub, changed: dict[str, str], words: str
) -> None:
    ended = post(folder, github, **changed)

    assert (ended.returncode, ended.stderr) == (1, f"error: {words}\n")
    assert github.requests == []


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("POST", 403), ("POST", 422)])
def test_a_refusal_is_told_in_github_s_words_and_never_with_the_token(
    folder: Path, github: FakeGitHub, method: str, status: int
) -> None:
    github.refuses[method] = status
    ended = post(folder, github)

    assert ended.returncode == 1
    assert f"error: GitHub answered {status} to {method} {github.url}/" in ended.stderr
    assert "Not allowed" in ended.stderr
    assert "may read and write pull requests of example/notebooks" in ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr


def test_a_wrong_token_is_not_printed_either(folder: Path, github: FakeGitHub) -> None:
    ended = post(folder, github, "ghp_wrong")

    assert "GitHub answered 401" in ended.stderr
    assert "Bad credentials" in ended.stderr
    assert "ghp_wrong" not in ended.stdout + ended.stderr


def test_a_github_that_does_not_answer_is_named(folder: Path) -> None:
    with fake_github(TOKEN) as github:
        pass
    ended = post(folder, github)

    assert ended.returncode == 1
    assert f"error: no answer to GET {github.url}/user: " in ended.stderr
