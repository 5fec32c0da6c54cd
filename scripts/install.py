"""Makes .venv or node_modules with exactly what is pinned: `python -m scripts.install python|node`.

One that was interrupted is begun anew, and one at a time is made for a checkout. Exit status: 0;
1 with the reason; 130 when it was interrupted.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.isolation.contained import run_contained
from sandbox.isolation.system_calls import die_with_make
from scripts.pip_settings import parse_settings, uv_environment

CHECKOUT = Path(__file__).resolve().parent.parent
VENV, NODE_MODULES = Path(".venv"), Path("node_modules")
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".installing"
SCRATCH = VENV / ".tmp"
REQUIREMENTS = Path("requirements-dev.txt")
# What .venv takes, with uv's cache, which shares its files where both lie on one disk.
NEEDED_BYTES = 2_500_000_000

Command = Sequence[str | Path]
# --no-deps: the file holds the whole resolution, and one of its packages asks for an extra that
# would need a compiler (overrides.txt).
PIP: Command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
UV: Command = [VENV / "bin" / "uv", "pip", "install", "--python", PYTHON, "--no-deps"]


class InstallationError(Exception):
    """What is wrong, and the next step."""


def main(arguments: Sequence[str]) -> int:
    """Install the part that is named; nothing that this starts outlives it, on Linux."""
    die_with_make()
    install = {"python": install_python, "node": install_node}[arguments[0]]
    try:
        return run_contained(lambda: _install(install))
    except SandboxError:
        # Elsewhere, and in many a container, there are no namespaces; nor is there a sandbox.
        return _install(install)


def _install(install: Callable[[], None]) -> int:
    try:
        with _only_one():
            install()
    except (InstallationError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the next make begins this installation anew\n")
        return 130
    return 0


def install_python() -> None:
    """Make .venv, or bring it up to date."""
    _require_writable(VENV)
    if UNFINISHED.exists() or not _has_pip():
        _require_space()
        _say(f"Making .venv with Python {sys.version.split()[0]}")
        _remove(VENV)
        VENV.mkdir()
        UNFINISHED.touch()
        _run([sys.executable, "-m", "venv", VENV])
    UNFINISHED.touch()
    SCRATCH.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(SCRATCH.absolute())
    _say("Installing Python packages, Node and Java into .venv")
    try:
        done = _with_uv()
    except OSError:  # an uv that does not start here
        done = False
    if not done:
        _say("uv could not. Installing them with pip, which takes minutes")
        _run([*PIP, "--require-hashes", "--requirement", REQUIREMENTS])
    # The emr-notebook command, which runs the code as it stands here.
    _run([*PIP, "--quiet", "--no-index", "--no-build-isolation", "--editable", "."])
    _remove(SCRATCH)
    UNFINISHED.unlink()
    (VENV / ".installed").touch()


def install_node() -> None:
    """Make node_modules with the npm of .venv, which itself begins anew whatever it finds."""
    _require_writable(NODE_MODULES)
    _say("Installing the CDK CLI into node_modules")
    command: Command = [VENV / "bin" / "npm", "ci", "--no-progress", "--loglevel=error"]
    _run(command, _environment(npm_config_cache="npm"))
    (NODE_MODULES / ".installed").touch()


def _with_uv() -> bool:
    """Whether the pinned uv, with pip's settings, installed what is pinned."""
    pin = VENV / "uv.txt"
    pin.write_text(pinned("uv", REQUIREMENTS.read_text()))
    if _call([*PIP, "--quiet", "--require-hashes", "--requirement", pin]) != 0:
        return False
    told = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True
    )
    settings = uv_environment(parse_settings(told.stdout), os.environ)
    uv = subprocess.Popen(
        [*UV, "--require-hashes", "--requirement", REQUIREMENTS],
        env={**_environment(UV_CACHE_DIR="uv"), **settings},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with uv:
        for line in uv.stderr or ():
            # What it begins; not once more what has ended.
            if not line.startswith((" + ", " Downloaded ")):
                sys.stdout.write(line)
                sys.stdout.flush()
    return uv.returncode == 0


def pinned(name: str, requirements: str) -> str:
    """The lines of one package in a compiled requirements file: its version and its hashes."""
    _, _, after = f"\n{requirements}".partition(f"\n{name}==")
    lines = []
    for line in after.splitlines():
        lines.append(line)
        if not line.endswith("\\"):
            break
    return f"{name}==" + "\n".join(lines) + "\n"


def _has_pip() -> bool:
    """Whether .venv's Python starts, and its pip: where making it was interrupted, it has none."""
    none = subprocess.DEVNULL
    asked: Command = [PYTHON, "-m", "pip", "--version"]
    return PYTHON.exists() and _call(asked, stdout=none, stderr=none) == 0


def _environment(**caches: str) -> dict[str, str]:
    """The caller's, with caches in .cache whose usual place, the home, cannot be written."""
    env = dict(os.environ)
    if not os.access(Path.home(), os.W_OK):
        for variable, folder in caches.items():
            env.setdefault(variable, str(Path(".cache", folder).absolute()))
    return env


def _call(
    command: Command,
    env: Mapping[str, str] | None = None,
    *,
    stdout: int | None = None,
    stderr: int | None = None,
) -> int:
    """Run it to its end, or to this process's; its exit status."""
    return subprocess.call(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
    )


def _run(command: Command, env: Mapping[str, str] | None = None) -> None:
    status = _call(command, env)
    if status != 0:
        raise InstallationError(
            f"{Path(command[0]).name} ended with status {status}. What it printed above says why; "
            "the next make begins anew."
        )


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the checkout's folder; the kernel lets it go however this process ends."""
    folder = os.open(CHECKOUT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallationError(
                "another make is installing into this checkout. Wait for it, or end it."
            ) from None
        yield
    finally:
        os.close(folder)


def _require_writable(target: Path) -> None:
    for path in (CHECKOUT, target):
        if path.exists() and not os.access(path, os.W_OK):
            raise InstallationError(
                f"you may not write into {path.absolute()}: another user, root perhaps, made it. "
                f"Next: sudo chown -R $(id -un) {CHECKOUT}, or use a clone of your own."
            )


def _require_space() -> None:
    free = shutil.disk_usage(CHECKOUT).free
    if free < NEEDED_BYTES:
        raise InstallationError(
            f"{CHECKOUT} has {free // 1_000_000} MB free; the installation takes "
            f"{NEEDED_BYTES // 1_000_000} MB. Next: free some, or clone onto another disk."
        )


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
