"""The variables of a notebook's kernels, terminals and hook: which may be set, and to what."""

import pytest

from emr_notebook.settings.file import parse
from tests.conftest import stage
from tests.settings.changes import refusal


def said_of(name: str, value: object = "x") -> str:
    return refusal(lambda data: data.update(defaults={"environment": {name: value}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "http://proxy.example.com:3128"),
        ("no_proxy", ".example.com,10.0.0.0/8"),
        ("DATA", "s3://bucket/path/"),
        ("_1", ""),
        # Neither a secret nor a login.
        ("TOKENIZERS_PARALLELISM", "false"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("OWNER", "alice@example.com"),
        ("REPOSITORY", "git@github.example.com:team/x.git"),
        ("QUOTES", 'it\'s "so" \\ $HOME `id` {}'),
    ],
)
def test_what_a_team_sets_is_taken_as_it_is(name: str, value: str) -> None:
    found = parse(stage(lambda data: data.update(defaults={"environment": {name: value}})))

    assert found.notebook("alice").environment == {name: value}


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "Ä", "A" * 129, "A\n"])
def test_what_is_no_variables_name_is_refused(name: str) -> None:
    assert "accepted: a variable's name, such as HTTPS_PROXY" in said_of(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("PATH", "is the system's own"),
        ("LD_PRELOAD", "changes every program that starts"),
        ("BASH_ENV", "is the shell's own"),
        ("PROMPT_COMMAND", "is the shell's own"),
        ("PYTHONPATH", "reaches no kernel"),
        ("SPARKMAGIC_CONF_DIR", "is what the kernels are started with"),
        ("AWS_PROFILE", "would take the place of the notebook's role"),
        ("AWS_SECRET_ACCESS_KEY", "looks like a secret"),
        ("db_password", "looks like a secret"),
        ("PGPASSWORD", "looks like a secret"),
        ("MYSQL_PWD", "looks like a secret"),
        ("GITHUB_TOKEN", "looks like a secret"),
    ],
)
def test_a_variable_that_is_not_the_teams_is_refused_with_the_reason(
    name: str, reason: str
) -> None:
    assert f"; {name} {reason}" in said_of(name)


@pytest.mark.parametrize(
    "value",
    ["two\nlines", "\x1b[2J", "x" * 2049, 1, True, None, ["a"]],
)
def test_a_value_is_one_line_of_text(value: object) -> None:
    assert "accepted: a variable's value on one line, in quotes" in said_of("A", value)


@pytest.mark.parametrize(
    "value",
    [
        "http://user:hunter2@proxy.example.com:3128",
        "https://hunter2@github.example.com/x",
        "user:hunter2@proxy.example.com:3128",
        "key hunter2 AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_a_value_with_a_login_or_an_access_key_is_refused(value: str) -> None:
    said = said_of("HTTPS_PROXY", value)

    assert "without a user, password or access key, which whoever may read the lifecycle" in said
    assert "AKIA" in value or "hunter2" not in said
