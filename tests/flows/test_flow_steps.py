"""Numbers and packages that processes share."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from careloom.core.errors import ConfigurationError
from careloom.flows.steps.goods import lot_of
from careloom.flows.steps.numbers import moment, plain, trace
from careloom.flows.steps.packages import Packages, Supply
from careloom.model import Identifier, Lot


def test_services_of_one_visit_add_up() -> None:
    known = Packages()
    known.needs("A", Supply("GEL", Decimal(2)), Supply("TAPE"))
    known.needs("B", Supply("GEL", Decimal("0.5")))
    assert known.of(["A", "B", "unknown"]) == (Supply("GEL", Decimal("2.5")), Supply("TAPE", Decimal(1)))
    assert known.of([]) == ()


def test_a_service_has_one_package() -> None:
    known = Packages()
    known.needs("A", Supply("GEL"))
    known.needs("A", Supply("GEL"))
    with pytest.raises(ConfigurationError, match="A has two packages"):
        known.needs("A", Supply("TAPE"))


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_nothing_of_a_product_is_no_package(quantity: str) -> None:
    with pytest.raises(ConfigurationError, match="quantity above zero"):
        Packages().needs("A", Supply("GEL", Decimal(quantity)))


def test_a_trace_number_is_short_and_one_visit_s_own() -> None:
    assert trace("ELG", "LAKESIDE-V1") == "ELG-LAKESIDE-V1"
    long = "A-VERY-LONG-NAME-OF-AN-ASSIGNING-AUTHORITY-"
    first, second = trace("ELG", f"{long}1"), trace("ELG", f"{long}2")
    assert first != second
    assert max(len(first), len(second)) <= 50


def test_the_same_number_of_two_houses_is_two() -> None:
    numbers = {plain(Identifier(value="V1", assigner=house)) for house in ("LAKESIDE", "HARBOR", None)}
    assert numbers == {"LAKESIDE-V1", "HARBOR-V1", "V1"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-09T10:30:00-08:00", datetime(2026, 3, 9, 18, 30, tzinfo=UTC)),
        ("2026-03-09T10:30:00Z", datetime(2026, 3, 9, 10, 30, tzinfo=UTC)),
        ("2026-03-09", None),
        (None, None),
    ],
)
def test_a_moment_is_more_than_a_day(text: str | None, found: datetime | None) -> None:
    assert moment(text) == found


@pytest.mark.parametrize(
    ("lot", "number"),
    [
        (None, ""),
        (Lot(number="L-1", udi_carrier="(10)L-2"), "L-1"),
        (Lot(udi_carrier="(01)00312345678906(17)270500(10)L-2"), "L-2"),
        (Lot(udi_carrier="010031234567890621S-9"), "S-9"),
        (Lot(udi_carrier="a label that nobody can read"), ""),
    ],
)
def test_the_lot_is_read_from_the_label_where_nobody_wrote_it(lot: Lot | None, number: str) -> None:
    assert lot_of(lot) == number
