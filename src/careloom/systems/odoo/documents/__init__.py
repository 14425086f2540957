"""Documents in Odoo: each module brings one sort in, once, and says what Odoo did otherwise than asked.

    issued = await erp.documents.invoices.issue(Invoice(key=..., partner=..., lines=...))

All of it may be repeated at any time: a document is known by its key, the external id in Odoo.
"""

from __future__ import annotations

import sys
from functools import cached_property
from typing import Final, get_type_hints

from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.activities import Activities
from careloom.systems.odoo.documents.analytics import Analytics
from careloom.systems.odoo.documents.attachments import Attachments
from careloom.systems.odoo.documents.bills import Bills
from careloom.systems.odoo.documents.counts import Counts
from careloom.systems.odoo.documents.invoices import Invoices
from careloom.systems.odoo.documents.locations import Locations
from careloom.systems.odoo.documents.lots import Lots
from careloom.systems.odoo.documents.moves import Moves
from careloom.systems.odoo.documents.parties import Parties
from careloom.systems.odoo.documents.payments import Payments
from careloom.systems.odoo.documents.products import Products
from careloom.systems.odoo.documents.purchasing import Purchasing
from careloom.systems.odoo.documents.receipts import Receipts
from careloom.systems.odoo.documents.sales import Sales
from careloom.systems.odoo.documents.supplier_prices import SupplierPrices
from careloom.systems.odoo.documents.units import Units
from careloom.systems.odoo.places import Places


class Documents:
    """The modules by sort."""

    def __init__(self, access: Access) -> None:
        self.access = access

    @cached_property
    def parties(self) -> Parties:
        return Parties(self.access, Places(self.access.records))

    @cached_property
    def analytics(self) -> Analytics:
        return Analytics(self.access)

    @cached_property
    def activities(self) -> Activities:
        return Activities(self.access)

    @cached_property
    def attachments(self) -> Attachments:
        return Attachments(self.access)

    @cached_property
    def invoices(self) -> Invoices:
        return Invoices(self.access)

    @cached_property
    def bills(self) -> Bills:
        return Bills(self.access)

    @cached_property
    def payments(self) -> Payments:
        return Payments(self.access)

    @cached_property
    def units(self) -> Units:
        return Units(self.access)

    @cached_property
    def locations(self) -> Locations:
        return Locations(self.access)

    @cached_property
    def lots(self) -> Lots:
        return Lots(self.access)

    @cached_property
    def products(self) -> Products:
        return Products(self.access)

    @cached_property
    def supplier_prices(self) -> SupplierPrices:
        return SupplierPrices(self.access)

    @cached_property
    def sales(self) -> Sales:
        return Sales(self.access)

    @cached_property
    def purchasing(self) -> Purchasing:
        return Purchasing(self.access)

    @cached_property
    def receipts(self) -> Receipts:
        return Receipts(self.access, self.lots)

    @cached_property
    def moves(self) -> Moves:
        return Moves(self.access, self.lots, self.locations)

    @cached_property
    def counts(self) -> Counts:
        return Counts(self.access, self.lots, self.locations)


LOOKED_UP: Final = frozenset({"locations"})
"""Sorts that are found in Odoo and never made there."""


def models_of(sort: str) -> frozenset[str]:
    """The models that documents of this sort are made of, as its `FIELDS` name them; none for what is no sort."""
    made = getattr(Documents, sort, None)
    if not isinstance(made, cached_property):
        return frozenset()
    fields = getattr(sys.modules[get_type_hints(made.func)["return"].__module__], "FIELDS", {})
    columns = (text.partition(" ")[0] for text in fields.values())
    return frozenset(model for model, _, _ in (column.rpartition(".") for column in columns) if "." in model)
