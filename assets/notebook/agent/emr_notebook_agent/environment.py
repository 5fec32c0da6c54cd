"""Gives kernels, terminals and the start hook the variables that the deploy names."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emr_notebook_agent import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Every Python kernel runs it, whatever its environment, before 00-emr-notebook.py.
STARTUP = ".ipython/profile_default/startup/00-emr-notebook-environment.py"

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_PROXY = re.compile("(https?|all)_proxy", re.IGNORECASE)
# Through a proxy, the instance would get no credentials, and Jupyter would not find itself.
_NEVER_PROXIED = ("localhost", "127.0.0.1", "169.254.169.254")


def variables(given: Mapping[str, str]) -> dict[str, str]:
    """The variables in the start script's ENVIRONMENT.

    Beside proxies, NO_PROXY and no_proxy hold what is never reached through one, Livy among it.
    Raises ValueError for what is no JSON object of texts.
    """
    found = json.loads(given.get("ENVIRONMENT") or "{}")
    if not isinstance(found, dict) or not all(map(_is_variable, found.items())):
        raise ValueError("ENVIRONMENT is no JSON object of variables")
    if any(_PROXY.fullmatch(name) and value for name, value in found.items()):
        urls = (given.get("LIVY_URL", ""), given.get("LIVY_FALLBACK", ""))
        hosts = [urlsplit(url).hostname for url in urls]
        asked = found.get("NO_PROXY") or found.get("no_proxy") or ""
        direct = dict.fromkeys([*asked.split(","), *_NEVER_PROXIED, *hosts])
        found["NO_PROXY"] = found["no_proxy"] = ",".join(host for host in direct if host)
    return found


def profile(found: Mapping[str, str]) -> str:
    """The variables as a login shell reads them."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in found.items())


def set_up(home: Path, given: Mapping[str, str]) -> None:
    """Write the variables for kernels, or remove an earlier start's. Raises OSError, ValueError."""
    startup, found = home / STARTUP, variables(given)
    if found:
        # No import: what this file names would stand among the user's own variables.
        files.write(startup, f'__import__("os").environ.update({found!r})\n')
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            startup.unlink()


def _is_variable(item: tuple[str, object]) -> bool:
    name, value = item
    return bool(_NAME.fullmatch(name)) and isinstance(value, str) and "\0" not in value
