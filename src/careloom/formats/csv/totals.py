"""Totals that a file states of itself, beside those its records make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Final

from careloom.formats.csv.layout import Layout, Total
from careloom.formats.csv.row import Row, RowError, Totalled, Totals, Value

# Sums must not be rounded to the 28 digits of the default context.
_EXACT: Final = Context(prec=100)


class Tally:
    """Counts and sums while records go by. Those with a wrong cell count too, as they do for the sender's trailer: what
    is wrong with them is told once, at the cell."""

    def __init__(self, layout: Layout) -> None:
        self.rows: Counter[str] = Counter()
        self.errors = 0
        self._layout = layout
        self._roles = {kind.name: kind.role for kind in layout.record_types}
        self._summed = tuple((index, total) for index, total in enumerate(layout.totals) if total.kind == "sum")
        self._sums = [Decimal(0)] * len(layout.totals)
        self._stated: dict[str, Row] = {}

    def add(self, record: str, values: Mapping[str, Value]) -> None:
        """One record that was read."""
        self.rows[record] += 1
        for index, total in self._summed:
            value = values.get(total.column)
            if isinstance(value, int | Decimal) and self._counts(total, record):
                self._sums[index] = _EXACT.add(self._sums[index], value)

    def state(self, row: Row) -> None:
        """A header or trailer, which may state totals. The first of its kind counts."""
        self._stated.setdefault(row.record, row)

    def made(self, total: Total) -> Decimal:
        """What the records made of one total."""
        if total.kind == "sum":
            made = self._sums[self._layout.totals.index(total)]
        else:
            made = Decimal(sum(count for record, count in self.rows.items() if self._counts(total, record)))
        return made if total.modulo is None else made % total.modulo

    def _counts(self, total: Total, record: str) -> bool:
        return record in total.records if total.records else self._roles.get(record) == "detail"

    def checks(self) -> Sequence[Totalled]:
        """Every declared total beside what the file states."""
        return tuple(self._check(total) for total in self._layout.totals)

    def _check(self, total: Total) -> Totalled:
        row = self._stated.get(total.record)
        value = row.values.get(total.field) if row is not None else None
        stated = Decimal(value) if isinstance(value, int | Decimal) else None
        expected = stated % total.modulo if stated is not None and total.modulo is not None else stated
        made = self.made(total)
        return Totalled(f"{total.record}.{total.field}", stated, made, expected == made)

    def differences(self) -> Iterator[RowError]:
        """An error at the stating record for each total that does not match."""
        for total, check in zip(self._layout.totals, self.checks(), strict=True):
            if check.matches:
                continue
            row = self._stated.get(total.record)
            text = "a stated total is missing" if check.stated is None else "a total differs from the records"
            at = (row.row, row.line) if row is not None else (0, 0)
            yield RowError(*at, "total-differs", f"{text}; ask the sender for a whole file", 0, check.field, stray=True)

    def finish(self) -> Totals:
        """The totals of the file."""
        return Totals(rows=dict(self.rows), errors=self.errors, checks=self.checks())
