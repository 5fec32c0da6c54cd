"""Jars for Spark are fetched once, from where this machine fetches, and checked."""

import hashlib
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.spark import jars
from sandbox.spark.jars import JARS, Jar, ensure_jars
from sandbox.spark.java import Java, choose_java

CONTENT = b"a jar"
WANTED = Jar("org.example", "thing", "1.0", hashlib.sha256(CONTENT).hexdigest())
NO_JAVA = Java(Path("/nonexistent"))


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A Maven repository on this machine, and an environment whose settings.xml names it."""
    root, home = tmp_path / "repository", tmp_path / "home"
    root.mkdir()
    (home / ".m2").mkdir(parents=True)
    handler = partial(QuietHandler, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (home / ".m2" / "settings.xml").write_text(
            "<settings><mirrors><mirror><mirrorOf>*</mirrorOf>"
            f"<url>http://127.0.0.1:{server.server_port}/</url></mirror></mirrors></settings>"
        )
        yield root, {"HOME": str(home)}
        server.shutdown()


@pytest.fixture(autouse=True)
def _one_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "JARS", (WANTED,))


def publish(root: Path, content: bytes) -> None:
    path = root / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


@pytest.mark.slow
def test_a_jar_comes_from_the_mirror_that_the_maven_settings_name(
    repository: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    root, environ = repository
    publish(root, CONTENT)
    cache = tmp_path / "a cache"

    (jar,) = ensure_jars(cache, choose_java(os.environ), environ)

    assert jar.read_bytes() == CONTENT
    assert list(cache.iterdir()) == [jar]


@pytest.mark.slow
def test_a_jar_with_other_content_is_refused_and_not_kept(
    repository: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    root, environ = repository
    publish(root, b"something else")

    with pytest.raises(SandboxError, match=r"thing-1\.0\.jar has SHA-256 \w+, not"):
        ensure_jars(tmp_path / "cache", choose_java(os.environ), environ)

    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.slow
def test_a_fetch_that_fails_names_the_mirror_and_what_is_honoured(
    repository: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    _, environ = repository

    with pytest.raises(SandboxError, match=r"from http://127\.0\.0\.1:\d+/\. Honoured(?s:.*)thing"):
        ensure_jars(tmp_path / "cache", choose_java(os.environ), environ)


def test_jars_that_are_there_are_checked_without_starting_anything(tmp_path: Path) -> None:
    (tmp_path / WANTED.file).write_bytes(CONTENT)

    assert ensure_jars(tmp_path, NO_JAVA, {}) == [tmp_path / WANTED.file]


@pytest.mark.slow
def test_an_altered_jar_is_fetched_again(
    repository: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    root, environ = repository
    publish(root, CONTENT)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / WANTED.file).write_bytes(b"altered")

    (jar,) = ensure_jars(cache, choose_java(os.environ), environ)

    assert jar.read_bytes() == CONTENT


def test_every_pinned_jar_has_a_full_checksum_and_a_name_of_its_own() -> None:
    assert all(len(jar.sha256) == 64 for jar in JARS)
    assert len({jar.file for jar in JARS}) == len(JARS) > 1
