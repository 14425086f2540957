"""Elements, components and repetitions of one segment."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from careloom.formats.x12 import Delimiters, Segment
from careloom.formats.x12.values import (
    date_of,
    decimal_of,
    fits_format,
    format_decimal,
    format_moment,
    implied_decimal,
    is_npi,
    period_of,
    time_of,
)


def segment(text: str) -> Segment:
    return Segment(text.encode(), Delimiters())


@pytest.mark.parametrize(
    ("reference", "value"),
    [("CLM05-1", "11"), ("05-2", "B"), ("CLM05", "11:B:1"), ("CLM02", "150.5"), ("CLM09", ""), ("REF01", ""), (5,
     "11:B:1"),
     (99, ""), ("CLM05-9", ""), ("CLM07[2]", "C"), ("CLM07[2]-1", "C"), ("CLM07[3]", "")],
)  # fmt: skip
def test_values_by_reference(reference: int | str, value: str) -> None:
    assert segment("\n CLM*C1*150.5***11:B:1*Y*A^C")[reference] == value


def test_lists_of_components_and_repetitions() -> None:
    found = segment("EB*B**98^UC***27**a:b^c")
    assert found.repetitions(3) == ("98", "UC")
    assert found.components(8, 2) == ("c",) and found.components(8) == ("a", "b")
    assert found.components(9) == () and found.repetitions(9) == ()
    assert len(found) == 8 and found.get("EB09", "none") == "none"


def test_one_byte_for_both_separators_reads_either_way() -> None:
    found = Segment(b"EB*B**98^UC", Delimiters(component=b"^", repetition=b"^"))
    assert found.repetitions(3) == ("98", "UC") == found.components(3)


def test_bytes_that_are_no_utf8_are_kept() -> None:
    found = Segment(b"NM1*IL*1*M\xfcLLER", Delimiters())
    assert found[3] == "M\u00fcLLER" and found.raw.endswith(b"\xfcLLER")


@pytest.mark.parametrize("reference", ["CLM", "CLM5", "CLM05-0", "05[0]", "CLM05.1", "clm05", "", "CLM05-1-1"])
def test_what_names_no_element_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="names no element"):
        segment("CLM*1")[reference]


def test_a_printed_segment_tells_no_value() -> None:
    assert "VALE" not in repr(segment("NM1*IL*1*VALE"))


def test_npis_have_a_check_digit() -> None:
    assert is_npi("1999999992") and is_npi("1234567893")
    assert not any(
        map(is_npi, ("1999999993", "9999999999", "199999999", "19999999920", "3999999998", "", "١٩٩٩٩٩٩٩٩٢"))
    )


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1), ("-12.50", Decimal("-12.5")), (".5", Decimal("0.5")), ("5.", 5), ("1e3", None),
     ("", None),
                        ("-", None), (".", None), ("1,5", None), ("9" * 41, None), ("+1", None)],
)  # fmt: skip
def test_real_numbers(text: str, value: object) -> None:
    assert decimal_of(text) == value


def test_implied_decimals() -> None:
    assert implied_decimal("12500", 2) == Decimal("125.00") and implied_decimal("1.5", 2) is None


@pytest.mark.parametrize(
    ("text", "value"), [("20260228", date(2026, 2, 28)), ("20240229", date(2024, 2, 29)), ("20260229", None),
     ("2026022", None),
                        ("990101", date(1999, 1, 1)), ("260101", date(2026, 1, 1)), ("2026O228", None), ("00000101",
                         None)],
)  # fmt: skip
def test_days(text: str, value: date | None) -> None:
    assert date_of(text) == value


def test_times() -> None:
    assert time_of("1015") == time(10, 15) and time_of("10153050") == time(10, 15, 30, 500_000)
    assert time_of("101530") == time(10, 15, 30) and time_of("2400") is None and time_of("101") is None


def test_periods_and_formats() -> None:
    assert period_of("RD8", "20260301-20260302") == (date(2026, 3, 1), date(2026, 3, 2))
    assert period_of("DT", "202603011015") == (date(2026, 3, 1), date(2026, 3, 1))
    assert period_of("D8", "20260301-20260302") is None and period_of("ZZ", "20260301") is None
    assert fits_format("TM", "1015") and not fits_format("TM", "2515") and fits_format("UN", "anything")
    assert not fits_format("DT", "202603012515")


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("12.50"), "12.5"), (Decimal("1E+3"), "1000"), (0, "0"), (Decimal("-0.00"), "0"), (7, "7")],
)
def test_numbers_are_written_without_exponent_or_idle_zeros(value: Decimal | int, text: str) -> None:
    assert format_decimal(value) == text


def test_moments_are_written_plainly() -> None:
    assert format_moment(date(2026, 3, 1)) == "20260301" and format_moment(time(9, 5)) == "0905"
    assert format_moment(time(9, 5, 7)) == "090507"
