"""Whatever a transaction does, a rollback leaves rows and indexes as they were, and the indexes tell the truth."""

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from careloom.sim.odoo.store import INDEXES, Store, Transaction

MODEL = "res.partner"
VALUES = st.sampled_from([False, "a", "b", "c"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(0, 5), VALUES, VALUES), max_size=25
)


def apply(tx: Transaction, steps: list[tuple[str, int, Any, Any]]) -> None:
    for action, place, ref, barcode in steps:
        known = list(tx.store.tables[MODEL])
        values = {"ref": ref, "barcode": barcode}
        if action == "insert" or not known:
            tx.insert(MODEL, {"email": False, "parent_id": False, **values})
        elif action == "update":
            tx.update(MODEL, known[place % len(known)], values)
        else:
            tx.delete(MODEL, known[place % len(known)])


def indexed(store: Store) -> dict[Any, list[int]]:
    """What the indexes answer for every value that any step uses."""
    return {
        (columns, value): store.find(MODEL, columns, (value,))
        for columns in INDEXES[MODEL]
        for value in ("a", "b", "c")
    }


def scanned(store: Store) -> dict[Any, list[int]]:
    rows = store.tables[MODEL].values()
    return {
        (columns, value): sorted(row["id"] for row in rows if row[columns[0]] == value)
        for columns in INDEXES[MODEL]
        for value in ("a", "b", "c")
    }


@settings(max_examples=150, deadline=None)
@given(STEPS, STEPS, STEPS)
def test_indexes_and_rollback(first: Any, second: Any, third: Any) -> None:
    store, now = Store([MODEL]), datetime(2026, 11, 20)
    tx = Transaction(store, now)
    apply(tx, first)
    tx.commit()
    before = {record: dict(row) for record, row in store.tables[MODEL].items()}
    tx = Transaction(store, now)
    apply(tx, second)
    assert indexed(store) == scanned(store)
    mark, middle = tx.mark(), {record: dict(row) for record, row in store.tables[MODEL].items()}
    apply(tx, third)
    tx.rollback(mark)
    assert store.tables[MODEL] == middle
    tx.rollback()
    assert store.tables[MODEL] == before
    assert indexed(store) == scanned(store)
