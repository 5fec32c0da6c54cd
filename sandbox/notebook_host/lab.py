"""Starts the instance's JupyterLab: the real one, run as ec2-user, on loopback."""

import importlib.util
import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import loopback
from sandbox.environment import clean_environment
from sandbox.isolation.processes import Child
from sandbox.notebook_host.filesystem import HOME, PRIVATE, VOLUME, is_open_to_others
from sandbox.notebook_host.user import Ec2User

START_SECONDS = 60
PATH = f"{HOME}/anaconda3/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Address:
    """Where JupyterLab is reached, and the secret that opens it."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_hex(24))

    @property
    def url(self) -> str:
        """The page to open in a browser."""
        return f"http://127.0.0.1:{self.port}/lab?token={self.token}"

    def answers(self) -> bool:
        """Whether the server answers for its status now."""
        status = f"http://127.0.0.1:{self.port}/api/status?token={self.token}"
        return loopback.answers(status, seconds=2)


def start(address: Address, user: Ec2User, log: Path) -> Child:
    """Start JupyterLab and return once it answers; SandboxError with its log when it does not."""
    config = PRIVATE / "jupyter"
    config.mkdir()
    _write_config(config, configuration(address, user), user)
    lab = Child("JupyterLab", command(user), env=environment(config), log=log, cwd=VOLUME)
    lab.wait_until(address.answers, seconds=START_SECONDS, every=0.05)
    return lab


def configuration(address: Address, user: Ec2User) -> dict[str, dict[str, Any]]:
    """JupyterLab's settings by class: nothing opened, asked or reported over the network."""
    return {
        "ServerApp": {
            "ip": "127.0.0.1",
            "port": address.port,
            "port_retries": 0,
            "root_dir": str(VOLUME),
            "open_browser": False,
            "allow_root": not user.is_unprivileged,
        },
        "IdentityProvider": {"token": address.token},
        "LabApp": {
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "extension_manager": "readonly",
        },
    }


def command(user: Ec2User) -> list[str]:
    """The command line of JupyterLab as ec2-user."""
    lab = [sys.executable, "-m", "jupyterlab"]
    if not user.is_unprivileged:
        return lab
    drop = ["setpriv", "--reuid", str(user.uid), "--regid", str(user.gid), "--clear-groups"]
    if not is_open_to_others(_files_of_python()):
        # A checkout or a Python that only its owner may read: without this ec2-user has none.
        drop += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return [*drop, "--", *lab]


def environment(config: Path) -> dict[str, str]:
    """ec2-user's environment: nothing of the caller's. What is said of AWS is in ~/.aws."""
    clean = clean_environment({})
    return {
        **{name: clean[name] for name in clean if not name.startswith("AWS_")},
        # Whatever the machine is: its own role is nobody's here.
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(HOME),
        "USER": "ec2-user",
        "LOGNAME": "ec2-user",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "PATH": PATH,
        "JUPYTER_PATH": f"{HOME}/anaconda3/share/jupyter",
        "JUPYTER_CONFIG_PATH": str(config),
    }


def _files_of_python() -> list[Path]:
    specs = map(importlib.util.find_spec, ("jupyterlab", "sparkmagic"))
    return [Path(sys.executable), *(Path(spec.origin) for spec in specs if spec and spec.origin)]


def _write_config(folder: Path, settings: dict[str, dict[str, Any]], user: Ec2User) -> None:
    # In a file that only ec2-user reads: a command line would show the token to everybody.
    for name in ("jupyter_server_config.json", "jupyter_lab_config.json"):
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(settings))
        os.chown(path, user.uid, user.gid)
