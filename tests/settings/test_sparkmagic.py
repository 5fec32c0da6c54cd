"""The settings know SparkMagic's keys: all of them, each as a setting or with what to write."""

import importlib
from types import ModuleType
from typing import Any

import pytest

from emr_notebook.settings.sparkmagic import ELSEWHERE, SparkMagic

READ_FROM_ITS_FILE = "wrapped_f"


def configuration() -> ModuleType:
    """SparkMagic's own: half a second, which no other file's process pays."""
    return importlib.import_module("sparkmagic.utils.configuration")


def known() -> set[str]:
    """The keys that the installed SparkMagic reads in its config.json."""
    found = vars(configuration()).items()
    return {
        name
        for name, value in found
        if getattr(getattr(value, "__code__", None), "co_name", "") == READ_FROM_ITS_FILE
    }


def test_every_key_of_sparkmagics_is_a_setting_or_has_an_answer_and_no_other_has() -> None:
    settings = set(SparkMagic.model_fields)

    assert settings | set(ELSEWHERE) == known()
    assert not settings & set(ELSEWHERE)


@pytest.mark.parametrize("name", sorted(SparkMagic.model_fields))
def test_a_setting_has_the_type_of_sparkmagics_default(name: str) -> None:
    default = getattr(configuration(), name)()
    given: dict[str, Any] = {
        "default_samplemethod": "sample",
        "retry_policy": "linear",
        "livy_server_heartbeat_timeout_seconds": 90,
        "custom_headers": {"X-Team": "risk"},
    }
    usual: dict[type, Any] = {bool: True, int: 10, str: "text", dict: {}}
    value = given.get(name, usual[type(default)])

    assert SparkMagic(**{name: value}).given == {name: value}
    assert type(value) is type(default)
