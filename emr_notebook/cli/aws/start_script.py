"""The start script in a lifecycle configuration: what a notebook's next start will be told."""

import base64
import re
from dataclasses import dataclass

from emr_notebook.cli.aws.reader import Reader


@dataclass(frozen=True)
class DeployedScript:
    """Where the script says Livy is, and its version; empty where the script does not say it."""

    livy_url: str = ""
    version: str = ""


def deployed_script(reader: Reader, configuration: str) -> DeployedScript:
    """The script that the configuration holds now. Raises as Reader.ask does."""
    described = reader.ask(
        "sagemaker",
        "describe_notebook_instance_lifecycle_config",
        NotebookInstanceLifecycleConfigName=configuration,
    )
    hooks = described.get("OnStart") or [{"Content": ""}]
    return read_script(str(hooks[0].get("Content", "")))


def read_script(content: str) -> DeployedScript:
    """What the header of a script in base64 says; nothing for a script that is not this app's."""
    text = base64.b64decode(content).decode("utf-8", "replace")
    return DeployedScript(_assigned("LIVY_URL", text), _assigned("SCRIPT_VERSION", text))


def _assigned(name: str, text: str) -> str:
    # The header stands before the program: the first is the deploy's.
    found = re.search(rf"^{name}='([^']*)'$", text, re.MULTILINE)
    return found[1] if found else ""
