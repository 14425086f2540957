"""Work for people in Odoo (`mail.activity`): asked once, on the record that it is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from careloom.core.errors import MappingError
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.steps import load_rows, once

MODEL: Final = "mail.activity"
_MODELS: Final[Mapping[str, str]] = {
    "res.partner": "base.model_res_partner",
    "account.move": "account.model_account_move",
    "account.payment": "account.model_account_payment",
    "purchase.order": "purchase.model_purchase_order",
    "sale.order": "sale.model_sale_order",
    "stock.picking": "stock.model_stock_picking",
    "product.product": "product.model_product_product",
    "product.template": "product.model_product_template",
}
"""External ids of the models: an API user has no right to look them up."""

FIELDS: Final[Mapping[str, str]] = {
    "model": "mail.activity.res_model",
    "record": "mail.activity.res_id",
    "summary": "mail.activity.summary",
    "note": "mail.activity.note",
    "due": "mail.activity.date_deadline",
    "user": "mail.activity.user_id",
    "sort": "mail.activity.activity_type_id",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """What `user` is to do about a record by a day. `sort` is the external id of an activity type."""

    key: str
    model: str
    record: int
    summary: str
    due: date
    user: int
    note: str = ""
    sort: str = "mail.mail_activity_data_todo"


@dataclass(frozen=True, slots=True)
class HeldActivity:
    """`record_id` is None where Odoo 18 deleted it when it was done; 19 keeps it in the archive."""

    record_id: int | None
    done: bool
    created: bool


class Activities:
    """Asks people in Odoo, and says when it is done."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def assign(self, activity: Activity) -> HeldActivity:
        """Have it on the record. One that was done stays done. Raises MappingError for a model that has none."""
        held = await self.held(activity)
        if held is not None:
            return held
        loaded = await load_rows(self._access, MODEL, {activity.key: _values(activity)}, None)
        return HeldActivity(loaded[activity.key], done=False, created=True)

    async def done(self, activity: Activity, feedback: str = "") -> HeldActivity:
        """Mark it done, with words for the record's history; nothing happens when it is."""

        async def is_done() -> bool:
            held = await self.held(activity)
            return held is None or held.done

        async def act() -> None:
            record = await self._access.record(activity.key, MODEL)
            if record is not None:
                await self._access.call(MODEL, "action_feedback", {"feedback": feedback or False}, ids=[record])

        await once(self._access, is_done, act)
        return await self.held(activity) or HeldActivity(None, done=True, created=False)

    async def held(self, activity: Activity) -> HeldActivity | None:
        """What became of it; None when it was never asked, or somebody cancelled it."""
        record = await self._access.record(activity.key, MODEL)
        if record is not None:
            for row in await self._access.records.read(MODEL, [record], ["active"]):
                return HeldActivity(record, done=not row["active"], created=False)
        # Odoo 18 deletes what is done; what stays is its note in the record's history, with our mark.
        if await self._access.records.noted(activity.model, activity.record, _mark(activity)):
            return HeldActivity(None, done=True, created=False)
        return None


def _values(activity: Activity) -> dict[str, Value]:
    if activity.model not in _MODELS:
        raise MappingError(f"{activity.model} takes no activities; there are {', '.join(sorted(_MODELS))}", "model")
    return {
        "res_model_id/id": _MODELS[activity.model],
        "res_id": activity.record,
        "activity_type_id/id": activity.sort,
        "summary": activity.summary,
        "note": f"{activity.note} {_mark(activity)}".strip(),
        "date_deadline": activity.due,
        "user_id/.id": activity.user,
    }


def _mark(activity: Activity) -> str:
    """What finds the note again, and tells nobody the key."""
    return f"[Careloom {hashlib.sha256(activity.key.encode()).hexdigest()[:16]}]"
