"""What a machine's Maven settings and proxy variables mean for a download."""

from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.spark.maven import central_mirror, proxy_options

NAMESPACE = ' xmlns="http://maven.apache.org/SETTINGS/1.2.0"'
MIRROR = "https://maven.example.com/central"


def settings(folder: Path, mirror_of: str, namespace: str = NAMESPACE) -> Path:
    path = folder / "settings.xml"
    path.write_text(
        f"<settings{namespace}><mirrors>"
        "<mirror><mirrorOf>another</mirrorOf><url>https://other.example.com</url></mirror>"
        f"<mirror><mirrorOf>{mirror_of}</mirrorOf><url> {MIRROR} </url></mirror>"
        "</mirrors></settings>"
    )
    return path


@pytest.mark.parametrize("mirror_of", ["*", "central", "external:*", "*,!internal", "x, central"])
def test_a_mirror_of_central_is_used(tmp_path: Path, mirror_of: str) -> None:
    assert central_mirror(settings(tmp_path, mirror_of)) == MIRROR


def test_settings_without_a_namespace_count_too(tmp_path: Path) -> None:
    assert central_mirror(settings(tmp_path, "central", namespace="")) == MIRROR


@pytest.mark.parametrize("mirror_of", ["internal", "*,!central", ""])
def test_a_mirror_of_something_else_is_not_used(tmp_path: Path, mirror_of: str) -> None:
    assert central_mirror(settings(tmp_path, mirror_of)) is None


def test_no_settings_mean_no_mirror(tmp_path: Path) -> None:
    assert central_mirror(tmp_path / "settings.xml") is None


def test_settings_that_are_no_xml_are_named(tmp_path: Path) -> None:
    path = tmp_path / "settings.xml"
    path.write_text("<settings>")

    with pytest.raises(SandboxError, match=r"settings\.xml is not well-formed XML"):
        central_mirror(path)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_a_proxy_reaches_java(name: str) -> None:
    assert proxy_options({name: "http://proxy.example.com:3128/"}) == [
        "-Dhttps.proxyHost=proxy.example.com",
        "-Dhttps.proxyPort=3128",
    ]


def test_a_proxy_without_a_scheme_or_port_gets_http_and_80() -> None:
    assert proxy_options({"http_proxy": "proxy.example.com"}) == [
        "-Dhttp.proxyHost=proxy.example.com",
        "-Dhttp.proxyPort=80",
    ]


def test_hosts_that_need_no_proxy_are_written_as_java_wants_them() -> None:
    options = proxy_options({"https_proxy": "http://p:1", "no_proxy": "localhost, .example.com"})

    assert options[-1] == "-Dhttp.nonProxyHosts=localhost|*.example.com"


def test_without_proxies_java_gets_no_options() -> None:
    assert proxy_options({"no_proxy": "localhost"}) == []
