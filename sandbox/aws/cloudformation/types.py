"""Adds the resource types of notebooks to ministack's CloudFormation."""

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.aws.cloudformation import lifecycle, notebook
from sandbox.aws.cloudformation.lifecycle import LifecycleType
from sandbox.aws.cloudformation.notebook import NotebookFailed, NotebookType
from sandbox.aws.cloudformation.schema import Created, create_only
from sandbox.aws.emulator import ministack
from sandbox.aws.sagemaker.api import SageMakerApi
from sandbox.aws.sagemaker.notebooks import Notebooks

NAME_CHARACTERS = 63
TYPES = (notebook.TYPE, lifecycle.TYPE)

RollBack = Callable[..., Awaitable[None]]


class FailedCreates:
    """Notebooks that were made and did not come into service.

    Ministack forgets a resource whose create raised. CloudFormation does not: the rollback
    deletes it, unless its DeletionPolicy says Retain.
    """

    def __init__(self, notebook_type: NotebookType) -> None:
        self._notebook_type = notebook_type
        self._arns: dict[tuple[str, str], str] = {}

    def create(self, logical_id: str, properties: dict[str, Any], stack: str) -> Created:
        """Create, after deleting what an earlier attempt of the same resource left."""
        if left := self._arns.pop((stack, logical_id), None):
            self._notebook_type.delete(left)
        name = _name(notebook.NAME, properties, stack, logical_id)
        try:
            return self._notebook_type.create(logical_id, properties, name)
        except NotebookFailed as failed:
            self._arns[stack, logical_id] = failed.arn
            raise

    def rolling_back(self, original: RollBack) -> RollBack:
        """`original`, after the failed creates of the stack are dealt with."""

        async def roll_back(
            stack_name: str, stack_id: str, stack: Any, operation: Any, *more: Any
        ) -> None:
            for left in [key for key in self._arns if key[0] == stack_name]:
                await self._clean(stack_name, stack_id, left[1], operation)
            await original(stack_name, stack_id, stack, operation, *more)

        return roll_back

    async def _clean(
        self, stack_name: str, stack_id: str, logical_id: str, operation: dict[str, Any]
    ) -> None:
        stacks = ministack("services.cloudformation.stacks")
        arn = self._arns.pop((stack_name, logical_id))
        template = operation.get("template") or {}
        resource = template.get("Resources", {}).get(logical_id, {})
        kept = resource.get("DeletionPolicy") == "Retain"
        if kept and not operation.get("retain_except_on_create"):
            event = "DELETE_SKIPPED"
        else:
            run = ministack("core.concurrency").run_reentrant
            await run(self._notebook_type.delete, arn)
            event = "DELETE_COMPLETE"
        stacks._add_event(stack_id, stack_name, logical_id, notebook.TYPE, event, physical_id=arn)


def install(api: SageMakerApi, notebooks: Notebooks) -> None:
    """Register the types: how each is made, changed, replaced, tagged, removed, rolled back."""
    provisioners = ministack("services.cloudformation.provisioners")
    notebook_type, lifecycle_type = NotebookType(api, notebooks), LifecycleType(api)
    failed = FailedCreates(notebook_type)

    def create_lifecycle(logical_id: str, properties: dict[str, Any], stack: str) -> Created:
        name = _name(lifecycle.NAME, properties, stack, logical_id)
        return lifecycle_type.create(logical_id, properties, name)

    provisioners._RESOURCE_HANDLERS |= {
        notebook.TYPE: _handlers(notebook_type, failed.create),
        lifecycle.TYPE: _handlers(lifecycle_type, create_lifecycle),
    }
    for kind in TYPES:
        provisioners._REPLACING_PROPERTIES[kind] = create_only(kind)
        provisioners._STACK_TAG_PROPERTY[kind] = ("Tags", "list")
    _refuse_to_replace_named(provisioners)
    _patch_stacks(failed)


def _refuse_to_replace_named(provisioners: Any) -> None:
    """CloudFormation makes no second notebook under a name that the template fixes."""
    provisioners._CUSTOM_NAME_REPLACEMENT[notebook.TYPE] = {"name": notebook.NAME}
    original = provisioners._custom_named_replacement_error

    def error(
        kind: str, old: dict[str, Any], new: dict[str, Any], identity: str | None = None
    ) -> str | None:
        # CloudFormation's sentence has the name, also where the physical id is an ARN.
        found: str | None = original(kind, old, new, None if kind in TYPES else identity)
        return found

    provisioners._custom_named_replacement_error = error
    ministack("services.cloudformation.stacks")._custom_named_replacement_error = error


def _handlers(
    implementation: NotebookType | LifecycleType, create: Callable[..., Created]
) -> dict[str, Any]:
    def update(
        arn: str, old: dict[str, Any], new: dict[str, Any], _stack: str, logical_id: str
    ) -> Created:
        return implementation.update(arn, old, new, logical_id)

    def delete(arn: str, _properties: dict[str, Any]) -> None:
        implementation.delete(arn)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def _patch_stacks(failed: FailedCreates) -> None:
    stacks = ministack("services.cloudformation.stacks")
    handlers = ministack("services.cloudformation.handlers")
    blocking, sent_back = stacks._runs_on_worker_thread, stacks._sends_back_failed_update
    # A notebook takes seconds to minutes: on the event loop it would stop the whole emulator.
    stacks._runs_on_worker_thread = lambda kind: kind in TYPES or blocking(kind)
    # An update that fails half-way has stopped or changed the notebook: the rollback undoes it.
    stacks._sends_back_failed_update = lambda kind: kind in TYPES or sent_back(kind)
    stacks._roll_back_operation = failed.rolling_back(stacks._roll_back_operation)
    handlers._roll_back_operation = stacks._roll_back_operation


def _name(property_name: str, properties: dict[str, Any], stack: str, logical_id: str) -> str:
    """The name given, or one generated from stack and logical id as CloudFormation does."""
    given = properties.get(property_name)
    if given:
        return str(given)
    generate = ministack("services.cloudformation.provisioners")._physical_name
    return str(generate(stack, logical_id, max_len=NAME_CHARACTERS))
