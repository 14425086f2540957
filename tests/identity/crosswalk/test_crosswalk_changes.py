"""What rows come to, before anything is written."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.identity.crosswalk.changes import Held, Preview, Row, plan
from careloom.identity.crosswalk.codes import Said

ID = UUID(int=7)


def _said(canonical: str, start: str = "", end: str = "", value: str = "V", label: str = "") -> Said:
    return Said(
        entity="payer",
        system="*",
        type="payer",
        value=value,
        canonical=canonical,
        label=label,
        valid_from=date.fromisoformat(start) if start else None,
        valid_to=date.fromisoformat(end) if end else None,
    )


def _lines(preview: Preview) -> list[tuple[str, str, str, str]]:
    return [
        (one.what, one.after.canonical, str(one.after.valid_from or ""), str(one.after.valid_to or ""))
        for one in preview.changes
    ]


_TABLE: list[tuple[list[Said], list[Said], list[tuple[str, str, str, str]], list[int]]] = [
    # what the table says, the rows, the changes, the rows that are refused
    ([], [_said("A")], [("added", "A", "", "")], []),
    ([_said("A")], [_said("A")], [], []),
    ([_said("A")], [_said("B")], [("changed", "B", "", "")], []),
    ([_said("A")], [_said("A", label="Acme")], [("changed", "A", "", "")], []),
    ([_said("A")], [_said("A", end="2026-05-01")], [("ended", "A", "", "2026-05-01")], []),
    (
        [_said("A")],
        [_said("B", "2026-05-01")],
        [("added", "B", "2026-05-01", ""), ("ended", "A", "", "2026-05-01")],
        [],
    ),
    (
        [_said("A")],
        [_said("A", end="2026-04-01"), _said("B", "2026-05-01")],
        [("ended", "A", "", "2026-04-01"), ("added", "B", "2026-05-01", "")],
        [],
    ),
    ([_said("A", "2026-05-01")], [_said("B")], [], [1]),
    ([_said("A", "2026-05-01")], [_said("B", end="2026-05-01")], [("added", "B", "", "2026-05-01")], []),
    ([_said("A", end="2026-06-01")], [_said("B", "2026-05-01")], [], [1]),
    ([], [_said("A"), _said("B", "2026-05-01")], [("added", "A", "", "")], [2]),
    ([], [_said("A"), _said("B", value="W")], [("added", "A", "", ""), ("added", "B", "", "")], []),
]


@pytest.mark.parametrize(("held", "rows", "changes", "refused"), _TABLE)
def test_what_rows_come_to(
    held: list[Said], rows: list[Said], changes: list[tuple[str, str, str, str]], refused: list[int]
) -> None:
    preview = plan(
        [Row(number, said) for number, said in enumerate(rows, 1)],
        [Held(UUID(int=number), said) for number, said in enumerate(held)],
    )
    assert _lines(preview) == changes
    assert [one.row for one in preview.refused] == refused
    assert all(one.place == f"row {one.row} (from)" for one in preview.refused)


def test_the_digest_is_of_what_is_written() -> None:
    one = plan([Row(2, _said("A")), Row(3, _said("B", value="W"))], [])
    assert plan([Row(8, _said("B", value="W")), Row(9, _said("A"))], []).digest == one.digest
    assert plan([Row(2, _said("A"))], []).digest != one.digest
    assert plan([Row(2, _said("A")), Row(3, _said("C", value="W"))], []).digest != one.digest
    before = plan([Row(2, _said("B"))], [Held(ID, _said("A"))])
    assert before.digest != plan([Row(2, _said("B"))], [Held(UUID(int=8), _said("A"))]).digest


def test_counts() -> None:
    preview = plan([Row(2, _said("A")), Row(3, _said("B", "2026-01-01"))], [])
    assert preview.summary == "1 added, 1 refused"
    assert plan([], []).summary == "nothing"


_DAYS = st.sampled_from([None, *(date(2026, month, 1) for month in range(1, 7))])
_SAID = st.builds(
    lambda value, canonical, start, end: Said(
        entity="payer", system="*", type="payer", value=value, canonical=canonical, valid_from=start, valid_to=end
    ),
    st.sampled_from("VW"),
    st.sampled_from("AB"),
    _DAYS,
    _DAYS,
).filter(lambda said: said.valid_from is None or said.valid_to is None or said.valid_from < said.valid_to)


def _after(held: list[Held], preview: Preview) -> list[Said]:
    gone = {change.replaces for change in preview.changes}
    return [one.said for one in held if one.id not in gone] + [change.after for change in preview.changes]


@given(st.lists(st.lists(_SAID, max_size=4), max_size=5))
def test_however_rows_come_no_code_ever_means_two_things_on_a_day(imports: list[list[Said]]) -> None:
    table: list[Said] = []
    for rows in imports:
        held = [Held(UUID(int=number), said) for number, said in enumerate(table)]
        preview = plan([Row(number, said) for number, said in enumerate(rows)], held)
        table = _after(held, preview)
        for place, one in enumerate(table):
            assert not any(one.key == other.key and one.overlaps(other) for other in table[place + 1 :])
            assert one.valid_from is None or one.valid_to is None or one.valid_from < one.valid_to
        accepted = set(range(len(rows))) - {wrong.row for wrong in preview.refused}
        assert all(rows[number] in table for number in accepted)


@given(st.lists(_SAID, max_size=6))
def test_the_same_rows_again_change_nothing(rows: list[Said]) -> None:
    table = _after([], plan([Row(number, said) for number, said in enumerate(rows)], []))
    again = plan(
        [Row(number, said) for number, said in enumerate(table)],
        [Held(UUID(int=number), said) for number, said in enumerate(table)],
    )
    assert (again.changes, again.refused, again.unchanged) == ((), (), len(table))
