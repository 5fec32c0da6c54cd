"""Tests cluster_record/decide.py: what holds whatever a name says and whatever is seen."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cluster_record.decide import Absent, Found, Terms, Unfit, decide
from cluster_record.record import Record, State, changes, parse, record_sets

NAME, OWNER = "analytics.emr-notebooks.internal", "emr-notebooks"
CLUSTERS = st.sampled_from(["j-FIRST00001", "j-SECOND0001"])
ADDRESSES = st.sampled_from(["10.0.0.5", "10.0.0.7"])
LIVY = st.sampled_from(["http:8998", "http:9000", "https:8998"])
TIMES = st.sampled_from(["2026-01-02T03:04:05Z", "2026-02-02T03:04:05Z"])
WHY = st.sampled_from(["no cluster with the name 'a' is RUNNING or WAITING", 'said "no" \\ – ✗'])
SEEN = st.one_of(
    st.builds(Found, CLUSTERS, ADDRESSES, LIVY), st.builds(Absent, WHY), st.builds(Unfit, WHY)
)
TERMS = st.builds(Terms, st.just(OWNER), LIVY, st.booleans(), st.booleans(), TIMES)
HISTORY = st.lists(st.tuples(SEEN, TERMS), min_size=1, max_size=6)


def lived(history: list[tuple[Found | Absent | Unfit, Terms]]) -> Record | None:
    """The record after each of these was seen."""
    record = None
    for seen, terms in history:
        record = decide(record, seen, terms)
    return record


@given(HISTORY)
def test_what_is_seen_again_is_not_written_again(
    history: list[tuple[Found | Absent | Unfit, Terms]],
) -> None:
    before = lived(history)
    seen, terms = history[-1]

    assert decide(before, seen, replace(terms, now="2027-01-01T00:00:00Z")) is before


@given(HISTORY, SEEN, TERMS)
def test_without_a_deploy_scheme_and_port_stay_and_the_address_moves_to_what_fits_them(
    history: list[tuple[Found | Absent | Unfit, Terms]],
    seen: Found | Absent | Unfit,
    terms: Terms,
) -> None:
    before = lived(history)
    assert before is not None

    after = decide(before, seen, replace(terms, is_deploy=False))

    assert after.livy == before.livy
    if after.address not in (before.address, ""):
        assert isinstance(seen, Found)
        assert (after.state, after.address) == (State.FOLLOWED, seen.address)


@given(HISTORY)
def test_what_a_record_says_is_read_as_it_was_written(
    history: list[tuple[Found | Absent | Unfit, Terms]],
) -> None:
    record = lived(history)
    assert record is not None

    read = parse(NAME, OWNER, record_sets(NAME, record))

    assert read is not None
    assert replace(read, why=record.why) == record
    assert changes(record_sets(NAME, read), record_sets(NAME, record)) == []
