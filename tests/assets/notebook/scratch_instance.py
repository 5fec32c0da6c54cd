"""A scratch notebook instance that runs the real start script, and servers to find at its Livy."""

import contextlib
import functools
import json
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from emr_notebook.constructs import start_script
from emr_notebook.constructs.agent_archive import agent_archive

ASSETS = Path(__file__).parents[3] / "assets" / "notebook"
BODY = (ASSETS / "on_start.sh").read_text()
CREATE_BODY = (ASSETS / "on_create.sh").read_text()
AGENT = agent_archive()
START_HERE = (ASSETS / "start_here.ipynb").read_text().rstrip("\n")
# What SageMaker gives its start scripts.
SAGEMAKER_PATH = "/sbin:bin:/usr/sbin:/usr/bin"

NOTHING_LISTENS = "http://127.0.0.1:9"
NO_SESSIONS = b'{"from":0,"total":0,"sessions":[]}'
LOGIN = {"username": "", "base64_password": "", "auth": "None"}


@functools.cache
def notebook_user() -> str:
    """An unprivileged user where this process is root and may change to one, else its own."""
    own = pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() != 0:
        return own
    change = subprocess.run(["runuser", "-u", "nobody", "--", "true"], capture_output=True)
    return own if change.returncode else "nobody"


def is_confined() -> bool:
    """Whether the script has to give up root for its user."""
    return notebook_user() != pwd.getpwuid(os.getuid()).pw_name


def values(**changed: str) -> dict[str, str]:
    """The header of a healthy deploy, with some variables changed."""
    usual = start_script.header(
        cluster="analytics",
        livy_url=NOTHING_LISTENS,
        cluster_id="j-2AXXXXXXGAPLF",
        release_label="emr-7.9.0",
        spark_version="3.5.5-amzn-1",
        livy_version="0.8.0-incubating",
        sparkmagic_config=start_script.sparkmagic_config(
            {"executorMemory": "4g", "conf": {"spark.sql.shuffle.partitions": "64"}}
        ),
    )
    agent = {"AGENT_URI": f"s3://bucket/{AGENT.file_name}", "AGENT_SHA256": AGENT.sha256}
    return {**usual, **agent, "SCRIPT_VERSION": "0a1b2c3d", **changed}


@dataclass
class Instance:
    """A notebook instance: a home that its user owns, and the script that runs at every start."""

    home: Path
    bin: Path
    path: str = SAGEMAKER_PATH
    check_seconds: int = 1
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def scratch(cls) -> Iterator[Self]:
        """One in a folder that every user can reach, which pytest's own folders are not."""
        root = Path(tempfile.mkdtemp(prefix="notebook "))
        root.chmod(0o755)
        home, tools = root / "home", root / "bin"
        for folder in (home, home / "SageMaker", tools):
            folder.mkdir()
        instance = cls(home=home, bin=tools)
        instance.give(home, home / "SageMaker")
        instance.programs.mkdir()
        instance.profile.parent.mkdir()
        instance.program.write_bytes(AGENT.content)
        if not shutil.which("python3", path=SAGEMAKER_PATH):
            (tools / "python3").symlink_to(Path(sys.executable).resolve())
            instance.path = f"{tools}:{SAGEMAKER_PATH}"
        try:
            yield instance
        finally:
            shutil.rmtree(root)

    @property
    def programs(self) -> Path:
        """Root's folder of agents whose hash was right."""
        return self.home.parent / "programs"

    @property
    def program(self) -> Path:
        """The agent, there. A scratch instance has it already."""
        return self.programs / AGENT.file_name

    @property
    def profile(self) -> Path:
        """What login shells read."""
        return self.home.parent / "profile.d" / "emr-notebook.sh"

    @property
    def kept_copy(self) -> Path:
        """The agent, on the volume."""
        return self.folder / "agent" / self.program.name

    @property
    def folder(self) -> Path:
        """Where the script and its user keep their files."""
        return self.home / "SageMaker" / ".emr-notebook"

    @property
    def config_file(self) -> Path:
        """SparkMagic's configuration."""
        return self.home / ".sparkmagic" / "config.json"

    @property
    def ca_bundle(self) -> Path:
        """Whom SparkMagic trusts, where the deploy says whom."""
        return self.home / ".sparkmagic" / "ca.pem"

    @property
    def startup_file(self) -> Path:
        """What IPython runs in each new kernel."""
        return self.home / ".ipython/profile_default/startup/00-emr-notebook.py"

    @property
    def start_here(self) -> Path:
        """The notebook that greets the user."""
        return self.home / "SageMaker" / "START HERE.ipynb"

    def give(self, *paths: Path) -> None:
        """Make them the user's."""
        for path in paths:
            shutil.chown(path, notebook_user())

    def override(self, text: str | bytes) -> None:
        """Put the user's own SparkMagic settings there."""
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "sparkmagic.json"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.give(self.folder, file)

    def command(self, header: Mapping[str, str], body: str = BODY) -> dict[str, Any]:
        """What to run, as Popen's arguments."""
        script = self.home.parent / f"script-{len(list(self.home.parent.iterdir()))}.sh"
        script.write_text("\n".join(start_script.script_lines(header, body)))
        return {
            "args": ["/bin/bash", str(script)],
            "cwd": "/",
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
            "env": {
                "PATH": self.path,
                "NOTEBOOK_HOME": str(self.home),
                "NOTEBOOK_PROGRAMS": str(self.programs),
                "NOTEBOOK_PROFILE": str(self.profile.parent),
                "NOTEBOOK_USER": notebook_user(),
                "LIVY_CHECK_SECONDS": str(self.check_seconds),
                **self.environment,
            },
        }

    def start(
        self, header: Mapping[str, str] | None = None, *, body: str = BODY, **changed: str
    ) -> "Start":
        """Start the notebook: run the script with this header, or the usual one, changed."""
        return self.run(values(**changed) if header is None else header, body)

    def create(self, start_here: str = START_HERE) -> "Start":
        """Create the notebook: run the script that SageMaker runs once, before the first start."""
        return self.run({"START_HERE": start_here}, CREATE_BODY)

    def run(self, header: Mapping[str, str], body: str) -> "Start":
        """Run a script to its end, as SageMaker does."""
        done = subprocess.run(**self.command(header, body), timeout=60, check=False)
        return Start(done.returncode, done.stdout)

    def config(self) -> dict[str, Any]:
        """SparkMagic's configuration as written."""
        return dict(json.loads(self.config_file.read_text()))

    def status(self) -> dict[str, str]:
        """The status file: its keys in order; a repeated key's values are joined by "; "."""
        return parsed((self.folder / "status.txt").read_text())


@dataclass(frozen=True)
class Start:
    """One run of the script, as SageMaker and its log see it."""

    exit_code: int
    log: str


def parsed(text: str) -> dict[str, str]:
    """Lines of "key: value" as a mapping."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(": ")
        found[key] = f"{found[key]}; {value}" if key in found else value
    return found


@dataclass
class Server:
    """An HTTP server on this machine that remembers what it was asked."""

    http: ThreadingHTTPServer
    requests: list[tuple[str, str, dict[str, str]]]
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"{self.scheme}://127.0.0.1:{self.http.server_address[1]}"


def secure(served: Server, certificate: Path, key: Path) -> Server:
    """The same server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    served.http.handle_error = lambda *_: None  # type: ignore[method-assign]
    served.http.socket = context.wrap_socket(
        served.http.socket, server_side=True, do_handshake_on_connect=False
    )
    served.scheme = "https"
    return served


@contextlib.contextmanager
def server(
    status: int = 200, body: bytes = NO_SESSIONS, *, location: str = "", listens: bool = True
) -> Iterator[Server]:
    """A server that answers everything with this; without an argument, an idle Livy.

    With `listens` false its port is taken and refuses until `http.server_activate()`.
    """
    asked: list[tuple[str, str, dict[str, str]]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.path, dict(self.headers)))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Answer, bind_and_activate=False)
    http.server_bind()
    if listens:
        http.server_activate()
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield Server(http, asked)
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@contextlib.contextmanager
def raw_server(answer: bytes, *, every: float) -> Iterator[str]:
    """A server that sends these bytes again and again; with none, it accepts and stays silent."""
    over = threading.Event()

    def feed(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while not over.wait(every):
                connection.sendall(answer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=feed, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
