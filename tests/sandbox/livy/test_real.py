"""A real Livy is recognised, configured and started from the folder that LIVY_HOME names."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.livy.real import configuration, livy_version, prepare_livy
from sandbox.livy.server import start_livy

HOST, PORT = "127.77.0.10", 8998


@pytest.fixture(autouse=True)
def _links_without_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What an Apache Livy unpacks to, with a server that only writes down its environment."""
    folder = tmp_path / "apache livy"
    for jar in (
        "jars/livy-server-0.9.0-incubating.jar",
        "jars/livy-core_2.12-0.9.0-incubating.jar",
        "rsc-jars/livy-rsc-0.9.0-incubating.jar",
        "repl_2.12-jars/livy-repl_2.12-0.9.0-incubating.jar",
    ):
        (folder / jar).parent.mkdir(parents=True, exist_ok=True)
        (folder / jar).touch()
    server = folder / "bin" / "livy-server"
    server.parent.mkdir()
    # Unquoted, as in the real script.
    server.write_text("#!/bin/bash\ncd $(dirname $0)/.. && pwd && env && cat $LIVY_CONF_DIR/*\n")
    server.chmod(0o755)
    return folder


def spark_env(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "JAVA_HOME": str(folder / "a java"),
        "SPARK_CONF_DIR": str(folder / "a conf"),
    }


def test_the_version_is_that_of_the_servers_jar(home: Path) -> None:
    assert livy_version(home) == "0.9.0-incubating"


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("bin/livy-server", "bin/livy-server"),
        ("jars/livy-server-0.9.0-incubating.jar", "jars/livy-server-<version>.jar"),
        ("rsc-jars/livy-rsc-0.9.0-incubating.jar", "rsc-jars/livy-rsc-*.jar"),
        ("repl_2.12-jars/livy-repl_2.12-0.9.0-incubating.jar", "repl_2.12-jars/livy-repl_*.jar"),
    ],
)
def test_a_folder_that_lacks_a_part_is_refused_by_its_name(
    home: Path, gone: str, named: str
) -> None:
    (home / gone).unlink()

    with pytest.raises(SandboxError) as refused:
        livy_version(home)

    assert f"it lacks {named} (found: bin, jars, repl_2.12-jars, rsc-jars)" in str(refused.value)
    assert "or unset LIVY_HOME" in str(refused.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="found: not a folder"):
        livy_version(tmp_path / "nothing")


def test_a_folder_without_a_livy_never_falls_back_to_the_stand_in(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="holds no Apache Livy"):
        start_livy(host=HOST, port=PORT, state=tmp_path, spark_env={}, livy_home=tmp_path)


def test_the_server_is_started_with_its_configuration_although_paths_have_spaces(
    home: Path, tmp_path: Path
) -> None:
    state = tmp_path / "the state"
    real = prepare_livy(home, host=HOST, port=PORT, state=state, spark_env=spark_env(tmp_path))

    said = subprocess.run(
        [real.command], env=real.env, capture_output=True, text=True, check=True, timeout=10
    ).stdout

    assert Path(said.splitlines()[0]).samefile(home)
    assert f"livy.server.host = {HOST}\n" in said
    assert f"livy.server.port = {PORT}\n" in said
    for name in ("JAVA_HOME", "SPARK_CONF_DIR", "LIVY_CONF_DIR"):
        assert " " not in real.env[name]
    assert Path(real.env["JAVA_HOME"]).readlink() == tmp_path / "a java"
    written = list((state / "livy-conf").iterdir())
    assert written != []
    assert all(path.is_relative_to(state) for path in written)


def test_nothing_is_written_into_livys_own_folder(home: Path, tmp_path: Path) -> None:
    before = sorted(home.rglob("*"))

    prepare_livy(home, host=HOST, port=PORT, state=tmp_path / "s", spark_env=spark_env(tmp_path))

    assert sorted(home.rglob("*")) == before


def test_sessions_connect_back_over_the_sandboxs_address_and_are_not_recovered() -> None:
    files = configuration(HOST, PORT)

    assert "livy.server.recovery.mode = off\n" in files["livy.conf"]
    assert "livy.spark.master = local[2]\n" in files["livy.conf"]
    assert f"livy.rsc.launcher.address = {HOST}\n" in files["livy-client.conf"]


def test_a_livy_that_ends_at_once_is_reported_with_its_log(home: Path, tmp_path: Path) -> None:
    (home / "bin" / "livy-server").write_text("#!/bin/bash\necho no heap >&2; exit 3\n")

    with pytest.raises(SandboxError, match=r"Livy \(0\.9\.0-incubating\) ended(?s:.*)no heap"):
        start_livy(
            host=HOST,
            port=PORT,
            state=tmp_path / "s",
            spark_env=spark_env(tmp_path),
            livy_home=home,
        )


def test_sessions_run_in_a_folder_of_the_sandboxs_own(home: Path, tmp_path: Path) -> None:
    (home / "bin" / "livy-server").write_text("#!/bin/bash\npwd; exit 3\n")

    with pytest.raises(SandboxError, match=str(tmp_path / "s" / "work")):
        start_livy(
            host=HOST,
            port=PORT,
            state=tmp_path / "s",
            spark_env=spark_env(tmp_path),
            livy_home=home,
        )


@pytest.mark.parametrize("package", ["java.lang.invoke", "java.util.concurrent.atomic"])
def test_java_17_opens_what_livy_0_8_serializes_with_each_statement(
    home: Path, tmp_path: Path, package: str
) -> None:
    real = prepare_livy(home, host=HOST, port=PORT, state=tmp_path, spark_env=spark_env(tmp_path))

    options = real.env["LIVY_SERVER_JAVA_OPTS"].split()

    assert f"--add-opens=java.base/{package}=ALL-UNNAMED" in options


def test_a_version_that_the_stand_in_cannot_play_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"answers as Livy 0\.8\.0 or 0\.9\.0, not 0\.7\.1"):
        start_livy(host=HOST, port=PORT, state=tmp_path, spark_env={}, version="0.7.1")
