"""The money of the day: services become invoices, one is corrected, one is paid by card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from careloom.core.clock import Clock
from careloom.sim.cast import Cast, Service
from careloom.sim.staff import Staff
from careloom.sim.theatre import completed
from careloom.sim.town import Town
from careloom.sim.writing import FACILITY
from careloom.systems.odoo.external_ids import external_id

_DONE: Final = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
_NOBODYS: Final = "INV/2019/00001"


class Waiting(Protocol):
    """What goes on with the day around it."""

    async def case(self, kind: str) -> Mapping[str, Any]: ...
    async def rests(self, what: str, more: Mapping[str, int] | None = None) -> None: ...
    def said(self, text: str) -> None: ...


class Money:
    """What the theatre and the card gateway tell, and who is asked about it."""

    def __init__(self, cast: Cast, town: Town, staff: Staff, clock: Clock, day: Waiting) -> None:
        self._cast = cast
        self._town = town
        self._staff = staff
        self._clock = clock
        self._day = day

    async def services(self) -> None:
        """All are billed; the patient pays where no insurer does; what was documented wrongly is corrected."""
        services = self._cast.services
        for one in services:
            await self._staff.publish(completed(one, 0, _DONE))
        case = await self._day.case("missing-payer-data")
        clerk = self._staff.who(case)
        await self._staff.decide(clerk, case, "waive", "the patient pays for it")
        await self._day.rests("the invoices of the services")
        self._day.said(f"{len(services)} services are billed, and what they used up is booked by its lot")
        self._day.said(f"no insurer pays for one of them: {clerk} has the patient billed")
        for one in services:
            for version in range(1, len(one.versions)):
                await self._staff.publish(completed(one, version, _DONE))
        await self._day.rests("the correction")
        self._day.said("a service was documented wrongly: its invoice is credited, and a new one posted")
        for one in services:
            if one.paid:
                await self._paid(one)
        await self._day.rests("the payment")
        self._day.said("the patient pays by card, and the invoice is closed at once")

    async def pay_for_nothing(self) -> None:
        """Somebody pays for an invoice that Odoo does not know."""
        await self._tell(self._cast.charity, _NOBODYS)

    async def _paid(self, service: Service) -> None:
        await self._tell(service.quantity * self._cast.prices[service.code], self._invoice_of(service.person.mrn))

    async def _tell(self, amount: Decimal, invoice: str) -> None:
        gateway = self._town.gateway
        event = gateway.pay(int(amount * 100), invoice=invoice)
        request = gateway.signed(event, int(self._clock.now().timestamp()))
        await self._staff.deliver("/v1/systems/paygate/events", request.body, request.headers)

    def _invoice_of(self, mrn: str) -> str:
        """The number that is printed on the patient's invoice."""
        odoo = self._town.odoo
        _, partner = odoo.external_ids()[external_id("patient", FACILITY, mrn)]
        rows = odoo.records("account.move")
        return next(str(row["name"]) for row in rows if row["partner_id"] == partner and row["state"] == "posted")
