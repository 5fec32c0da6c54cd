"""What a plan says of costs: the given prices, and nothing that was not given."""

from decimal import Decimal

import pytest

from emr_notebook.cli.aws.reader import CommandError
from emr_notebook.cli.plan.costs import VOLUME, costs, parse_prices
from emr_notebook.cli.plan.notebook import NotebookChange, NotebookPlan
from emr_notebook.cli.plan.notebook_refusal import Size

SMALL, LARGE = Size("ml.t3.medium", 5), Size("ml.m5.xlarge", 50)
PRICES = {"ml.t3.medium": Decimal("0.05"), "ml.m5.xlarge": Decimal("0.25"), VOLUME: Decimal("0.1")}


def notebook(
    change_type: NotebookChange, before: Size | None, after: Size | None, *, keeps_old: bool = True
) -> NotebookPlan:
    return NotebookPlan(
        "alice",
        "lab",
        "s",
        change_type,
        "InService",
        before=before,
        after=after,
        keeps_old=keeps_old,
    )


# One notebook with 100 hours a month: 5.00 and 0.50 for a small one, 25.00 and 5.00 for a large.
TOTALS = {
    "unchanged": (notebook(NotebookChange.UNCHANGED, SMALL, SMALL), "5.50", "5.50"),
    "created": (notebook(NotebookChange.CREATED, None, SMALL), "0.00", "5.50"),
    "resized": (notebook(NotebookChange.WHILE_STOPPED, SMALL, LARGE), "5.50", "30.00"),
    "removed and kept": (notebook(NotebookChange.REMOVED, SMALL, None), "5.50", "5.50"),
    "removed and deleted": (
        notebook(NotebookChange.REMOVED, SMALL, None, keeps_old=False),
        "5.50",
        "0.00",
    ),
    "replaced, the old one kept": (
        notebook(NotebookChange.REPLACED, SMALL, LARGE),
        "5.50",
        "35.50",
    ),
    "replaced, the old one deleted": (
        notebook(NotebookChange.REPLACED, SMALL, LARGE, keeps_old=False),
        "5.50",
        "30.00",
    ),
}


@pytest.mark.parametrize(("planned", "before", "after"), TOTALS.values(), ids=TOTALS)
def test_the_totals_count_what_is_paid_for(planned: NotebookPlan, before: str, after: str) -> None:
    found = costs([planned], PRICES, 100)

    assert found is not None
    assert (found.before, found.after) == (Decimal(before), Decimal(after))


def test_what_has_no_price_is_named_and_not_counted() -> None:
    sizes = [SMALL, LARGE, LARGE]
    found = costs(
        [notebook(NotebookChange.UNCHANGED, each, each) for each in sizes],
        {"ml.t3.medium": Decimal("0.05")},
        100,
    )

    assert found is not None
    assert found.after == Decimal(5)
    assert found.without_a_price == {"ml.m5.xlarge": 2, VOLUME: 3}


def test_without_a_price_nothing_is_said_of_costs() -> None:
    assert costs([notebook(NotebookChange.UNCHANGED, SMALL, SMALL)], {}, None) is None


def test_volumes_need_no_hours() -> None:
    prices = parse_prices([f"{VOLUME}=0.1"], None)
    found = costs([notebook(NotebookChange.UNCHANGED, LARGE, LARGE)], prices, None)

    assert found is not None
    assert found.after == Decimal(5)


@pytest.mark.parametrize(
    "given", ["ml.t3.medium", "ml.t3.medium=", "ml.t3.medium=-1", "ml.t3.medium=nan", "t3=1", "=1"]
)
def test_what_is_no_price_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(CommandError, match=r"ml\.t3\.medium=0\.05"):
        parse_prices([given], 100)


def test_prices_are_exact_decimals() -> None:
    assert parse_prices(["ml.t3.medium=0.0582"], 160) == {"ml.t3.medium": Decimal("0.0582")}
