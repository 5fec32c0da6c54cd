"""Certificates of the sandbox's authority are accepted for their own names, and no others."""

import contextlib
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.tls import Authority, make_authority

# What Python 3.13 turns on by default; older ones have the flags, too.
STRICT = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "with space")


@contextlib.contextmanager
def https_server(certificate: Path, key: Path, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve one sentence over HTTPS to whoever completes a handshake."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with socket.create_server((host, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with (
                    contextlib.suppress(OSError),
                    context.wrap_socket(connection, server_side=True) as tls,
                ):
                    tls.recv(4096)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def handshake(ca: Path, name: str, port: int, address: str = "127.0.0.1") -> str:
    """The reply a strict client gets that trusts only `ca` and expects `name`."""
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags |= STRICT
    with (
        socket.create_connection((address, port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as tls,
    ):
        tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return tls.recv(4096).decode()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.0.7.7", "livy.internal"])
def test_a_strict_client_accepts_every_name_it_was_issued_for(
    authority: Authority, name: str
) -> None:
    issued = authority.issue("livy", ["127.0.7.7"], ["livy.internal"])
    with https_server(*issued) as port:
        assert handshake(authority.ca_pem, name, port).endswith("hi")


def test_another_name_is_refused(authority: Authority) -> None:
    with (
        https_server(*authority.issue("aws")) as port,
        pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.2"),
    ):
        handshake(authority.ca_pem, "127.0.0.2", port)


def test_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    other = make_authority(tmp_path / "other")
    with (
        https_server(*authority.issue("aws")) as port,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        handshake(other.ca_pem, "127.0.0.1", port)


def test_node_accepts_it(authority: Authority) -> None:
    node = Path(sys.executable).parent / "node"
    with https_server(*authority.issue("aws")) as port:
        code = f"fetch('https://127.0.0.1:{port}').then(r => r.text()).then(console.log)"
        done = subprocess.run(
            [str(node), "-e", code],
            env={"NODE_EXTRA_CA_CERTS": str(authority.ca_pem)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.stdout, done.returncode) == ("hi\n", 0), done.stderr


def test_only_its_owner_reads_a_key(authority: Authority) -> None:
    _, key = authority.issue("aws")
    _, again = authority.issue("aws")

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert again == key


def test_the_authoritys_own_key_is_not_on_disk(authority: Authority) -> None:
    assert [path.name for path in authority.directory.iterdir()] == ["ca.pem"]
