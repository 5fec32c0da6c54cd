"""Answers SageMaker's operations on tags."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.aws.answers import Refused
from sandbox.aws.sagemaker.store import SageMakerStore, tag_list

TAGS_PER_RESOURCE = 50


class Tags:
    """Each method takes a checked request and returns the answer, or raises Refused."""

    def __init__(self, store: SageMakerStore) -> None:
        self._store = store

    def add(self, request: dict[str, Any]) -> dict[str, Any]:
        """AddTags."""
        resource = self._resource(request)
        reserved = [t["Key"] for t in request["Tags"] if t["Key"].lower().startswith("aws:")]
        if reserved:
            raise Refused(
                "ValidationException", f"Tag keys may not start with aws: {', '.join(reserved)}."
            )
        tags = self.put(resource, request["Tags"])
        return {"Tags": tag_list(tags)}

    def listed(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListTags."""
        tags = self._store.tags_of(self._resource(request))
        return {"Tags": tag_list(tags)}

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteTags."""
        tags = self._store.tags_of(self._resource(request))
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def put(self, resource: str, tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
        """Add tags, CloudFormation's own `aws:` ones too; return all the resource has."""
        merged = self._store.tags_of(resource) | {t["Key"]: t["Value"] for t in tags}
        if len(merged) > TAGS_PER_RESOURCE:
            raise Refused("ResourceLimitExceeded", f"{resource} would have {len(merged)} tags.")
        self._store.tags[resource] = merged
        return merged

    def _resource(self, request: dict[str, Any]) -> str:
        resource = str(request["ResourceArn"])
        if not self._store.known(resource):
            raise Refused("ValidationException", f"Resource {resource} does not exist.")
        return resource
