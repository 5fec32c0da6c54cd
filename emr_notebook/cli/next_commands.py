"""Writes the shell commands that the reports tell their readers to run next."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from emr_notebook.cli.aws.start_log import STREAM
from emr_notebook.names import LOG_GROUP
from emr_notebook.settings.model import Settings

_CDK_DEPLOY = "cdk deploy"


@dataclass(frozen=True)
class Commands:
    """Commands for one stage, ready to paste."""

    stage: str
    region: str
    has_several_stacks: bool

    @classmethod
    def of(cls, stage: str, settings: Settings) -> "Commands":
        """Those of a stage with these settings."""
        return cls(stage, settings.region, has_several_stacks=len(settings.stack_names()) > 1)

    def deploy(self) -> str:
        """Make what is deployed what the settings say."""
        stacks = " --all" if self.has_several_stacks else ""
        return f"{_CDK_DEPLOY}{stacks} -c stage={shlex.quote(self.stage)}"

    def refresh(self) -> str:
        """Look every cluster up again."""
        return f"{self.deploy()} -c refresh=$(date +%s)"

    def doctor(self) -> str:
        """Look again at what a deploy needs."""
        return f"emr-notebook doctor --stage {shlex.quote(self.stage)}"

    def plan(self) -> str:
        """Look at what a deploy would do."""
        return f"emr-notebook plan --stage {shlex.quote(self.stage)}"

    def restart(self, notebook: str) -> str:
        """Stop a notebook and start it: it takes the deployed script and address."""
        stop = self._sagemaker("stop-notebook-instance", notebook)
        stopped = self._sagemaker("wait notebook-instance-stopped", notebook)
        return f"{stop} && {stopped} && {self.start(notebook)}"

    def start(self, notebook: str) -> str:
        """Start a notebook that is Stopped or Failed."""
        return self._sagemaker("start-notebook-instance", notebook)

    def delete_lifecycle(self, name: str) -> str:
        """Delete a lifecycle configuration."""
        of = f"--notebook-instance-lifecycle-config-name {name} --region {self.region}"
        return f"aws sagemaker delete-notebook-instance-lifecycle-config {of}"

    def log(self, notebook: str) -> str:
        """Read what a notebook's last starts printed; its user may have written there, too."""
        stream = f"--log-stream-names {notebook}/{STREAM}"
        return f"aws logs tail {LOG_GROUP} {stream} --since 1d --region {self.region} | cat -v"

    def _sagemaker(self, operation: str, notebook: str) -> str:
        of = f"--notebook-instance-name {notebook} --region {self.region}"
        return f"aws sagemaker {operation} {of}"


def deploys_first(commands: Iterable[str]) -> list[str]:
    """Each command once, deploys first: a start takes what a deploy has brought."""
    return sorted(dict.fromkeys(commands), key=lambda command: not command.startswith(_CDK_DEPLOY))
