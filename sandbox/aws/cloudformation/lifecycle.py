"""Does what CloudFormation does with an AWS::SageMaker::NotebookInstanceLifecycleConfig."""

from typing import Any

from sandbox.aws.answers import Refused
from sandbox.aws.cloudformation.notebook import retag
from sandbox.aws.cloudformation.schema import Created, check_properties
from sandbox.aws.sagemaker.api import SageMakerApi

TYPE = "AWS::SageMaker::NotebookInstanceLifecycleConfig"
NAME = "NotebookInstanceLifecycleConfigName"


class LifecycleType:
    """Create, update in place and delete."""

    def __init__(self, api: SageMakerApi) -> None:
        self._api = api

    def create(self, logical_id: str, properties: dict[str, Any], name: str) -> Created:
        """Make the lifecycle configuration."""
        request = {NAME: name} | check_properties(TYPE, logical_id, properties)
        answer = self._api.call("CreateNotebookInstanceLifecycleConfig", request)
        return answer["NotebookInstanceLifecycleConfigArn"], self._attributes(name)

    def update(
        self, arn: str, old: dict[str, Any], new: dict[str, Any], logical_id: str
    ) -> Created:
        """Change the scripts; no notebook is stopped, each sees them at its next start."""
        before, after = (
            check_properties(TYPE, logical_id, old),
            check_properties(TYPE, logical_id, new),
        )
        name = arn.rpartition("/")[2]
        hooks = {hook: after.get(hook, []) for hook in ("OnCreate", "OnStart")}
        self._api.call("UpdateNotebookInstanceLifecycleConfig", {NAME: name} | hooks)
        retag(self._api, arn, before, after)
        return arn, self._attributes(name)

    def delete(self, arn: str) -> None:
        """Delete it; one that is gone already is as good as deleted."""
        try:
            self._api.call("DeleteNotebookInstanceLifecycleConfig", {NAME: arn.rpartition("/")[2]})
        except Refused as refused:
            if "does not exist" not in refused.message:
                raise

    def _attributes(self, name: str) -> dict[str, Any]:
        described = self._api.describe_lifecycle({NAME: name})
        return {
            NAME: described[NAME],
            "NotebookInstanceLifecycleConfigArn": described["NotebookInstanceLifecycleConfigArn"],
        }
