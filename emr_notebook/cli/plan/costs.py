"""Works out what notebooks cost by the prices that the user gives; it knows none by itself."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from emr_notebook.cli.aws.reader import CommandError
from emr_notebook.cli.plan.notebook import NotebookChange, NotebookPlan
from emr_notebook.cli.plan.notebook_refusal import Size

VOLUME = "volume-gb-month"


@dataclass(frozen=True)
class CostLine:
    """One instance type's hours, or the volumes' gigabytes, with their price, before and after."""

    what: str
    units_before: Decimal
    units_after: Decimal
    price: Decimal

    @property
    def before(self) -> Decimal:
        """The costs of what is deployed."""
        return self.units_before * self.price

    @property
    def after(self) -> Decimal:
        """The costs after the deploy."""
        return self.units_after * self.price


@dataclass(frozen=True)
class Costs:
    """The lines of what has a price, and what has none, with the number of notebooks after."""

    lines: Sequence[CostLine] = ()
    without_a_price: Mapping[str, int] = field(default_factory=dict)

    @property
    def before(self) -> Decimal:
        """The total of what is deployed."""
        return sum((each.before for each in self.lines), Decimal(0))

    @property
    def after(self) -> Decimal:
        """The total after the deploy."""
        return sum((each.after for each in self.lines), Decimal(0))


def parse_prices(given: Iterable[str], hours: float | None) -> dict[str, Decimal]:
    """Prices by instance type or VOLUME. Raises CommandError for what is no price."""
    prices = dict(map(_price, given))
    if hours is None and set(prices) - {VOLUME}:
        raise CommandError("--price of an instance type needs --hours: how long a notebook runs")
    if hours is not None and not set(prices) - {VOLUME}:
        raise CommandError("--hours needs the --price of an instance type")
    return prices


def costs(
    notebooks: Iterable[NotebookPlan], prices: Mapping[str, Decimal], hours: float | None
) -> Costs | None:
    """The costs by these prices; None without any. Each notebook runs for these hours.

    A notebook that the deploy leaves behind goes on costing.
    """
    if not prices:
        return None
    pairs = [pair for each in notebooks for pair in _sizes(each)]
    had = [before for before, _ in pairs if before]
    has = [after for _, after in pairs if after]
    types_before, types_after = (Counter(x.instance_type for x in part) for part in (had, has))
    used = sorted(types_before | types_after)
    by_the_hour = Decimal(str(hours or 0))
    lines = [
        CostLine(
            each, types_before[each] * by_the_hour, types_after[each] * by_the_hour, prices[each]
        )
        for each in used
        if each in prices
    ]
    if VOLUME in prices:
        lines.append(CostLine(VOLUME, _gigabytes(had), _gigabytes(has), prices[VOLUME]))
    missing = {each: types_after[each] for each in used if each not in prices}
    if VOLUME not in prices:
        missing[VOLUME] = len(has)
    return Costs(lines, missing)


def _gigabytes(sizes: Iterable[Size]) -> Decimal:
    return Decimal(sum(each.volume_gb for each in sizes))


def _sizes(notebook: NotebookPlan) -> list[tuple[Size | None, Size | None]]:
    """What a notebook was and will be, and the one that it leaves behind."""
    before, after = notebook.before, notebook.after
    if notebook.change_type is NotebookChange.REMOVED:
        return [(before, before if notebook.keeps_old else None)]
    if notebook.change_type is NotebookChange.REPLACED and notebook.keeps_old:
        return [(before, before), (None, after)]
    return [(before, after)]


def _price(given: str) -> tuple[str, Decimal]:
    what, _, number = given.partition("=")
    try:
        price = Decimal(number)
    except InvalidOperation:
        price = Decimal(-1)
    if not (what.startswith("ml.") or what == VOLUME) or not price.is_finite() or price < 0:
        raise CommandError(
            f"--price {given!r} is not a price: an instance type and the price of an hour, such as "
            f"ml.t3.medium=0.05, or {VOLUME}=0.1"
        )
    return what, price
