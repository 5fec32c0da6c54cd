"""Defines the team's own script that runs on a notebook after each start."""

from typing import Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from emr_notebook.settings import types
from emr_notebook.settings.types import NONE, StrictOrNone

USER, ROOT = "user", "root"


class StartHook(StrictOrNone):
    """A script that runs after each start, in the background."""

    file: types.FilePath = Field(
        description="a script of UTF-8 text; its path starts from the folder of cdk.json"
    )
    run_as: Literal["user", "root"] = Field(
        default="user", alias="as", description="who runs it: the notebook's user, or root"
    )
    because: types.Because | None = Field(default=None, description="why root has to run it")

    @model_validator(mode="wrap")
    @classmethod
    def _none_or_with_its_reason(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Any:
        if given in (NONE, NO_HOOK):
            return NO_HOOK
        made = read(given)
        if (made.run_as == ROOT) != (made.because is not None):
            raise ValueError("as: root goes with because, and because with it")
        return made


# What `none` is: nothing that is given says so.
NO_HOOK = StartHook.model_construct(file="")
