"""The supplier master, on schedule: the day's changes of suppliers are brought to Odoo together, once a day.

The run of a day gathers the changes that come within 24 hours of its due time and then brings the newest of each
supplier. Until then they wait, which is no failure. Changes that came before the first due time are not gathered: have
the master send all of it once. What Odoo refuses of one supplier is put aside as `item-aside`, and the others go on.

Nothing is undone: the next day brings what is so then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from careloom.flows import Flow
from careloom.flows.stores import Stores
from careloom.mapping.identifiers import best
from careloom.model import ContactPoint, Organization, OrganizationUpdated
from careloom.systems.odoo.connector import Odoo
from careloom.systems.odoo.documents.parties import Party
from careloom.workflow.run import Run

supplier_master = Flow(
    "supplier-master",
    owner="master-data",
    sla="2d",
    criticality="low",
    business_owner="director of supply chain",
    latency="batch",
    bound="1d",
    recovery_time="1d",
    recovery_point="0s",
    pattern="master data",
    system_of_record="the supplier master",
    runbook="flow-supplier-master",
)

GATHERED: Final = timedelta(days=1)
_EVERYBODY: Final = "suppliers"


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """The day that a run is about: the changes from `due` on."""

    due: datetime


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A supplier as the day's newest change has it."""

    number: str
    supplier: Organization
    due: datetime


def _of_suppliers(event: OrganizationUpdated) -> str | None:
    """Not for us is what Odoo told itself, and a supplier without a number that could be told apart."""
    organization = event.organization
    ours = event.record is not None or organization.type != "supplier" or best(organization.identifier) is None
    return None if ours else _EVERYBODY


supplier_master.awaits(OrganizationUpdated, by=_of_suppliers)


@supplier_master.workflow()
async def bring(run: Run, day: Day) -> int:
    """Gather until the day is over, then bring the newest of each; gives how many."""
    left = day.due + GATHERED - await run.now()
    if left > timedelta():
        await run.sleep(left)
    newest: dict[str, Change] = {}
    while (event := await run.wait_for(OrganizationUpdated, _EVERYBODY, within="0s")) is not None:
        number = best(event.organization.identifier)
        assert number is not None, "others have no key"
        newest[number.value] = Change(number=number.value, supplier=event.organization, due=day.due)
    found = [newest[number] for number in sorted(newest)]
    counted = await run.each(page, keep, found, key=lambda one: one.number, total=len(found), at_once=8)
    return counted.done


daily = supplier_master.schedule(
    "daily", "0 6 * * *", bring, given=lambda due: Day(due=due), window="28h", catch_up="all"
)


async def page(found: list[Change], cursor: int | None, chunk: int) -> tuple[Sequence[Change], int | None]:
    """The next of them."""
    after = (cursor or 0) + chunk
    return found[cursor or 0 : after], after if after < len(found) else None


async def keep(change: Change, erp: Odoo, stores: Stores) -> None:
    """The supplier as a contact of Odoo, unless a later day's change was brought before; out of use where it left."""
    key = erp.external_id("supplier", "-", change.number)
    if not (await stores.newness(erp.system, key, change.due)).news:
        return
    supplier = change.supplier
    await erp.documents.parties.keep(_party(key, change.number, supplier))
    if not supplier.active:
        await erp.documents.parties.archive(key)


def _party(key: str, number: str, supplier: Organization) -> Party:
    address = supplier.address[0] if supplier.address else None
    lines = address.line if address is not None else ()
    tax = next((one.value for one in supplier.identifier if one.type == "TAX"), None)
    return Party(
        key=key,
        name=supplier.name or number,
        role="supplier",
        ref=number,
        vat=tax,
        street=lines[0] if lines else None,
        street2=", ".join(lines[1:]) if len(lines) > 1 else None,
        city=address.city if address is not None else None,
        zip=address.postal_code if address is not None else None,
        state=address.state if address is not None else None,
        country=address.country if address is not None else None,
        phone=_reached(supplier.telecom, "phone"),
        email=_reached(supplier.telecom, "email"),
        website=_reached(supplier.telecom, "url"),
    )


def _reached(telecom: Sequence[ContactPoint], system: str) -> str | None:
    return next((one.value for one in telecom if one.system == system), None)
