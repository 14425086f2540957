"""Rows, indexes and transactions."""

from datetime import datetime
from typing import Any

import pytest

from careloom.sim.odoo.store import Store, Transaction

NOW = datetime(2026, 11, 20, 10, 30)


@pytest.fixture
def store() -> Store:
    return Store(["res.partner"])


def partner(**values: Any) -> dict[str, Any]:
    return {"name": "Ida Sample", "ref": False, "barcode": False, "email": False, "parent_id": False, **values}


def begun(store: Store) -> Transaction:
    return Transaction(store, NOW)


def committed(store: Store, **values: Any) -> int:
    tx = begun(store)
    record = tx.insert("res.partner", partner(**values))
    tx.commit()
    return record


def refs(store: Store, ref: str) -> list[int]:
    return store.find("res.partner", ("ref",), (ref,))


def test_an_index_finds_what_was_inserted_changed_and_deleted(store: Store) -> None:
    record = committed(store, ref="a")
    assert refs(store, "a") == [record]
    tx = begun(store)
    tx.update("res.partner", record, {"ref": "b"})
    assert (refs(store, "a"), refs(store, "b")) == ([], [record])
    tx.delete("res.partner", record)
    assert refs(store, "b") == []


def test_a_change_of_another_column_leaves_the_index_alone(store: Store) -> None:
    record = committed(store, ref="a")
    begun(store).update("res.partner", record, {"name": "Ida Changed", "ref": "a"})
    assert refs(store, "a") == [record]


def test_unset_columns_are_not_indexed(store: Store) -> None:
    committed(store)
    assert store.find("res.partner", ("ref",), (False,)) == []


def test_rollback_restores_rows_and_indexes(store: Store) -> None:
    record = committed(store, ref="a")
    tx = begun(store)
    tx.update("res.partner", record, {"ref": "b"})
    tx.insert("res.partner", partner(ref="c"))
    tx.delete("res.partner", record)
    tx.rollback()
    assert [refs(store, one) for one in "abc"] == [[record], [], []]
    assert list(store.tables["res.partner"]) == [record]


def test_rollback_to_a_mark_keeps_what_was_before_it(store: Store) -> None:
    tx = begun(store)
    tx.insert("res.partner", partner(ref="kept"))
    mark = tx.mark()
    tx.insert("res.partner", partner(ref="undone"))
    tx.rollback(mark)
    assert refs(store, "kept") and not refs(store, "undone")


def test_a_sequence_is_not_rolled_back(store: Store) -> None:
    tx = begun(store)
    first = tx.insert("res.partner", partner())
    tx.rollback()
    assert committed(store) == first + 1


def test_reserving_never_goes_back(store: Store) -> None:
    store.reserve("res.partner", 50)
    store.reserve("res.partner", 10)
    assert committed(store) == 50


def test_a_row_committed_by_another_after_my_start_conflicts(store: Store) -> None:
    record = committed(store)
    mine, other = begun(store), begun(store)
    other.update("res.partner", record, {"name": "x"})
    assert not mine.conflicts(("res.partner", record)), "not committed yet"
    other.commit()
    assert mine.conflicts(("res.partner", record))
    assert not begun(store).conflicts(("res.partner", record)), "began after that commit"


def test_a_noted_thing_conflicts_like_a_row(store: Store) -> None:
    mine, other = begun(store), begun(store)
    other.insert("res.partner", partner())
    other.writes(("external id", "hip.p1"))
    other.commit()
    assert mine.conflicts(("external id", "hip.p1"))
    assert not mine.conflicts(("external id", "hip.p2"))


def test_a_transaction_without_changes_commits_nothing(store: Store) -> None:
    assert begun(store).commit() is False
    assert store.commits == 0


def test_a_doomed_transaction_conflicts_with_everything(store: Store) -> None:
    tx = begun(store)
    tx.doomed = True
    assert tx.conflicts(("res.partner", 1))
