"""Tests session_fields.py: which Livy takes which field of a session."""

import pytest

from cluster_endpoint.session_fields import FIRST_WITH, refuse_unknown
from emr_notebook.settings.notebook import VERSIONED_FIELDS
from refusal import Refusal
from tests.assets.cluster_endpoint.emr_records import CLUSTER_ID


@pytest.mark.parametrize(
    ("version", "unknown"),
    [
        ("0.7.1-incubating", {"ttl", "idleTimeout"}),
        ("0.8.0-incubating", {"idleTimeout"}),
        ("0.8.0", {"idleTimeout"}),
        ("0.9.0-incubating", set()),
        ("0.10.0", set()),
        ("1.0.0-amzn-1", set()),
    ],
)
@pytest.mark.parametrize("field", ["ttl", "idleTimeout"])
def test_a_field_is_refused_for_a_livy_before_the_one_that_brought_it(
    version: str, unknown: set[str], field: str
) -> None:
    if field not in unknown:
        refuse_unknown(CLUSTER_ID, version, [field])
        return
    with pytest.raises(Refusal, match=f"Livy {version} of .* with {field} .known from Livy 0"):
        refuse_unknown(CLUSTER_ID, version, [field])


@pytest.mark.parametrize("version", ["unknown", "", "nightly"])
def test_a_version_that_cannot_be_read_counts_as_the_newest(version: str) -> None:
    refuse_unknown(CLUSTER_ID, version, list(FIRST_WITH))


def test_all_that_is_too_new_is_named_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        refuse_unknown(CLUSTER_ID, "0.7.1", ["ttl", "idleTimeout"])

    assert str(refused.value) == (
        f"[session-fields-unknown] Livy 0.7.1 of cluster {CLUSTER_ID} takes no session with "
        "idleTimeout (known from Livy 0.9 on) and ttl (known from Livy 0.8 on), which the "
        "notebooks' spark asks for. Next: leave idleTimeout and ttl out of spark, or use a cluster "
        "whose Livy is new enough."
    )


def test_the_settings_hand_over_all_of_them() -> None:
    assert set(VERSIONED_FIELDS) == FIRST_WITH.keys()
