"""Runs the emulator: sets its environment, patches ministack, and serves it on one port."""

import asyncio
import logging
import os
import signal
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from hypercorn.asyncio import serve as serve_application
from hypercorn.config import Config

from sandbox.aws.options import HOST, PORT_FILE, Options
from sandbox.environment import ACCOUNT, REGION
from sandbox.files import write_whole

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework


def emulator_environment(options: Options) -> dict[str, str]:
    """What ministack and the Lambdas it starts read.

    The Lambdas inherit it, so the endpoint and the certificates are set here: left unset,
    ministack would trust its server certificate as if it were an authority.
    """
    ca = str(options.ca)
    state = options.state
    return {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(options.certificate),
        "MINISTACK_SSL_KEY": str(options.key),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(options.port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
        "STATE_DIR": str(state / "persisted"),
        "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(state / "tmp"),
        # A Docker daemon of this machine is none of the sandbox's business.
        "DOCKER_HOST": f"unix://{state / 'no-docker.sock'}",
        "AWS_ENDPOINT_URL": f"https://{HOST}:{options.port}",
        "AWS_ENDPOINT_URL_S3": f"https://{HOST}:{options.port}",
        "AWS_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
    }


def serve(options: Options) -> None:
    """Serve on one port of loopback until SIGTERM or SIGINT.

    The port is taken first and kept, and written to `<state>/port`: one that was only looked up
    could be another program's by the time it is used.
    """
    listener = socket.create_server((HOST, options.port))
    options = replace(options, port=listener.getsockname()[1])
    (options.state / "tmp").mkdir(parents=True, exist_ok=True)
    os.environ.update(emulator_environment(options))
    # After the environment: these import ministack, which reads it once.
    from sandbox.aws.patches import install

    application, stop_notebooks = install(options)
    write_whole(options.state / PORT_FILE, str(options.port))
    # Not asyncio.run: it waits for clients that keep their connections open.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(
            _until_asked(cast("ASGIFramework", application), _configuration(options, listener))
        )
        status = 0
    except Exception:
        logging.getLogger("sandbox").exception("The emulator ended")
        status = 1
    stop_notebooks()
    # Threads may still wait for a stack's notebook or a Lambda; nothing of theirs is kept.
    os._exit(status)


def _configuration(options: Options, listener: socket.socket) -> Config:
    config = Config()
    # Ministack's own main() would listen on port 443 as well.
    config.bind = [f"fd://{listener.fileno()}"]
    config.certfile, config.keyfile = str(options.certificate), str(options.key)
    config.keep_alive_timeout = 75
    return config


async def _until_asked(application: "ASGIFramework", config: Config) -> None:
    """Serve until a signal asks to end; raise what ended the server before that."""
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    serving = asyncio.ensure_future(
        # The default trigger would take the signals for itself.
        serve_application(application, config, shutdown_trigger=asyncio.Future)
    )
    waiting = asyncio.ensure_future(asked.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
