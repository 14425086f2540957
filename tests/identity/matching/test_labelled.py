"""Labelled tables, and where they are wrong."""

from __future__ import annotations

import pytest

from careloom.core.errors import FormatError
from careloom.identity.matching import labelled


def read(text: str, truth: str = "person", **maps: str) -> labelled.Labels:
    return labelled.read(text.splitlines(keepends=True), "set.csv", truth, maps)


def test_a_table_with_a_cluster() -> None:
    found = read("person,first,last\n1,Anna,Weft\n1,Ann,Weft\n2,Bob,Warp\n")
    assert [one.person for one in found.records] == ["1", "1", "2"]
    assert found.fields == {"given": ["first"], "family": ["last"]}


def test_febrl_tells_it_in_the_number_of_the_record() -> None:
    found = read("rec_id, given_name\nrec-7-org, anna\nrec-7-dup-12, ana\nrec-8-org, bob\n", "rec_id")
    assert [one.person for one in found.records] == ["rec-7", "rec-7", "rec-8"]


def test_expected_results_say_who_is_nobody() -> None:
    found = read("person,first,Expected Result\n1,Anna,match\n1,Bob,no_match\n1,Anne,possible_match\n")
    assert [(one.person, one.doubtful) for one in found.records] == [("1", False), (None, False), ("1", True)]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("first,last\nAnna,Weft\n", "set.csv, line 1: has no column person"),
        ("person,shoe\n1,41\n", "set.csv, line 1: has no column that could be compared"),
        ("person,first\n,Anna\n", "set.csv, line 2, column person: is empty"),
        ("person,first\n1,Anna,x,y\n", "set.csv, line 2: has more fields"),
        ("", "set.csv, line 1: is empty"),
    ],
)
def test_what_is_wrong_is_located_and_not_quoted(text: str, where: str) -> None:
    with pytest.raises(FormatError) as refused:
        read(text)
    assert str(refused.value).startswith(where)
    assert "Anna" not in str(refused.value)


def test_a_map_is_checked() -> None:
    with pytest.raises(FormatError, match=r"set\.csv, line 1, column shoe"):
        read("person,first\n1,Anna\n", shoe="given")
