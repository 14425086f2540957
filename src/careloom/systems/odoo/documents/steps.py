"""Steps that are not repeatable by themselves: look, act where nobody did yet, look again when the answer is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from careloom.core.errors import AmbiguousError, Rejected
from careloom.systems.odoo.batch import Batch
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.readback import Row
from careloom.systems.odoo.schema import to_cells

_LOST_ANSWERS: Final = 3


async def once(
    access: Access, done: Callable[[], Awaitable[bool]], act: Callable[[], Awaitable[Any]], *, looked: bool = False
) -> bool:
    """Act unless it is done; True when this call did it. What refuses because another was faster is no error.

    `looked`: the caller has just seen that it is not done.

    Raises AmbiguousError when answers stay lost, and what `act` raises while it is not done.
    """
    for attempt in range(1, _LOST_ANSWERS + 1):
        if not (looked and attempt == 1) and await done():
            return attempt > 1
        try:
            await act()
        except Rejected:
            if await done():
                return False
            raise
        except AmbiguousError:
            if attempt == _LOST_ANSWERS:
                raise
            await access.connection.pause(attempt)
        else:
            return True
    raise AssertionError("unreachable: the last attempt returns or raises")


async def load_rows(
    access: Access, model: str, rows: Mapping[str, Mapping[str, Value]], company: int | None
) -> dict[str, int]:
    """Create or update these records in one call, by external id; all have the same columns. Gives their ids.

    Raises what happened to the first that is refused; the others stand then.
    """
    if not rows:
        return {}
    infos = await access.schema.fields(model)
    columns = sorted(next(iter(rows.values())))
    cells = {key: to_cells(infos, model, values) for key, values in rows.items()}
    table = [Row(key, tuple(row[column] for column in columns)) for key, row in cells.items()]
    context = {} if company is None else {"allowed_company_ids": [company]}
    results = await Batch(access.connection, access.readback, model, columns, context).run(table)
    loaded = {}
    for key, result in zip(rows, results, strict=True):
        if not isinstance(result, int):
            raise result
        loaded[key] = result
    return loaded


async def state_of(access: Access, model: str, record_id: int, company: int | None = None) -> str:
    """The state of one document; empty when it is gone."""
    rows = await access.call(model, "read", {"fields": ["state"]}, ids=[record_id], company=company, repeatable=True)
    return str(rows[0]["state"]) if rows else ""


async def record_of(access: Access, model: str, key: str, noun: str) -> int:
    """The id of the document with this key, which messages call `noun`. Raises Rejected when there is none."""
    record = await access.record(key, model)
    if record is None:
        raise Rejected(f"{model}: there is no {noun} with this key", "key")
    return record


async def read_one(
    access: Access, model: str, record: int, fields: Sequence[str], company: int | None
) -> Mapping[str, Any]:
    """The fields of one document. Raises Rejected when it is gone."""
    rows = await access.call(model, "read", {"fields": list(fields)}, ids=[record], company=company, repeatable=True)
    if not rows:
        raise Rejected(f"{model}/{record} is gone", "key")
    return dict(rows[0])
