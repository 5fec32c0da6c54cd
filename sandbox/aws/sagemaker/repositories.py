"""Answers SageMaker's operations on code repositories, and checks those a notebook names."""

from typing import Any

from sandbox.aws.answers import Handler, Refused
from sandbox.aws.iam.names import REPOSITORY
from sandbox.aws.sagemaker.shapes import list_page
from sandbox.aws.sagemaker.store import CodeRepository, SageMakerStore, arn
from sandbox.aws.sagemaker.tags import Tags

NAME = "CodeRepositoryName"


def named_repositories(request: dict[str, Any]) -> list[str]:
    """The code repositories that a notebook's request names, without those given as a URL."""
    given = [request.get("DefaultCodeRepository"), *request.get("AdditionalCodeRepositories", [])]
    return [each for each in given if each and not each.startswith("https://")]


class CodeRepositories:
    """Each handler takes a checked request and returns the answer, or raises Refused."""

    def __init__(self, store: SageMakerStore, tags: Tags) -> None:
        self._store = store
        self._tags = tags
        self.handlers: dict[str, Handler] = {
            "CreateCodeRepository": self.create,
            "DeleteCodeRepository": self.delete,
            "DescribeCodeRepository": self.describe,
            "ListCodeRepositories": self.listed,
        }

    def require(self, notebook: dict[str, Any]) -> None:
        """Refuse a notebook that names a code repository which does not exist."""
        for name in named_repositories(notebook):
            self._get(name)

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateCodeRepository: nothing is cloned and no secret is read."""
        name = request[NAME]
        identity = arn(REPOSITORY, name)
        if self._store.repository(name) is not None:
            # The wording is the sandbox's own.
            raise Refused("ValidationException", f"CodeRepository already exists: {identity}")
        found = CodeRepository(name, identity, request["GitConfig"])
        self._store.repositories[name.lower()] = found
        self._tags.put(identity, request.get("Tags", []))
        return {"CodeRepositoryArn": identity}

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeCodeRepository."""
        return _description(self._get(request[NAME]))

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteCodeRepository: notebooks that name it keep the name."""
        found = self._get(request[NAME])
        del self._store.repositories[found.name.lower()]
        self._store.tags.pop(found.arn, None)
        return {}

    def listed(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListCodeRepositories."""
        summaries = [_description(each) for each in self._store.repositories.values()]
        return list_page("CodeRepositorySummaryList", NAME, summaries, request)

    def _get(self, name: str) -> CodeRepository:
        found = self._store.repository(name)
        if found is None:
            # The first three words are AWS's, for DescribeCodeRepository; that a notebook is
            # refused in the same words is not known.
            raise Refused(
                "ValidationException", f"Cannot find CodeRepository: {arn(REPOSITORY, name)}"
            )
        return found


def _description(repository: CodeRepository) -> dict[str, Any]:
    return {
        "CodeRepositoryName": repository.name,
        "CodeRepositoryArn": repository.arn,
        "CreationTime": repository.created,
        "LastModifiedTime": repository.modified,
        "GitConfig": repository.git,
    }
