"""What must not reach a log, though the refusal quotes what was given."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.settings.changes import of_file, refusal, with_alice


@pytest.mark.parametrize(
    "address",
    [
        "https://user:hunter2@example.com/a.git",
        "https://hunter2@example.com/a.git",
        "https://user:hun/ter2@hunter2@example.com/a.git",
        "https://user:hunter2 @example.com/a.git",
        "https://user:hunter2'\"@example.com/a.git",
        "user:hunter2@example.com/a.git",
        "user:hunter2//@example.com/a.git",
        "https://example.com/a.git?token=hunter2",
        "https://user:hunter2" + "x" * 2000 + "@example.com/a.git",
    ],
)
@pytest.mark.parametrize("shape", [{"url": "{}"}, "{}", [["{}"]], {"url": ["{}"]}])
def test_a_password_in_an_address_is_not_shown(address: str, shape: Any) -> None:
    shaped = json.loads(json.dumps(shape).replace('"{}"', json.dumps(address)))

    said = refusal(with_alice(default_code_repository=shaped))

    assert "alice.default_code_repository" in said
    assert "hunter2" not in said


def test_the_rest_of_the_address_is() -> None:
    said = refusal(
        with_alice(default_code_repository={"url": "https://user:hunter2@example.com/a.git"})
    )

    assert "'https://…@example.com/a.git' was given; accepted: a Git repository's HTTPS" in said


def test_a_secret_in_the_place_of_its_arn_is_not_shown() -> None:
    said = refusal(with_alice(default_code_repository={"name": "git", "secret_arn": "hunter2"}))

    assert "secret_arn: a text that is not shown was given; accepted: a secret's ARN" in said


@pytest.mark.parametrize(
    "line",
    ["a: https://u:hunter2@h: x", "a: !hunter2", "a: *hunter2", "a: [hunter2", "a: @hunter2"],
)
def test_a_line_that_is_no_yaml_is_not_shown(tmp_path: Path, line: str) -> None:
    said = of_file(tmp_path, f"account: '1'\n{line}\n")

    assert "line 2" in said or "line 3" in said
    assert "hunter2" not in said
