"""Answers SageMaker's operations on notebook instances and lifecycle configurations."""

import time
from typing import Any

from sandbox.aws.answers import Handler, Refused, require_valid
from sandbox.aws.iam.names import LIFECYCLE
from sandbox.aws.sagemaker.notebook_files import script_of
from sandbox.aws.sagemaker.notebook_settings import initial_properties, updated_properties
from sandbox.aws.sagemaker.notebook_states import Status
from sandbox.aws.sagemaker.notebooks import Notebooks
from sandbox.aws.sagemaker.repositories import CodeRepositories
from sandbox.aws.sagemaker.shapes import (
    lifecycle_description,
    lifecycle_summary,
    list_page,
    notebook_description,
    notebook_summary,
)
from sandbox.aws.sagemaker.store import LifecycleConfig, SageMakerStore, arn
from sandbox.aws.sagemaker.tags import Tags


class SageMakerApi:
    """Each method takes a checked request and returns the answer, or raises Refused."""

    def __init__(self, store: SageMakerStore, notebooks: Notebooks) -> None:
        self._store = store
        self._notebooks = notebooks
        self.tags = Tags(store)
        self._repositories = CodeRepositories(store, self.tags)
        self.handlers: dict[str, Handler] = {
            "AddTags": self.tags.add,
            "CreateNotebookInstance": self.create_notebook,
            "CreateNotebookInstanceLifecycleConfig": self.create_lifecycle,
            "CreatePresignedNotebookInstanceUrl": self.presigned_url,
            "DeleteNotebookInstance": self.delete_notebook,
            "DeleteNotebookInstanceLifecycleConfig": self.delete_lifecycle,
            "DeleteTags": self.tags.delete,
            "DescribeNotebookInstance": self.describe_notebook,
            "DescribeNotebookInstanceLifecycleConfig": self.describe_lifecycle,
            "ListNotebookInstanceLifecycleConfigs": self.list_lifecycles,
            "ListNotebookInstances": self.list_notebooks,
            "ListTags": self.tags.listed,
            "StartNotebookInstance": self.start_notebook,
            "StopNotebookInstance": self.stop_notebook,
            "UpdateNotebookInstance": self.update_notebook,
            "UpdateNotebookInstanceLifecycleConfig": self.update_lifecycle,
            **self._repositories.handlers,
        }

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one of the operations, or raise Refused, for a request not checked yet."""
        require_valid("sagemaker", operation, request)
        return self.handlers[operation](request)

    def create_notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateNotebookInstance."""
        properties = initial_properties(request)
        self._require_lifecycle(request)
        self._repositories.require(request)
        notebook = self._notebooks.create(request["NotebookInstanceName"], properties)
        self.tags.put(notebook.arn, request.get("Tags", []))
        return {"NotebookInstanceArn": notebook.arn}

    def describe_notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeNotebookInstance."""
        return notebook_description(self._notebooks.get(request["NotebookInstanceName"]))

    def list_notebooks(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListNotebookInstances."""
        summaries = [notebook_summary(n) for n in self._store.notebooks.values()]
        return list_page("NotebookInstances", "NotebookInstanceName", summaries, request)

    def start_notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """StartNotebookInstance."""
        self._notebooks.start(request["NotebookInstanceName"])
        return {}

    def stop_notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """StopNotebookInstance."""
        self._notebooks.stop(request["NotebookInstanceName"])
        return {}

    def update_notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateNotebookInstance."""
        self._require_lifecycle(request)
        self._repositories.require(request)
        self._notebooks.update(
            request["NotebookInstanceName"],
            lambda old: updated_properties(old, request),
        )
        return {}

    def delete_notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteNotebookInstance."""
        self._notebooks.delete(request["NotebookInstanceName"])
        return {}

    def presigned_url(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreatePresignedNotebookInstanceUrl: the address of the JupyterLab that runs."""
        notebook = self._notebooks.get(request["NotebookInstanceName"])
        if notebook.status is not Status.IN_SERVICE:
            raise Refused(
                "ValidationException",
                f"Status ({notebook.status}) not in ([InService]). Unable to create a presigned "
                f"URL for Notebook Instance ({notebook.arn})",
            )
        return {"AuthorizedUrl": notebook.jupyter_url}

    def create_lifecycle(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateNotebookInstanceLifecycleConfig."""
        name = request["NotebookInstanceLifecycleConfigName"]
        identity = arn(LIFECYCLE, name)
        if self._store.lifecycle(name) is not None:
            raise Refused(
                "ValidationException",
                f"Unable to create Notebook Instance Lifecycle Config {identity}. (Details: "
                "Notebook Instance Lifecycle Config already exists.)",
            )
        hooks = [request.get("OnCreate", []), request.get("OnStart", [])]
        for hook in hooks:
            script_of(hook)
        self._store.lifecycles[name.lower()] = LifecycleConfig(name, identity, *hooks)
        self.tags.put(identity, request.get("Tags", []))
        return {"NotebookInstanceLifecycleConfigArn": identity}

    def describe_lifecycle(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeNotebookInstanceLifecycleConfig."""
        return lifecycle_description(self._lifecycle(request, "describe"))

    def list_lifecycles(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListNotebookInstanceLifecycleConfigs."""
        summaries = [lifecycle_summary(c) for c in self._store.lifecycles.values()]
        member = "NotebookInstanceLifecycleConfigs"
        return list_page(member, "NotebookInstanceLifecycleConfigName", summaries, request)

    def update_lifecycle(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateNotebookInstanceLifecycleConfig: notebooks see it at their next start."""
        config = self._lifecycle(request, "update")
        for hook in (request.get("OnCreate", []), request.get("OnStart", [])):
            script_of(hook)
        config.on_create = request.get("OnCreate", config.on_create)
        config.on_start = request.get("OnStart", config.on_start)
        config.modified = time.time()
        return {}

    def delete_lifecycle(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteNotebookInstanceLifecycleConfig: refused while a notebook names it."""
        config = self._lifecycle(request, "delete")
        users = [n.arn for n in self._store.users_of(config.name)]
        if users:
            raise Refused(
                "ValidationException",
                f"Unable to delete Notebook Instance Lifecycle Config '{config.arn}'. (Details: "
                f"Notebook Instance Lifecycle Config is in use by {', '.join(users)}.)",
            )
        del self._store.lifecycles[config.name.lower()]
        self._store.tags.pop(config.arn, None)
        return {}

    def _require_lifecycle(self, request: dict[str, Any]) -> None:
        if "LifecycleConfigName" in request:
            name = {"NotebookInstanceLifecycleConfigName": request["LifecycleConfigName"]}
            self._lifecycle(name, "describe")

    def _lifecycle(self, request: dict[str, Any], verb: str) -> LifecycleConfig:
        name = request["NotebookInstanceLifecycleConfigName"]
        config = self._store.lifecycle(name)
        if config is None:
            raise Refused(
                "ValidationException",
                f"Unable to {verb} Notebook Instance Lifecycle Config '{arn(LIFECYCLE, name)}'. "
                "(Details: Notebook Instance Lifecycle Config does not exist.)",
            )
        return config
