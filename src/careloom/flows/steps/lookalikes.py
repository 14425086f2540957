"""Whether a service looks like one that was billed before: the same patient, service and day under another number."""

from __future__ import annotations

from careloom.flows.steps.pricing import Performed
from careloom.flows.steps.revisions import standing_in
from careloom.systems.odoo.connector import Odoo


async def billed_alike(patient: str, service: str, done: tuple[Performed, ...], company: int, erp: Odoo) -> list[str]:
    """The numbers of the charges that stand and look the same; none for most."""
    domain = [["invoice_origin", "like", f"{patient} "], ["ref", "!=", service], ["move_type", "=", "out_invoice"],
              ["state", "=", "posted"], ["company_id", "=", company]]  # fmt: skip
    wanted = {(one.code, one.begun.isoformat()) for one in done}
    return [
        line.charge
        for invoice in await standing_in(domain, erp)
        if invoice.patient == patient
        for line in invoice.lines
        if line.alike in wanted
    ]
