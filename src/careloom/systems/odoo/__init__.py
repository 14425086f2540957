"""Odoo 18 and 19 over the stock external API: repeatable upserts, typed errors, no addon needed."""

from careloom.systems.ledger import Entry, Ledger, MemoryLedger
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.check import Finding
from careloom.systems.odoo.connector import Odoo, Settings
from careloom.systems.odoo.external_ids import external_id
from careloom.systems.odoo.load import Upserted
from careloom.systems.odoo.merge import Merged
from careloom.systems.odoo.partner import Issue, PartnerRow, PartnerValues

__all__ = [
    "Entry",
    "Finding",
    "Issue",
    "Ledger",
    "MemoryLedger",
    "Merged",
    "Odoo",
    "PartnerRow",
    "PartnerValues",
    "Settings",
    "Upserted",
    "Value",
    "external_id",
]
