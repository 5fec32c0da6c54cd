"""Holds what SageMaker has: notebook instances, lifecycle configurations and their tags."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.emulator import ministack
from sandbox.aws.iam.names import LIFECYCLE, NOTEBOOK, REPOSITORY, sagemaker_arn
from sandbox.aws.sagemaker.notebook_process import NotebookProcess
from sandbox.aws.sagemaker.notebook_states import Hook, Status


def arn(kind: str, name: str) -> str:
    """The ARN in the account and region of the running request."""
    responses = ministack("core.responses")
    return sagemaker_arn(kind, name, responses.get_region(), responses.get_account_id())


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as AWS's APIs show them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass
class Notebook:
    """One notebook instance: what the API shows, and the process behind it."""

    name: str
    arn: str
    properties: dict[str, Any]
    status: Status
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)
    failure_reason: str = ""
    on_create_done: bool = False
    jupyter_url: str = ""
    hooks: list[Hook] = field(default_factory=list)
    process: NotebookProcess | None = None

    @property
    def lifecycle(self) -> str:
        """The name of its lifecycle configuration, or an empty string."""
        return str(self.properties.get("LifecycleConfigName", ""))


@dataclass
class LifecycleConfig:
    """One lifecycle configuration: its scripts as they were sent, in base64."""

    name: str
    arn: str
    on_create: list[dict[str, str]]
    on_start: list[dict[str, str]]
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)


@dataclass
class CodeRepository:
    """One Git repository that notebooks may name."""

    name: str
    arn: str
    git: dict[str, str]
    created: float = field(default_factory=time.time)
    modified: float = field(default_factory=time.time)


class SageMakerStore:
    """Everything by name, for each account and region by itself."""

    def __init__(self) -> None:
        scoped = ministack("core.responses").AccountRegionScopedDict
        self.notebooks: Any = scoped()
        self.lifecycles: Any = scoped()
        self.repositories: Any = scoped()
        self.tags: Any = scoped()

    def notebook(self, name: str) -> Notebook | None:
        """The notebook of that name, in whatever case it is written."""
        found: Notebook | None = self.notebooks.get(name.lower())
        return found

    def lifecycle(self, name: str) -> LifecycleConfig | None:
        """The lifecycle configuration of that name, in whatever case it is written."""
        found: LifecycleConfig | None = self.lifecycles.get(name.lower())
        return found

    def repository(self, name: str) -> CodeRepository | None:
        """The code repository of that name, in whatever case it is written."""
        found: CodeRepository | None = self.repositories.get(name.lower())
        return found

    def users_of(self, lifecycle: str) -> list[Notebook]:
        """The notebooks that name the lifecycle configuration."""
        return [n for n in self.notebooks.values() if n.lifecycle.lower() == lifecycle.lower()]

    def known(self, resource: str) -> bool:
        """Whether an ARN is one of a resource that exists."""
        kind, _, name = resource.rpartition(":")[2].partition("/")
        held = {NOTEBOOK: self.notebook, LIFECYCLE: self.lifecycle, REPOSITORY: self.repository}
        find = held.get(kind)
        return find is not None and find(name) is not None and arn(kind, name) == resource

    def tags_of(self, resource: str) -> dict[str, str]:
        """Its tags; an empty mapping for a resource without any."""
        found: dict[str, str] = self.tags.get(resource, {})
        return found

    def all_tags(self) -> list[tuple[str, list[dict[str, str]]]]:
        """Every tagged resource, as the tagging API lists them."""
        return [(resource, tag_list(tags)) for resource, tags in self.tags.items()]
