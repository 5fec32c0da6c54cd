"""The pinned jars are what Maven Central, or this machine's mirror of it, serves today."""

import os
from pathlib import Path

import pytest

from sandbox.spark.jars import JARS, ensure_jars
from sandbox.spark.java import choose_java

pytestmark = pytest.mark.sandbox


def test_the_pinned_jars_can_be_fetched(tmp_path: Path) -> None:
    cache = tmp_path / "a cache"

    jars = ensure_jars(cache, choose_java(os.environ))

    assert [jar.name for jar in jars] == [jar.file for jar in JARS]
    assert sorted(cache.iterdir()) == sorted(jars)
