"""`python -m sandbox.livy`: the stand-in alone, in the Spark environment of the caller."""

import argparse
import signal
import ssl
import sys
import threading
from pathlib import Path

from sandbox.livy.http_server import Server
from sandbox.livy.protocol import VERSIONS
from sandbox.livy.routes import Routes
from sandbox.livy.sessions import Sessions


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, then end every session."""
    options = _parser().parse_args(arguments)
    options.state.mkdir(parents=True, exist_ok=True)
    sessions = Sessions(options.state / "sessions", f"{options.version}-incubating")
    try:
        tls = _tls(options.certificate, options.key)
        log = options.state / "requests.jsonl"
        server = Server((options.host, options.port), Routes(sessions), log, tls)
    except OSError as error:
        print(f"Cannot serve Livy on {options.host}:{options.port}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        server.serve_forever(poll_interval=0.1)
    sessions.delete_all()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.livy", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=8998)
    parser.add_argument("--version", choices=VERSIONS, default=VERSIONS[-1], help="which Livy")
    parser.add_argument("--state", type=Path, required=True, help="folder for logs and sessions")
    parser.add_argument("--certificate", type=Path, help="PEM file: serve HTTPS (with --key)")
    parser.add_argument("--key", type=Path, help="the certificate's private key, PEM")
    return parser


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


if __name__ == "__main__":
    sys.exit(main())
