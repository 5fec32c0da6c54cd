"""Spark's settings in the sandbox."""

from pathlib import Path

import pytest

from sandbox.spark.conf import render_properties, write_spark_conf
from sandbox.spark.java import Java
from sandbox.tls import make_authority

ADDRESS = "127.77.0.9"


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The folder, whose path has a space in it, and the environment."""
    directory = tmp_path / "a folder"
    env = write_spark_conf(
        directory,
        java=Java(Path("/opt/java")),
        jars=[Path("/jars/hadoop-aws.jar"), Path("/jars/aws sdk.jar")],
        s3_endpoint="https://127.0.0.1:4566",
        access_key="111122223333",
        secret_key="sandbox",
        ca_pem=make_authority(tmp_path / "tls").ca_pem,
        bind_address=ADDRESS,
    )
    return directory, env


def defaults(env: dict[str, str]) -> dict[str, str]:
    lines = (Path(env["SPARK_CONF_DIR"]) / "spark-defaults.conf").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_drivers_listen_on_the_given_address_only(written: tuple[Path, dict[str, str]]) -> None:
    _, env = written

    assert env["SPARK_LOCAL_IP"] == ADDRESS
    assert defaults(env)["spark.driver.host"] == ADDRESS
    assert defaults(env)["spark.driver.bindAddress"] == ADDRESS
    assert defaults(env)["spark.ui.enabled"] == "false"


def test_s3_paths_go_to_the_emulator_with_its_keys(written: tuple[Path, dict[str, str]]) -> None:
    conf = defaults(written[1])

    assert conf["spark.hadoop.fs.s3.impl"] == "org.apache.hadoop.fs.s3a.S3AFileSystem"
    assert conf["spark.hadoop.fs.s3a.endpoint"] == "https://127.0.0.1:4566"
    assert conf["spark.hadoop.fs.s3a.path.style.access"] == "true"
    assert conf["spark.hadoop.fs.s3a.access.key"] == "111122223333"
    assert conf["spark.driver.extraClassPath"] == "/jars/hadoop-aws.jar:/jars/aws sdk.jar"


def test_java_trusts_the_sandboxs_authority_although_its_path_has_a_space(
    written: tuple[Path, dict[str, str]],
) -> None:
    directory, env = written

    options = defaults(env)["spark.driver.defaultJavaOptions"]

    assert f'"-Djavax.net.ssl.trustStore={directory}/authority.p12"' in options
    assert (directory / "authority.p12").is_file()


def test_what_spark_writes_stays_in_the_folder(written: tuple[Path, dict[str, str]]) -> None:
    directory, env = written

    assert defaults(env)["spark.sql.warehouse.dir"] == str(directory / "warehouse")
    assert defaults(env)["spark.hadoop.hadoop.tmp.dir"] == str(directory / "tmp" / "hadoop")
    assert env["SPARK_LOCAL_DIRS"] == env["TMPDIR"] == str(directory / "tmp")


def test_a_backslash_survives_the_properties_format() -> None:
    assert render_properties({"b": "C:\\x", "a": "1"}) == "a 1\nb C:\\\\x\n"
