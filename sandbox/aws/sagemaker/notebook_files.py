"""Writes the files of a notebook instance, and the command that runs its host."""

import base64
import binascii
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.aws.answers import Refused
from sandbox.aws.route53.resolver import VpcResolver
from sandbox.aws.sagemaker.instance_aws import InstanceAws


def script_of(hook: Sequence[Mapping[str, str]]) -> bytes | None:
    """The script of an OnCreate or OnStart list, decoded; None when it holds none."""
    content = hook[0].get("Content") if hook else None
    if not content:
        return None
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise Refused(
            "ValidationException",
            f"The Content of a lifecycle hook must be base64-encoded: {error}.",
        ) from error


@dataclass(frozen=True)
class NotebookFiles:
    """Where the notebooks of one emulator keep their files, all under `state`."""

    state: Path
    host: Sequence[str]
    hook_seconds: float
    resolver: VpcResolver
    aws: InstanceAws

    def root(self, name: str) -> Path:
        """The notebook's volume: what is in it survives a stop, and is gone with the notebook."""
        return self.state / "notebooks" / name

    def log(self, name: str) -> Path:
        """What the notebook's host says."""
        return self._given(name) / "host.log"

    def command(
        self,
        name: str,
        notebook_arn: str,
        scripts: Mapping[str, bytes | None],
        properties: Mapping[str, Any],
    ) -> list[str]:
        """Write what the host reads and return its command; `scripts` by option name."""
        given = self._given(name)
        given.mkdir(parents=True, exist_ok=True)
        self.root(name).mkdir(parents=True, exist_ok=True)
        metadata = given / "resource-metadata.json"
        metadata.write_text(json.dumps({"ResourceArn": notebook_arn, "ResourceName": name}))
        hosts = given / "hosts"
        self.resolver.show_in(hosts, str(properties.get("SubnetId", "")))
        self.aws.write(given / "aws", properties)
        command = [*self.host, "--name", name, "--root", str(self.root(name))]
        command += ["--metadata", str(metadata), "--hosts", str(hosts)]
        command += ["--aws", str(given / "aws")]
        command += ["--hook-seconds", f"{self.hook_seconds:g}"]
        for option, script in scripts.items():
            if script is not None:
                path = given / option
                path.write_bytes(script)
                command += [f"--{option}", str(path)]
        return command

    def remove(self, name: str) -> None:
        """Delete the volume and everything else of the notebook."""
        self.resolver.forget(self._given(name) / "hosts")
        shutil.rmtree(self.root(name), ignore_errors=True)
        shutil.rmtree(self._given(name), ignore_errors=True)

    def _given(self, name: str) -> Path:
        return self.state / "lifecycle" / name
