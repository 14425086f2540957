"""Vendor onboarding: a supplier can be bought from only after two people, neither of whom asked for it, said so.

One of `purchasing` approves the vendor, then one of `treasury`, somebody else than the first, confirms that the bank
details were checked with the vendor itself. Until then Odoo does not know the vendor, so no order can name it.
A run that is cancelled later takes the vendor out of use.
"""

from __future__ import annotations

import msgspec

from careloom.flows import Flow
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.parties import Party
from careloom.workflow.run import Run

vendor_onboarding = Flow(
    "vendor-onboarding",
    owner="purchasing",
    sla="15d",
    business_owner="controller",
    latency="batch",
    bound="10d",
    recovery_time="1d",
    pattern="master data",
    system_of_record="Odoo",
    runbook="flow-vendor-onboarding",
)


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """The vendor that is asked for, and by whom: the name by which that person signs in."""

    number: str
    name: str
    asked_by: str
    tax: str | None = None
    email: str | None = None


@vendor_onboarding.workflow(about=lambda vendor: (f"Vendor/{vendor.number}",))
async def onboard(run: Run, vendor: Vendor) -> str:
    """Begun by hand; gives what became of it."""
    if not vendor.asked_by:
        return "nobody asked for it"
    first = await run.approval(
        "a new vendor", role="purchasing", asked_by=vendor.asked_by, remind="1d", escalate=("3d", "cfo"), within="5d"
    )
    if not first.approved:
        return "not approved in time" if first.expired else "rejected"
    while True:
        checked = await run.approval(
            "the bank details of a new vendor were checked with the vendor",
            role="treasury", asked_by=vendor.asked_by, remind="1d", escalate=("3d", "cfo"), within="5d",
        )  # fmt: skip
        if not checked.approved:
            return "not checked in time" if checked.expired else "its bank details are wrong"
        if not set(checked.by) & set(first.by):
            break
    key = await run.step(vendor_key, vendor.number, undo=take_out)
    await run.step(let_in, key, vendor)
    return "in use"


async def vendor_key(number: str, erp: Odoo) -> str:
    """By what Odoo knows the vendor; the supplier master has the same."""
    return erp.external_id("supplier", "-", number)


async def let_in(key: str, vendor: Vendor, erp: Odoo) -> int:
    """The vendor as a contact of Odoo; its record."""
    asked = Party(key=key, name=vendor.name, role="supplier", ref=vendor.number, vat=vendor.tax, email=vendor.email)
    return (await erp.documents.parties.keep(asked)).record_id


async def take_out(key: str, erp: Odoo) -> None:
    """Out of use; what was bought from it stays."""
    if await erp.find(key) is not None:
        await erp.documents.parties.archive(key)
