"""What every part of the settings has in common."""

from pydantic import BaseModel, ConfigDict

from emr_notebook import patterns


class Strict(BaseModel):
    """A part of the settings: frozen, and no key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OptOut(Strict):
    """A secure default given up, with the reason that an auditor will read."""

    because: patterns.Because
