"""Rows of one model in the order in which they were written, page by page, without losing one to a change of another.

Pages by number would lose rows: a row that is written while they are read goes to the end, and all behind it move up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from careloom.systems.odoo.feed.watches import Domain
from careloom.systems.odoo.records import Records

Row = dict[str, Any]


async def written_since(
    records: Records, model: str, domain: Domain, fields: Sequence[str], start: str | None, size: int
) -> AsyncIterator[list[Row]]:
    """Rows with a `write_date` of `start` or later, oldest first."""
    wanted = list(dict.fromkeys(["write_date", *fields]))
    of_second: list[int] = []
    second = start
    while True:
        more = [["write_date", ">=", second]] if second else []
        known = [["id", "not in", of_second]] if of_second else []
        rows = await records.search_read(
            model, [*domain, *more, *known], wanted, limit=size, order="write_date, id", archived=True
        )
        if rows:
            yield rows
        if len(rows) < size:
            return
        # The API shows seconds: the next page begins with the second that this one ended in.
        last = str(rows[-1]["write_date"])[:19]
        ends = [row["id"] for row in rows if str(row["write_date"])[:19] == last]
        of_second = [*of_second, *ends] if last == second else ends
        second = last


async def by_id(
    records: Records, model: str, domain: Domain, fields: Sequence[str], size: int
) -> AsyncIterator[list[Row]]:
    """Every row, by id."""
    wanted = list(dict.fromkeys(["write_date", *fields]))
    last = 0
    while True:
        rows = await records.search_read(
            model, [*domain, ["id", ">", last]], wanted, limit=size, order="id", archived=True
        )
        if rows:
            yield rows
        if len(rows) < size:
            return
        last = rows[-1]["id"]
