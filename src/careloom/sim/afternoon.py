"""The second act: the insurer comes back, and the day goes through the hub's processes to its end.

Everything comes in by a system's door (HL7 by MLLP, X12 by HTTP and files, JSON by HTTP, a signed webhook), and people
decide by the hub's own interface. Nothing waits for a time: each part ends when what it set off has come to rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError
from careloom.hub.node import Node
from careloom.hub.status import read_status
from careloom.sim import expected
from careloom.sim.cast import INTAKE, Booking, Cast, Cover, Patient, Plan
from careloom.sim.ehr import Ehr, Message
from careloom.sim.lines import EhrLine
from careloom.sim.money import Money
from careloom.sim.staff import Staff
from careloom.sim.town import Town

PATIENCE_SECONDS: Final = 90.0
"""How long nothing may happen to any run before the day is given up; a delivery may pause for a minute."""
_LOOK_SECONDS: Final = 0.25
BUYER, SECOND = "Ruta Sandoval", "Sefu Brightwater"
Tell = Callable[[datetime, str], None]


class Stuck(CareloomError):
    """Something of the day has not come to rest long after it should have."""


class Afternoon:
    """The day from 11:15 on. `tell` is given the hospital's time and what happens; `wrong` is what was not as it had
    to be on the way."""

    def __init__(self, cast: Cast, town: Town, node: Node, staff: Staff, clock: Clock, tell: Tell) -> None:
        self.wrong: list[str] = []
        self._cast = cast
        self._town = town
        self._node = node
        self._staff = staff
        self._clock = clock
        self._tell = tell
        self._ehr = Ehr("LOOD")
        self._now = datetime.fromisoformat("2026-03-02T11:15:00+00:00")
        self._open: Counter[str] = Counter()
        self._money = Money(cast, town, staff, clock, self)

    async def play(self) -> None:
        """The day after the insurer returned, until everything of it has come to rest. Raises Stuck."""
        await self._patients_come()
        await self._policy_is_found()
        await self._operations_are_booked()
        await self._valves_are_bought()
        self._at("14:30")
        await self._money.services()
        await self._plans_change()
        await self._denial_is_overturned()
        await self._evening()

    # ------------------------------------------------------------------ the parts of the day

    async def insurer_returns(self) -> None:
        """What waited for it since the morning goes on."""
        waiting = len(await self._staff.runs(unfinished=True))
        await self._town.payer.open()
        self.said(f"the insurer is back: {waiting} intakes have waited for it since the morning")
        await self.rests("the intakes of the morning")
        self.said("every intake of the morning is done, and none was asked twice")

    async def _patients_come(self) -> None:
        self._at("12:00")
        coming = [one for cover in (Cover.HOLDS, Cover.GRANTED, Cover.OVERTURNED) for one in self._cast.who(cover)]
        self.said(f"{len(coming)} patients come for their stay; the insurer wants to be asked about some")
        await self._admit(coming)
        await self.rests("their intakes", {"intake.admit": 1, "authorizations.follow": 1})
        await self.case("authorization-denied")
        self.said("one prior authorization is denied: its billing waits, papers and supplies do not")

    async def _policy_is_found(self) -> None:
        self._at("12:30")
        [lapsed] = self._cast.who(Cover.LAPSED)
        await self._admit([lapsed])
        case = await self.case("missing-payer-data")
        found = {"payer": "90001", "member": f"NEW{lapsed.person.mrn}"}
        clerk = self._staff.who(case)
        await self._staff.decide(clerk, case, "supply", "the patient has another policy by now", found)
        self.said(f"a policy has lapsed; {clerk} supplies the new one, and the insurer is asked again")
        await self.rests("an intake with another policy")

    async def _operations_are_booked(self) -> None:
        self._at("13:00")
        booked = self._cast.bookings
        messages = [self._ehr.introduce(one.person, self._now) for one in booked]
        await self._send([*messages, *(self._siu(one, "S14", one.start) for one in booked)])
        self.said(f"{len(booked)} operations are confirmed; what they take is reserved in Odoo")
        more = {"appointments.supply": len(booked), "appointments.clear": len(booked), "requisition-to-pay.buy": 1}
        await self.rests("what they take", more)
        await self.case("stock-shortage")
        self.said("valves are short: a case for the store, and a requisition above what one person may approve")

    async def _valves_are_bought(self) -> None:
        approval = await self.case("approval")
        await self._staff.decide(BUYER, approval, "approve", "needed for an operation")
        if not await self._staff.is_refused(BUYER, approval, "approve"):
            self.wrong.append("one person could approve a requisition twice")
        await self._staff.decide(SECOND, approval, "approve", "agreed")
        self.said(f"{BUYER} approves, may not do so twice, and {SECOND} approves too")
        placed = await self.until("an order to the supplier", self._order)
        self._town.supplier.promise_and_ship(placed)
        self._town.warehouse.receive(placed, self._now)
        self.said("the order has left as X12 850; the supplier ships, and the warehouse books the goods in")
        self._town.supplier.bill(placed)
        await self.rests("the purchase", {"requisition-to-pay.buy": -1})
        self.said("order, receipt and bill agree; the bill is posted and paid")
        shortage = await self.case("stock-shortage")
        keeper = self._staff.who(shortage)
        await self._staff.decide(keeper, shortage, "retry", "the valves are there")
        await self.until("the shortage to end", lambda: self._none("stock-shortage"))
        await self.rests("the reservation")
        self.said(f"{keeper} has the valves reserved; the shortage is over")

    async def _order(self) -> Any:
        return next(iter(self._town.supplier.look()), None)

    async def _plans_change(self) -> None:
        self._at("16:00")
        [moved], [off] = self._cast.planned(Plan.MOVED), self._cast.planned(Plan.CALLED_OFF)
        await self._send([
            self._siu(moved, "S13", moved.start + timedelta(days=7)), self._siu(off, "S15", off.start)
        ])  # fmt: skip
        await self.rests("the plans", {"appointments.supply": -1, "appointments.clear": -1})
        self.said("one operation is moved by a week, one called off: its supplies are free again")

    async def _denial_is_overturned(self) -> None:
        self._at("17:00")
        [patient] = self._cast.who(Cover.OVERTURNED)
        self._town.payer.reconsider(patient.person.mrn)
        await self.until("the denial to end", lambda: self._none("authorization-denied"))
        await self.rests("the intake that was held back", {"intake.admit": -1, "authorizations.follow": -1})
        self.said("the insurer overturns its denial (X12 278): the case closes, billing goes on where it stopped")

    async def _evening(self) -> None:
        self._at("18:00")
        await self._admit([*self._cast.who(Cover.DENIED), *self._cast.who(Cover.UNKNOWN)])
        await self._money.pay_for_nothing()
        more = {"intake.admit": 2, "authorizations.follow": 1, "payment-confirmation.confirm": 1}
        await self.rests("the evening", more)
        for kind in expected.left_open(self._cast):
            await self.case(kind)
        self.said("a denial, an unknown policy and a payment for nobody's invoice are left for tomorrow")

    # ------------------------------------------------------------------ what they are made of

    async def _admit(self, patients: Sequence[Patient]) -> None:
        await self._send([self._ehr.expect(one.person, one.visit, INTAKE, self._now) for one in patients])

    def _siu(self, one: Booking, trigger: str, begins: datetime) -> Message:
        return self._ehr.schedule(one.person, trigger, one.number, one.order, one.code, begins, self._now)

    async def _send(self, messages: Sequence[Message]) -> None:
        line = await EhrLine.open("127.0.0.1", self._node.ports["ehr"])
        try:
            for one in messages:
                answer = await line.send(one.body)
                if not answer.accepted:
                    self.wrong.append(f"{one.trigger} of the day was answered {answer.code} at {answer.location}")
        finally:
            await line.close()

    def _at(self, time: str) -> None:
        hour, minute = map(int, time.split(":"))
        self._now = self._now.replace(hour=hour, minute=minute)

    def said(self, text: str) -> None:
        """Tell it, at the hospital's time."""
        self._tell(self._now, text)

    async def case(self, kind: str) -> Mapping[str, Any]:
        """The case of this kind, once there is one."""

        async def found() -> Any:
            return next(iter(await self._staff.cases(kind)), None)

        case: Mapping[str, Any] = await self.until(f"a case {kind}", found)
        return case

    async def _none(self, kind: str) -> bool:
        return not await self._staff.cases(kind)

    async def rests(self, what: str, more: Mapping[str, int] | None = None) -> None:
        """Until every run is over but those that wait for tomorrow; `more` are those that do so from now on."""
        self._open.update(more or {})
        await self.until(what, self._quiet)

    async def _quiet(self) -> bool:
        status = await read_status(self._node.store.database, self._clock.now())
        if any(one["behind"] or one["retrying"] for one in status["subscriptions"]):
            return False
        runs = await self._staff.runs(unfinished=True)
        return (
            all(one["state"] == "waiting" for one in runs) and Counter(one["workflow"] for one in runs) == +self._open
        )

    async def until(self, what: str, condition: Callable[[], Awaitable[Any]]) -> Any:
        """What `condition` gives, once it gives something. Raises Stuck."""
        deadline, seen = self._clock.monotonic() + PATIENCE_SECONDS, -1
        while not (found := await condition()):
            runs = await self._staff.runs(unfinished=True)
            now = sum(one["revision"] for one in runs)
            if now != seen:
                deadline, seen = self._clock.monotonic() + PATIENCE_SECONDS, now
            if self._clock.monotonic() > deadline:
                raise Stuck(f"{what}: nothing has happened for {PATIENCE_SECONDS:.0f} s; {await self._standing(runs)}")
            await self._clock.sleep(_LOOK_SECONDS)
        return found

    async def _standing(self, runs: Sequence[Mapping[str, Any]]) -> str:
        """Which runs are open, and which subscriptions have work left."""
        status = await read_status(self._node.store.database, self._clock.now())
        left = Counter(f"{one['workflow']} {one['state']}" for one in runs)
        busy = [
            f"{one['name']} is behind by {one['behind']} and tries {one['retrying']} again"
            for one in status["subscriptions"]
            if one["behind"] or one["retrying"]
        ]
        return "; ".join([*(f"{many} x {name}" for name, many in sorted(left.items())), *busy])
