"""A record that is gone: the one event that needs no record, by the numbers that its last state held."""

from __future__ import annotations

from typing import Literal, TypeAlias

from careloom.mapping.odoo.change import Change
from careloom.mapping.odoo.node import Node
from careloom.mapping.odoo.parts import numbered, partner_numbers, product_numbers, reference
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import Identifier, RecordDeleted

Kind: TypeAlias = Literal[
    "partner", "product", "invoice", "vendor-bill", "payment", "purchase-order", "service-order", "delivery", "other"
]


def deleted(change: Change, settings: Settings, kind: Kind) -> Translation:
    """One `record.deleted`."""
    last = Node((change.before or {}) | {"id": change.id}, "before")
    partner = partner_numbers(last) if kind == "partner" else ()
    product = product_numbers(last) if kind == "product" else ()
    identifier: tuple[Identifier, ...] = partner or product or numbered(change, last.text("name"))
    event = RecordDeleted(
        trigger=change.model,
        occurred=change.at,
        record=reference(change, settings),
        kind=kind,
        identifier=identifier,
        partner=partner,
        product=product,
    )
    return Translation(events=(event,))
