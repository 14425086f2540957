"""Which messages are in a bank's file, and that each holds its own statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.core.errors import FormatError, MappingError
from careloom.mapping import Settings
from careloom.mapping.bank import translate
from careloom.mapping.reading import Unit, Unread, reader
from careloom.mapping.reading.bank_cutting import WITHIN

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "samples" / "bank").iterdir())
Sample = Callable[[str], bytes]
Read = Callable[[bytes], list[Unit | Unread]]

TWO_PAGES = (
    b":20:A\n:25:10010010/930711860\n:28C:7/1\n:60F:C260302EUR10,00\n:61:2603020302C5,50NTRFX1//B1\n:62M:C260302EUR15,50\n-\n"
    b":20:A\n:25:10010010/930711860\n:28C:7/2\n:60M:C260302EUR15,50\n:61:2603020302D1,25NTRFX2//B2\n:62F:C260302EUR14,25\n-\n"
)
TWO_ACCOUNTS = (
    b"01,EXAMPLEBK,HOSPITAL,260303,0600,1,,,2/\n"
    b"02,HOSPITAL,EXAMPLEBK,1,260302,,USD,2/\n"
    b"03,0123456789,USD,015,1000,,/\n16,165,1000,0,R1,INV-1,One/\n49,2000,3/\n"
    b"98,2000,1,5/\n"
    b"02,HOSPITAL,EXAMPLEBK,1,260302,,USD,2/\n"
    b"03,9876543210,USD,015,250,,/\n16,165,250,0,R2,INV-2,Two/\n49,500,3/\n"
    b"03,5555555555,USD,015,7,,/\n16,165,7,0,R3,INV-3,Three/\n49,14,3/\n"
    b"98,514,2,8/\n"
    b"99,2514,2,15/\n"
)
UNITS = reader("bank")


def values(units: list[Unit | Unread]) -> list[list[str]]:
    """The amounts of each message, read from its own bytes."""
    assert all(isinstance(one, Unit) for one in units)
    return [[str(entry.amount) for entry in UNITS.parse(one.body, Settings()).entries] for one in units]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda path: path.name)
def test_a_file_with_one_statement_is_its_own_message(file: Path, read: Read) -> None:
    data = file.read_bytes()
    (unit,) = read(data)
    assert isinstance(unit, Unit)
    assert unit.body == data
    assert unit.subject.startswith("BankAccount/-/")
    account = unit.subject.rpartition("/")[2]
    assert account not in unit.key


def test_the_pages_of_mt940_are_cut_apart(read: Read) -> None:
    units = read(TWO_PAGES)
    assert values(units) == [["5.50"], ["-1.25"]]
    assert b"".join(one.body for one in units) == TWO_PAGES
    assert len({one.key for one in units if isinstance(one, Unit)}) == 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_accounts_of_bai2_keep_the_lines_of_their_group(end: bytes, read: Read) -> None:
    units = read(TWO_ACCOUNTS.replace(b"\n", end))
    assert values(units) == [["10.00"], ["2.50"], ["0.07"]]
    assert all(one.body.startswith(b"01,") for one in units)
    assert not any(b"0123456789" in one.body for one in units[1:])


def test_statements_of_camt_are_cut_apart(sample: Callable[[str], bytes], read: Read) -> None:
    data = sample("statement_camt053_v02.xml")
    begin, end = data.index(b"<Stmt>"), data.index(b"</Stmt>") + 7
    second = data[begin:end].replace(b"STMT-0042", b"STMT-0043")
    units = read(data[:end] + second + data[end:])
    assert values(units) == [["150.00", "50.00", "-30.50"]] * 2
    assert [b"STMT-0042" in one.body for one in units] == [True, False]
    assert not any(one.body.startswith(WITHIN) for one in units)


def test_statements_of_ofx_are_cut_apart(sample: Callable[[str], bytes], read: Read) -> None:
    data = sample("statement_ofx1.ofx")
    begin, end = data.index(b"<STMTTRNRS>"), data.index(b"</STMTTRNRS>") + 12
    second = data[begin:end].replace(b"000123456", b"000999999").replace(b"150.00", b"7.77")
    units = read(data[:end] + second + data[end:])
    assert values(units) == [["150.00", "-30.50"], ["7.77", "-30.50"]]
    assert b"000123456" not in units[1].body
    assert not any(one.body.startswith(WITHIN) for one in units)


def test_what_cannot_be_cut_out_keeps_the_whole_file(sample: Callable[[str], bytes], read: Read) -> None:
    data = sample("statement_camt053_v02.xml")
    begin, end = data.index(b"<Stmt>"), data.index(b"</Stmt>") + 7
    second = data[begin:end].replace(b"STMT-0042", b"STMT-0043<!-- </Stmt> -->")
    units = read(data[:end] + second + data[end:])
    assert values(units) == [["150.00", "50.00", "-30.50"]] * 2
    assert units[0].body.startswith(WITHIN + b"0\n")  # a comment ends the second one early, and so spoils the first


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"not a statement", "file"),
        (TWO_ACCOUNTS[: TWO_ACCOUNTS.index(b"98,514")], "line 13"),
        (TWO_ACCOUNTS.replace(b"99,2514", b"99,2515"), "line 15, record 99, field 2"),
    ],
)
def test_a_file_that_is_not_whole_is_not_read_at_all(data: bytes, place: str, read: Read) -> None:
    (unread,) = read(data)
    assert isinstance(unread, Unread)
    assert unread.error.location == place
    assert unread.body == data


def test_a_statement_without_an_account_keeps_the_others_apart(read: Read) -> None:
    data = TWO_PAGES.replace(b":25:10010010/930711860\n", b"", 1)
    first, second = read(data)
    assert isinstance(first, Unread)
    assert first.error.location == "line 1"
    assert isinstance(second, Unit)


def test_the_same_number_of_another_year_is_another_message(read: Read) -> None:
    (first, *_), (second, *_) = read(TWO_PAGES), read(TWO_PAGES.replace(b"260302", b"270302"))
    assert isinstance(first, Unit)
    assert isinstance(second, Unit)
    assert first.key != second.key


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_files_are_refused_with_a_place(file: Path, data: st.DataObject) -> None:
    body = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
    for one in UNITS.units(bytes(body), Settings()):
        if isinstance(one, Unread):
            assert one.error.location
            continue
        try:
            found = translate(UNITS.parse(one.body, Settings()))
        except (FormatError, MappingError):
            continue
        assert found.events or found.filtered
