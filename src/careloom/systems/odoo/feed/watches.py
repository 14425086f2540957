"""What is watched of Odoo: for each model the fields whose change counts, what is read then, and what else moves it.

One declaration serves both feeds: it is handed to the addon as data, and polling works by it. Fields of 18.0 and 19.0
stand side by side; `fitted` leaves out those that an Odoo does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from careloom.systems.odoo.feed.specifications import (
    INVOICE,
    ORDERPOINT,
    PARTNER,
    PAYMENT,
    PRODUCT,
    PURCHASE_ORDER,
    RECEIPT,
    SALE_ORDER,
    STOCK_MOVE_LINE,
    SUPPLIER_PRICE,
    Specification,
)

Domain: TypeAlias = Sequence[Any]


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """Records of `model` whose change moves watched ones; `path` leads from them to those.

    `bumps` says that the `write_date` of the watched record follows too, so that polling need not look here.
    """

    model: str
    path: str
    bumps: bool = True


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """One watched model. `state` are the fields whose change counts, `specification` is what `web_read` then reads.

    `deletes` says that it matters when a record is gone.
    """

    model: str
    state: tuple[str, ...]
    specification: Specification
    domain: Domain = ()
    triggers: tuple[Trigger, ...] = ()
    deletes: bool = True

    def declared(self) -> dict[str, Any]:
        """As the addon takes it."""
        return {
            "model": self.model,
            "domain": list(self.domain),
            "state": list(self.state),
            "specification": self.specification,
            "triggers": [{"model": one.model, "path": one.path} for one in self.triggers],
        }


WATCHES: Final = (
    Watch(
        model="res.partner",
        state=(
            "name", "ref", "vat", "active", "is_company", "type", "parent_id", "street", "street2", "city", "zip",
            "state_id", "country_id", "phone", "mobile", "email", "website", "lang",
        ),
        specification=PARTNER,
    ),
    Watch(
        model="product.product",
        state=("name", "default_code", "barcode", "active", "type", "uom_id", "categ_id", "tracking"),
        specification=PRODUCT,
        triggers=(Trigger(model="product.template", path="product_variant_ids"),),
    ),
    Watch(
        model="product.supplierinfo",
        state=(
            "partner_id", "product_tmpl_id", "product_id", "product_code", "price", "currency_id", "min_qty", "delay",
            "date_start", "date_end",
        ),
        specification=SUPPLIER_PRICE,
        deletes=False,
    ),
    Watch(
        model="account.move",
        domain=(["move_type", "!=", "entry"],),
        state=("name", "move_type", "state", "payment_state", "amount_total", "amount_residual"),
        specification=INVOICE,
        triggers=(
            Trigger(model="account.partial.reconcile", path="debit_move_id.move_id"),
            Trigger(model="account.partial.reconcile", path="credit_move_id.move_id"),
            Trigger(model="account.move.line", path="move_id"),
        ),
    ),
    Watch(
        model="account.payment",
        state=("name", "state", "amount"),
        specification=PAYMENT,
        triggers=(Trigger(model="account.move", path="origin_payment_id"),),
    ),
    Watch(
        model="purchase.order",
        state=("name", "state", "amount_total"),
        specification=PURCHASE_ORDER,
        triggers=(Trigger(model="purchase.order.line", path="order_id"),),
    ),
    Watch(
        model="stock.picking",
        state=("name", "state"),
        specification=RECEIPT,
        triggers=(Trigger(model="stock.move", path="picking_id"),),
    ),
    Watch(
        model="stock.move.line",
        state=("state", "quantity"),
        specification=STOCK_MOVE_LINE,
        triggers=(Trigger(model="stock.move", path="move_line_ids"),),
        deletes=False,
    ),
    Watch(
        model="stock.warehouse.orderpoint",
        state=("active", "qty_on_hand", "product_min_qty"),
        specification=ORDERPOINT,
        triggers=(Trigger(model="stock.quant", path="product_id.orderpoint_ids", bumps=False),),
        deletes=False,
    ),
    Watch(
        model="sale.order",
        state=("name", "state", "amount_total"),
        specification=SALE_ORDER,
        triggers=(Trigger(model="sale.order.line", path="order_id"),),
    ),
)  # fmt: skip
"""Every model that Careloom knows how to follow; the settings choose among them."""

MODELS: Final = tuple(watch.model for watch in WATCHES)

Fields: TypeAlias = Mapping[str, Mapping[str, str]]
"""Of each model its fields, and the model that each leads to (empty for plain ones)."""


def fitted(watch: Watch, fields: Fields) -> Watch | None:
    """The watch with what this Odoo has; None where it does not have the model, or the user may not see it."""
    if watch.model not in fields:
        return None
    known = fields[watch.model]
    return Watch(
        model=watch.model,
        domain=watch.domain,
        state=tuple(field for field in watch.state if field in known),
        specification=_fitted(watch.specification, watch.model, fields),
        triggers=tuple(one for one in watch.triggers if _leads(one, watch.model, fields)),
        deletes=watch.deletes,
    )


def _fitted(specification: Specification, model: str, fields: Fields) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, below in specification.items():
        target = fields[model].get(name)
        if target is None or (below and target not in fields):
            continue
        made[name] = {"fields": _fitted(below["fields"], target, fields)} if below else {}
    return made


def _leads(trigger: Trigger, to: str, fields: Fields) -> bool:
    """Whether the path of a trigger can be walked, and ends where it must."""
    model = trigger.model
    for hop in trigger.path.split("."):
        model = fields.get(model, {}).get(hop, "")
    return model == to


def models_of(watch: Watch) -> set[str]:
    """The models whose fields must be known to fit a watch, but for those below its relations."""
    return {watch.model, *(one.model for one in watch.triggers)}
