"""Defines which environment variables a notebook can be given, and with which values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from emr_notebook.settings.types import PRINTED, TextFormat, refused

# Why a variable is not taken, by what its name looks like.
REFUSED: Mapping[str, str] = {
    r"PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|TERM|TMPDIR|IFS|_": "is the system's own",
    r"LD_\w+|GCONV_PATH|LOCPATH|MALLOC_\w+|GLIBC_TUNABLES": "changes every program that starts",
    r"BASH\w*|SHELLOPTS|ENV|CDPATH|PS[0-4]|PROMPT_COMMAND|E?UID|PPID|GROUPS": "is the shell's own",
    r"PYTHON(HOME|PATH|STARTUP|USERBASE|INSPECT)": (
        "reaches no kernel, and changes every Python that a terminal starts: docs/recipes.md has a "
        "kernel with packages of its own"
    ),
    r"(IPYTHON|JUPYTER|JPY|SPARKMAGIC)\w*": "is what the kernels are started with",
    r"AWS_(PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|CONTAINER_\w+|WEB_IDENTITY_\w+|ROLE_\w+)": (
        "would take the place of the notebook's role"
    ),
    r"(?i:\w*(PASSWORD|PASSWD|_PWD)"
    r"|(\w*_)?(SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE)_?KEY))"
    r"|AWS_ACCESS_KEY_ID": (
        "looks like a secret, which whoever may read the lifecycle configuration would see: let "
        "start_hook fetch it, as the notebook's role"
    ),
}


@dataclass(frozen=True)
class VariableName(TextFormat):
    """The name of an environment variable that is the team's to set."""

    def check(self, value: object) -> str:
        """The value itself; one that is not the team's to set is refused with the reason."""
        name = super().check(value)
        for names, reason in REFUSED.items():
            if re.fullmatch(names, name):
                raise refused(f"{self.accepted}; {name} {reason}")
        return name


Name = Annotated[
    str,
    VariableName(
        r"[A-Za-z_][A-Za-z0-9_]*",
        "a variable's name, such as HTTPS_PROXY: letters, digits and underscores, no digit first, "
        "at most 128 characters, and none that the system, the kernels or the notebook's role need",
        longest=128,
    ),
]
# What stands before an @ in an address, which curl takes without a scheme, is a login; AKIA and
# ASIA begin the keys of IAM.
Value = Annotated[
    str,
    TextFormat(
        rf"(?![^/@\s]+:[^/@\s]+@)(?![\s\S]*(://[^/?#\s]*@|\bA[KS]IA[A-Z0-9]{{16}}\b))(\t|{PRINTED})*",
        'a variable\'s value on one line, in quotes, such as "http://proxy.example.com:3128": at '
        "most 2048 characters, without a user, password or access key, which whoever may read the "
        "lifecycle configuration would see",
        longest=2048,
    ),
]
Environment = dict[Name, Value]
