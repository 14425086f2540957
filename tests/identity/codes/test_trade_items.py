"""What bar codes say: GTIN, GS1 element strings as printed and as scanned, HIBC, and the package they are on."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.identity.codes.checkdigit import gs1
from careloom.identity.codes.gs1 import FNC1, elements
from careloom.identity.codes.gs1_dates import day_of
from careloom.identity.codes.gtin import as_14, forms, gtin
from careloom.identity.codes.hibc import check_character, hibc
from careloom.identity.codes.ndc import eleven, ndc
from careloom.identity.codes.udi import Trace, trace, udi

ITEM = "00312345678906"
LOTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh0123456789-/.", min_size=1, max_size=20)
DAYS = st.dates(date(1980, 1, 1), date(2070, 12, 31))


@pytest.mark.parametrize("digits", ["9638507", "01234567890", "590123412345", "1590123412345"])
def test_a_gtin_of_each_length(digits: str) -> None:
    good = digits + str(gs1(digits))
    assert gtin(f" {good} ") == good
    assert as_14(good) == good.zfill(14)
    assert good in forms(as_14(good))
    with pytest.raises(FormatError, match=f"GTIN digit {len(good)}: the check digit is"):
        gtin(digits + str((gs1(digits) + 1) % 10))


def test_a_scanner_s_digits_and_the_catalogue_s_are_one_number() -> None:
    short = "012345678905"
    assert forms(short) == ("012345678905", "0012345678905", "00012345678905")
    assert forms("00012345678905") == forms("0012345678905") == forms(short)
    assert forms("no number") == ("no number",)


def test_a_printed_label() -> None:
    found = udi(f"(01){ITEM}(17)270500(10)A-77(21)S/9(30)12(240)PART 1".replace(" ", "_"))
    assert found == Trace(
        agency="GS1", device=ITEM, gtin=ITEM, lot="A-77", serial="S/9", expiry=date(2027, 5, 31), count=12,
        part="PART_1",
    )  # fmt: skip


def test_a_parenthesis_in_a_lot_is_a_part_of_it() -> None:
    assert trace(f"(01){ITEM}(10)A(x)9").lot == "A(x)9"


@given(LOTS, LOTS, DAYS)
def test_as_printed_and_as_scanned_say_the_same(lot: str, serial: str, day: date) -> None:
    until = f"{day:%y%m%d}"
    printed = trace(f"(01){ITEM}(10){lot}(17){until}(21){serial}")
    for scanned in (
        f"01{ITEM}10{lot}{FNC1}17{until}21{serial}",
        f"]d2{FNC1}01{ITEM}17{until}10{lot}{FNC1}21{serial}",
        f"{FNC1}01{ITEM}17{until}{FNC1}21{serial}{FNC1}10{lot}{FNC1}",
    ):
        assert trace(scanned) == printed
    assert (printed.lot, printed.serial) == (lot, serial)
    assert printed.expiry is not None
    assert (printed.expiry.month, printed.expiry.day) == (day.month, day.day)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"(01){ITEM[:-1]}7", "AI 01 GTIN digit 14: the check digit is 7 where 6 belongs"),
        ("(01)123", "AI 01: 3 characters instead of 14"),
        (f"(01){ITEM}(17)271301", "AI 17 characters 3 and 4: there is no month 13"),
        (f"(01){ITEM}(17)270230", "AI 17 characters 5 and 6: month 02 has no day 30"),
        (f"01{ITEM}10{'X' * 21}", "AI 10: 21 characters instead of 1 to 20; is the FNC1 behind it missing"),
        (f"01{ITEM}10A B", "AI 10: character 2 may not stand here"),
        (f"01{ITEM}XX", "character 17: here begins no application identifier"),
        ("(10)A(10)B", "AI 10: it is there twice with two values"),
        ("", "element string: it is empty"),
        ("0" * 501, "element string: 501 characters, more than 500"),
        ("(99999)1", "character 1: it begins with no application identifier"),
    ],
)
def test_what_is_wrong_with_a_label_is_said_of_its_element(text: str, complaint: str) -> None:
    with pytest.raises(FormatError) as refused:
        elements(text)
    assert complaint in str(refused.value)


def test_a_label_of_the_lot_alone_names_no_device() -> None:
    assert trace("(10)A-77").lot == "A-77"
    with pytest.raises(FormatError, match="names no device"):
        udi("(10)A-77")


@pytest.mark.parametrize(
    ("text", "day"),
    [("000229", date(2000, 2, 29)), ("760101", date(2076, 1, 1)), ("770101", date(1977, 1, 1)),
     ("240200", date(2024, 2, 29))],
)  # fmt: skip
def test_two_digits_of_a_year_are_read_around_a_constant(text: str, day: date) -> None:
    assert day_of(text, "AI 17") == day


def closed(text: str) -> str:
    return text + check_character(text)


def test_the_check_character_of_hibc() -> None:
    assert hibc("+A123BJC5D6E71G").device == "A123BJC5D6E71"
    with pytest.raises(FormatError, match="HIBC character 15: the check character is not G"):
        hibc("+A123BJC5D6E71H")


def test_a_check_character_may_be_a_blank() -> None:
    product = next(text for number in range(100) if check_character(text := f"+A999Z{number}5") == " ")
    assert hibc(f"{product} ").device == product[1:]
    assert trace(f"*{product} *\n").device == product[1:]


@pytest.mark.parametrize(
    ("second", "facts"),
    [
        ("$LOT7", {"lot": "LOT7"}),
        ("$+SN1", {"serial": "SN1"}),
        ("$$0527LOT7", {"expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$$2053127LOT7", {"expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$$3270531LOT7", {"expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$$42705311200", {"expiry": date(2027, 5, 31), "lot": "00"}),
        ("$$527151LOT7", {"expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$$62715112LOT7", {"expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$$7LOT7", {"lot": "LOT7"}),
        ("$$8053270531LOT7", {"quantity": 5, "expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$$+3270531SN1", {"expiry": date(2027, 5, 31), "serial": "SN1"}),
        ("27151LOT7", {"expiry": date(2027, 5, 31), "lot": "LOT7"}),
        ("$LOT7/SSN1/14D20270531/16D20250102",
         {"lot": "LOT7", "serial": "SN1", "expiry": date(2027, 5, 31), "made": date(2025, 1, 2)}),
    ],
)  # fmt: skip
def test_a_second_part_of_hibc(second: str, facts: dict[str, object]) -> None:
    found = hibc(closed(f"+A9991234A5/{second}"))
    given = {name: getattr(found, name) for name in ("lot", "serial", "expiry", "made", "quantity")}
    assert {name: value for name, value in given.items() if value} == facts


@pytest.mark.parametrize(
    ("label", "complaint"),
    [
        ("+A999", "HIBC primary"),
        ("+A99912345/QX", "HIBC secondary: it begins with none of"),
        ("+A99912345/$$3271301X", "HIBC expiry characters 3 and 4: there is no month 13"),
        ("+A99912345/$$9ABC", "HIBC quantity: it is not 5 digits"),
        ("+A99912345/$$527400X", "HIBC expiry: the year has no such day"),
        ("+A99912345/$" + "L" * 19, "HIBC lot: 19 characters"),
        ("+A99912345/$X/14D20270231", "HIBC expiry: there is no such day"),
    ],
)
def test_what_is_wrong_with_hibc_is_said_of_its_part(label: str, complaint: str) -> None:
    with pytest.raises(FormatError) as refused:
        trace(closed(label))
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("text", "plain", "tens"),
    [
        ("0069-3150-83", "00069315083", ("0069-3150-83",)),
        ("50242-040-62", "50242004062", ("50242-040-62",)),
        ("60575-4112-1", "60575411201", ("60575-4112-1",)),
        ("60575-4112-01", "60575411201", ("60575-4112-1",)),
        ("00069-0150-01", "00069015001", ("0069-0150-01", "00069-150-01", "00069-0150-1")),
    ],
)
def test_a_drug_code_becomes_eleven_digits_and_back(text: str, plain: str, tens: tuple[str, ...]) -> None:
    assert eleven(text) == plain
    assert ndc(text).ten == tens
    assert ndc(plain).ten == tens if text not in tens or len(tens) == 1 else True


@given(st.sampled_from([(4, 4, 2), (5, 3, 2), (5, 4, 1)]), st.integers(0, 10**10 - 1))
def test_ten_digits_with_hyphens_come_back(shape: tuple[int, int, int], number: int) -> None:
    digits = f"{number:010d}"
    a, b = shape[0], shape[0] + shape[1]
    written = f"{digits[:a]}-{digits[a:b]}-{digits[b:]}"
    assert written in ndc(ndc(written).eleven).ten


def test_ten_digits_without_hyphens_may_be_three_codes() -> None:
    assert ndc("0069315083").eleven == ""
    with pytest.raises(FormatError, match="may be three codes"):
        eleven("0069315083")
