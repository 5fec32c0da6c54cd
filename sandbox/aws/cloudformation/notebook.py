"""Does what CloudFormation does with an AWS::SageMaker::NotebookInstance."""

from typing import Any

from sandbox.aws.cloudformation.schema import Created, check_properties
from sandbox.aws.sagemaker.api import SageMakerApi
from sandbox.aws.sagemaker.notebook_settings import DISASSOCIATE
from sandbox.aws.sagemaker.notebook_states import Status
from sandbox.aws.sagemaker.notebooks import Notebooks

TYPE = "AWS::SageMaker::NotebookInstance"
NAME = "NotebookInstanceName"
# Beyond a lifecycle script's own five minutes for each of two hooks.
SETTLE_SECONDS = 660.0


class NotebookFailed(Exception):
    """The notebook did not come into service; `arn` is what CloudFormation still has to delete."""

    def __init__(self, reason: str, arn: str) -> None:
        super().__init__(reason)
        self.arn = arn


class NotebookType:
    """Create, update in place and delete. Each waits until SageMaker is done."""

    def __init__(self, api: SageMakerApi, notebooks: Notebooks) -> None:
        self._api = api
        self._notebooks = notebooks

    def create(self, logical_id: str, properties: dict[str, Any], name: str) -> Created:
        """Make the notebook and wait until it is in service; NotebookFailed when it is not."""
        request = {NAME: name} | check_properties(TYPE, logical_id, properties)
        self._api.call("CreateNotebookInstance", request)
        self._await_in_service(name)
        return self._identity(name)

    def update(
        self, arn: str, old: dict[str, Any], new: dict[str, Any], logical_id: str
    ) -> Created:
        """Change it in place: stopped for the change, and started again if it was running.

        A notebook someone has stopped stays stopped. A failed one is started, which is also how
        a rollback repairs the notebook that a failed update left behind.
        """
        before, after = (
            check_properties(TYPE, logical_id, old),
            check_properties(TYPE, logical_id, new),
        )
        retag(self._api, arn, before, after)
        request = changes(before, after)
        notebook = self._notebooks.get(_name(arn))
        if not request:
            return self._identity(notebook.name)
        settled = self._notebooks.wait(notebook.name, SETTLE_SECONDS)
        runs = settled is not None and settled.status is not Status.STOPPED
        self._ensure_stopped(notebook.name)
        try:
            self._api.call("UpdateNotebookInstance", {NAME: notebook.name} | request)
            self._notebooks.wait(notebook.name, SETTLE_SECONDS)
        finally:
            if runs:
                self._notebooks.start(notebook.name)
        if runs:
            self._await_in_service(notebook.name)
        return self._identity(notebook.name)

    def delete(self, arn: str) -> None:
        """Stop and delete it; one that is gone already is as good as deleted."""
        name = _name(arn)
        if self._notebooks.wait(name, SETTLE_SECONDS) is None:
            return
        self._ensure_stopped(name)
        self._notebooks.delete(name)
        self._notebooks.wait(name, SETTLE_SECONDS)

    def _ensure_stopped(self, name: str) -> None:
        notebook = self._notebooks.get(name)
        if notebook.status is Status.IN_SERVICE:
            self._notebooks.stop(name)
            self._notebooks.wait(name, SETTLE_SECONDS)

    def _await_in_service(self, name: str) -> None:
        notebook = self._notebooks.wait(name, SETTLE_SECONDS)
        if notebook is None:
            raise ValueError(f"Notebook instance {name} was deleted while it started.")
        if notebook.status is not Status.IN_SERVICE:
            raise NotebookFailed(notebook.failure_reason or str(notebook.status), notebook.arn)

    def _identity(self, name: str) -> Created:
        notebook = self._notebooks.get(name)
        attributes = {NAME: notebook.name, "NotebookInstanceArn": notebook.arn}
        return notebook.arn, attributes


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The UpdateNotebookInstance request between two sets of properties, without the name."""
    keys = (before.keys() | after.keys()) - {"Tags", NAME}
    different = {key for key in keys if before.get(key) != after.get(key)}
    request: dict[str, Any] = {}
    for key in sorted(different):
        if key in after:
            request[key] = after[key]
        elif key in DISASSOCIATE:
            request[DISASSOCIATE[key]] = True
    return request


def retag(api: SageMakerApi, arn: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Make the resource's tags those of the template; tags of others are left."""
    kept = {tag["Key"] for tag in after.get("Tags", [])}
    gone = [tag["Key"] for tag in before.get("Tags", []) if tag["Key"] not in kept]
    api.tags.delete({"ResourceArn": arn, "TagKeys": gone})
    api.tags.put(arn, after.get("Tags", []))


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]
