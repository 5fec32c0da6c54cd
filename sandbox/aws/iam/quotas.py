"""Refuses policies larger than IAM's quotas, in IAM's words."""

import json
from collections.abc import Iterable
from typing import Any

# IAM user guide, "IAM and AWS STS quotas"; white space does not count.
MANAGED_POLICY_CHARACTERS = 6_144
ROLE_INLINE_CHARACTERS = 10_240
POLICIES_PER_ROLE = 10


def policy_size(document: Any) -> int:
    """The size of a policy document, given as text or as its structure, as IAM counts it."""
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return len("".join(text.split()))


def managed_policy_problem(document: Any) -> str | None:
    """IAM's refusal of a managed policy that is too large, else None."""
    if policy_size(document) <= MANAGED_POLICY_CHARACTERS:
        return None
    return f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_CHARACTERS}"


def role_problem(name: str, inline: Iterable[Any], attached: Iterable[str]) -> str | None:
    """IAM's refusal of a role with too much in its inline policies or too many managed ones."""
    if sum(map(policy_size, inline)) > ROLE_INLINE_CHARACTERS:
        return f"Maximum policy size of {ROLE_INLINE_CHARACTERS} bytes exceeded for role {name}"
    if len(set(attached)) > POLICIES_PER_ROLE:
        return f"Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}"
    return None
