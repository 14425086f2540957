"""The invented gateway of `fake`, for the conformance suite: it tells of payments, and it is asked for refunds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Self, cast

import msgspec

from careloom.core.errors import CareloomError, TransientError
from careloom.core.outcomes import Done, Outcome
from careloom.model import Money
from careloom.systems.payments.connector import Payments
from careloom.systems.payments.fake import SECRET, Gateway
from careloom.systems.seam import Connection
from careloom.systems.trial import SURNAME, Answer, Behaviour, Trial
from careloom.systems.webhook.fake import Signer


class Teller:
    """The gateway as it tells of payments."""

    direction: ClassVar[str] = "in"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    settings: ClassVar[Mapping[str, Any]] = {"secret": "env:GATEWAY"}
    secrets: ClassVar[Mapping[str, str]] = {"GATEWAY": SECRET}

    def __init__(self) -> None:
        self._gateway = Gateway()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    async def meet(self, connection: Connection) -> None:
        self._connection = cast(Payments, connection)

    async def send(self, number: int, *, other: bool = False, spoiled: bool = False, stranger: bool = False) -> Answer:
        about = f"pay_{(number - 1) // 3}"
        body = {"id": f"re_{number}", "payment": about, "amount": 200 if other else 100, "currency": "usd"}
        event = {
            "id": f"evt_{number}", "type": "refund.created", "created": 1,
            "data": {"object": {**body, "billing_details": {"name": SURNAME}}},
        }  # fmt: skip
        now = int(self._connection.clock.now().timestamp())
        request = self._gateway.signed(event, now, "stranger" if stranger else None)
        if spoiled:
            cut = msgspec.json.encode(event)[:40]
            request = Signer("stripe", SECRET).request(cut, id="", timestamp=now, path="")
        try:
            reply = await asyncio.ensure_future(self._connection.answer(request))
        except TransientError:
            return Answer.LATER
        known = {401: Answer.STRANGER, 409: Answer.REFUSED, 422: Answer.REFUSED}
        return Answer.TAKEN if 200 <= reply.status < 300 else known[reply.status]


class Cashier:
    """The gateway as it is asked for refunds; number N is a refund of N cents."""

    direction: ClassVar[str] = "out"
    foreign: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {"GATEWAY": SECRET, "GATEWAY_TOKEN": "sk-invented"}

    def __init__(self) -> None:
        self._gateway = Gateway()
        self._gateway.pay(100_000)

    @property
    def settings(self) -> Mapping[str, Any]:
        api = {"url": self._gateway.url, "token": "env:GATEWAY_TOKEN", "answer_timeout": 0.2}
        return {"secret": "env:GATEWAY", "api": api}

    async def __aenter__(self) -> Self:
        await self._gateway.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._gateway.__aexit__(None, None, None)

    async def behave(self, behaviour: Behaviour) -> None:
        await self._gateway.behave(behaviour)

    async def deliver(self, connection: Connection, number: int) -> Outcome:
        amount = Money(value=Decimal(number).scaleb(-2), currency="USD")
        try:
            made = await cast(Payments, connection).refund("pay_0001", amount, "overpaid", f"flow/refund/{number}")
        except CareloomError as error:
            return error.outcome()
        return Done(made.identifier[0].value)

    async def effects(self) -> Sequence[int]:
        return [one["amount"] for one in self._gateway.refunds.values()]

    async def until(self, count: int) -> None:
        while len(self._gateway.refunds) < count:
            self._gateway.changed.clear()
            await self._gateway.changed.wait()


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return {"in": Teller, "out": Cashier}
