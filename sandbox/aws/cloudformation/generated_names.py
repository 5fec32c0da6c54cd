"""Gives each resource that a stack makes a new name, as CloudFormation does.

Ministack hashes stack and logical id: a stack made anew would get the names of what the old one
left, take those resources over, and delete them in a rollback.
"""

import secrets
from typing import Any

from sandbox.aws.emulator import ministack


def install() -> None:
    """Draw the seed of each new resource's name; ministack keeps it, so that updates find it."""
    stacks = ministack("services.cloudformation.stacks")

    def provision(*given: Any) -> tuple[Any, str]:
        token = stacks._NAME_SEED.set(secrets.token_hex(8))
        try:
            return stacks._provision_resource(*given), stacks._NAME_SEED.get()
        finally:
            stacks._NAME_SEED.reset(token)

    stacks._provision_keeping_seed = provision
