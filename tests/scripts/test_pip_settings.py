"""uv installs from where pip would, and trusts whom pip trusts."""

import base64
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.tls import make_authority
from scripts.pip_settings import parse_settings, uv_environment
from tests.scripts.wheels import write_wheel

# As pip prints them.
LISTED = r"""
:env:.cert='/company/ca.pem'
:env:.index-url='https://mirror/simple'
global.cert='/etc/other.pem'
global.extra-index-url='\nhttps://a/simple\nhttps://b/simple'
global.timeout='60'
install.find-links='/one /two'
install.trusted-host='a\nb:8080'
list.format='columns'
""".strip()


def test_a_variable_counts_more_than_a_file_and_other_commands_settings_do_not_count() -> None:
    settings = parse_settings(LISTED)

    assert settings["cert"] == "/company/ca.pem"
    assert settings["timeout"] == "60"
    assert "format" not in settings


def test_every_setting_of_where_from_and_whom_to_trust_is_handed_over() -> None:
    assert uv_environment(parse_settings(LISTED), {}) == {
        "UV_DEFAULT_INDEX": "https://mirror/simple",
        "UV_EXTRA_INDEX_URL": "https://a/simple https://b/simple",
        "UV_FIND_LINKS": "/one,/two",
        "UV_HTTP_TIMEOUT": "60",
        "UV_INSECURE_HOST": "a b:8080",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/company/ca.pem",
    }


def test_what_the_caller_says_to_uv_itself_counts_more() -> None:
    told = uv_environment({"index-url": "https://pip"}, {"UV_DEFAULT_INDEX": "https://uv"})

    assert "UV_DEFAULT_INDEX" not in told


@pytest.mark.parametrize(
    ("environ", "name", "value"),
    [
        ({"REQUESTS_CA_BUNDLE": "/ca.pem"}, "SSL_CERT_FILE", "/ca.pem"),
        ({"CURL_CA_BUNDLE": "/ca.pem"}, "SSL_CERT_FILE", "/ca.pem"),
        ({}, "UV_SYSTEM_CERTS", "true"),
    ],
)
def test_without_a_certificate_setting_the_bundles_that_pip_takes_count(
    environ: dict[str, str], name: str, value: str
) -> None:
    assert uv_environment({}, environ)[name] == value


class Mirror(http.server.SimpleHTTPRequestHandler):
    """An index that asks for a name and a password, as a company's may."""

    LOGIN = "Basic " + base64.b64encode(b"alice:secret").decode()

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == self.LOGIN:
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a mirror of one package, over TLS, and the file of who signed its certificate."""
    folder = tmp_path / "mirror/simple/scratch-package"
    folder.mkdir(parents=True)
    name = "scratch_package-1.0-py3-none-any.whl"
    write_wheel(folder / name, {"scratch_package.py": ""})
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{name}#sha256={digest}">{name}</a>')
    (tmp_path / "requirements.txt").write_text(f"scratch-package==1.0 --hash=sha256:{digest}\n")
    authority = make_authority(tmp_path / "authority")
    certificate, key = authority.issue("mirror", ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def handler(*arguments: object) -> Mirror:
        return Mirror(*arguments, directory=str(tmp_path / "mirror"))  # type: ignore[arg-type]

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], authority.ca_pem
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("trusted", [True, False])
def test_uv_installs_from_pips_own_mirror_and_only_if_pip_would_trust_it(
    mirror: tuple[int, Path], tmp_path: Path, trusted: bool
) -> None:
    port, ca = mirror
    settings = [f"index-url = https://alice:secret@127.0.0.1:{port}/simple", "retries = 0"]
    (tmp_path / "pip.conf").write_text(
        "\n".join(["[global]", *settings, *([f"cert = {ca}"] if trusted else [])])
    )
    kept = ("PIP_", "UV_", "SSL_", "REQUESTS_", "CURL_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(kept)}
    env = {**clean, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "UV_NO_CACHE": "1"}
    listed = subprocess.check_output(
        [sys.executable, "-m", "pip", "config", "list"], env=env, text=True
    )

    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("uv"), "pip", "install", "--no-config"),
            *("--target", tmp_path / "installed", "--require-hashes"),
            *("--requirement", tmp_path / "requirements.txt"),
        ],
        env={**env, **uv_environment(parse_settings(listed), env)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode == 0) == trusted, done.stderr
    assert (tmp_path / "installed/scratch_package.py").exists() == trusted
    assert trusted or "certificate" in done.stderr.lower()
