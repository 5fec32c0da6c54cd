"""Reads the start script in a lifecycle configuration: what a notebook's next start takes."""

from dataclasses import dataclass

from emr_notebook.cli.aws.reader import Reader
from emr_notebook.constructs.start_script import header_in


@dataclass(frozen=True)
class DeployedScript:
    """Where the script says Livy is, and its version; empty where the script does not say it.

    `fallback_url` serves when the name in `livy_url` does not resolve.
    """

    livy_url: str = ""
    version: str = ""
    fallback_url: str = ""


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
    header = header_in(content)
    names = ("LIVY_URL", "SCRIPT_VERSION", "LIVY_FALLBACK")
    return DeployedScript(*(header.get(name, "") for name in names))
