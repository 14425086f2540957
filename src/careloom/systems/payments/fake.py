"""An invented payment gateway on a real socket: payments, refunds, disputes, payouts, a list of its events, and the
signed events themselves. It makes money out of nothing and keeps its books to the cent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec

from careloom.systems.http.fake import FakeTarget, Reply, answering
from careloom.systems.http.fake import Request as HttpRequest
from careloom.systems.seam import Request
from careloom.systems.trial import START, SURNAME, Behaviour
from careloom.systems.webhook.fake import Signer, answer

SECRET = "whsec_invented_for_trials"  # noqa: S105 - of the fake alone
_FEE_SHARE, _FEE_FIXED = 29, 30  # per mille, and minor units


class Gateway:
    """Keeps `payments`, `refunds`, `disputes`, `events` by number; `behave` says how its interface answers."""

    def __init__(self, page: int = 100) -> None:
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.target = FakeTarget(self._answer)
        self.behaviour = Behaviour.WILLING
        self.changed = asyncio.Event()
        self._answers: dict[str, dict[str, Any]] = {}
        self._page = page
        self._signer = Signer("stripe", SECRET)

    @property
    def url(self) -> str:
        """Where its interface begins."""
        return f"http://127.0.0.1:{self.target.port}/v1"

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    async def behave(self, behaviour: Behaviour) -> None:
        """From now on."""
        self.behaviour = behaviour
        await self.target.open(behaviour is not Behaviour.DOWN)

    def pay(self, amount: int, currency: str = "usd", **metadata: str) -> dict[str, Any]:
        """A payer pays; gives the event."""
        number = f"pay_{len(self.payments) + 1:04}"
        fee = amount * _FEE_SHARE // 1000 + _FEE_FIXED
        card = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}
        self.payments[number] = {
            "id": number, "amount": amount, "currency": currency, "fee": fee, "status": "succeeded",
            "created": self._now(), "payment_method_details": card, "metadata": metadata,
            "billing_details": {"name": SURNAME},
        }  # fmt: skip
        return self._tell("payment.succeeded", self.payments[number])

    def give_back(self, payment: str, amount: int, **metadata: str) -> dict[str, Any]:
        """Makes a refund; gives the event."""
        number = f"re_{len(self.refunds) + 1:04}"
        self.refunds[number] = {
            "id": number, "payment": payment, "amount": amount, "currency": self.payments[payment]["currency"],
            "status": "succeeded", "created": self._now(), "metadata": metadata,
        }  # fmt: skip
        self.changed.set()
        return self._tell("refund.succeeded", self.refunds[number])

    def dispute(self, payment: str, fee: int = 1500) -> dict[str, Any]:
        """The payer's bank wants a payment back; gives the event."""
        number, paid = f"dp_{len(self.disputes) + 1:04}", self.payments[payment]
        self.disputes[number] = {
            "id": number, "payment": payment, "amount": paid["amount"], "currency": paid["currency"], "fee": fee,
            "status": "needs_response", "reason": "unrecognized", "created": self._now(),
        }  # fmt: skip
        return self._tell("dispute.opened", self.disputes[number])

    def pay_out(self, number: str = "po_0001") -> tuple[dict[str, Any], bytes]:
        """Pays out all there is; gives the event and the report."""
        rows = list(self._movements())
        gross, fee = sum(row[3] for row in rows), sum(row[4] for row in rows)
        rows.append(("payout", number, "", gross, fee))
        lines = [_line(number, *row) for row in rows]
        head = "payout,kind,id,invoice,gross,fee,net,currency,date,description"
        payout = {"id": number, "amount": gross - fee, "currency": "usd", "status": "paid",
                  "arrival_date": self._now(), "statement_descriptor": f"PAYGATE {number}"}  # fmt: skip
        return self._tell("payout.paid", payout), "\n".join([head, *lines, ""]).encode()

    def _movements(self) -> Iterator[tuple[str, str, str, int, int]]:
        """Kind, number, invoice, amount and fee of all that moved."""
        for one in self.payments.values():
            yield "payment", one["id"], one["metadata"].get("invoice", ""), one["amount"], one["fee"]
        for one in self.refunds.values():
            yield "refund", one["id"], "", -one["amount"], 0
        for one in self.disputes.values():
            yield "dispute", one["id"], "", -one["amount"], one["fee"]

    def signed(self, event: Mapping[str, Any], timestamp: int, secret: str | None = None) -> Request:
        """The request that brings an event."""
        signer = self._signer if secret is None else Signer("stripe", secret)
        return signer.request(msgspec.json.encode(event), id="", timestamp=timestamp, path="")

    def _now(self) -> int:
        return int((START + timedelta(seconds=len(self.events))).timestamp())

    def _tell(self, type: str, body: Mapping[str, Any]) -> dict[str, Any]:
        event = {
            "id": f"evt_{len(self.events) + 1:04}", "type": type, "created": self._now(), "pending_webhooks": 1,
            "data": {"object": dict(body)},
        }  # fmt: skip
        self.events.append(event)
        return event

    def _answer(self, request: HttpRequest) -> bytes | None:
        refusals: dict[Behaviour, Reply] = {
            Behaviour.BUSY: answering(429, retry_after="1"),
            Behaviour.FAILING: answering(503),
            Behaviour.STRICT: answering(402),
            Behaviour.CLOSED: answering(401),
            Behaviour.DEAF: lambda _: None,
        }
        if (refusal := refusals.get(self.behaviour)) is not None:
            return refusal(request)
        parts = urlsplit(request.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        found = self._routed(request, parts.path.removeprefix("/v1/"), asked)
        if self.behaviour is Behaviour.MUTE:
            return None
        return answer(found) if found is not None else answering(404)(request)

    def _routed(self, request: HttpRequest, path: str, asked: Mapping[str, str]) -> Any:
        if request.method == "POST" and path == "refunds":
            return self._refunded(request)
        if path == "events":
            since = int(asked.get("created[gte]", "0"))
            return self._listed([one for one in reversed(self.events) if one["created"] >= since], asked)
        shelves = {"refunds": self.refunds, "disputes": self.disputes}
        if path in shelves:
            wanted = asked.get("payment")
            return self._listed([one for one in shelves[path].values() if wanted in (None, one["payment"])], asked)
        return self.payments.get(path.removeprefix("payments/"))

    def _refunded(self, request: HttpRequest) -> dict[str, Any] | None:
        """Once for each Idempotency-Key."""
        key = request.headers["idempotency-key"]
        given = dict(parse_qsl(request.body.decode()))
        if key not in self._answers and given["payment"] in self.payments:
            kept = {"careloom_key": given["metadata[careloom_key]"]}
            self._answers[key] = self.give_back(given["payment"], int(given["amount"]), **kept)["data"]["object"]
        return self._answers.get(key)

    def forget_keys(self) -> None:
        """What gateways do after a day."""
        self._answers.clear()

    def _listed(self, items: list[dict[str, Any]], asked: Mapping[str, str]) -> dict[str, Any]:
        numbers = [one["id"] for one in items]
        start = numbers.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
        return {"data": items[start : start + self._page], "has_more": start + self._page < len(items)}


def _line(payout: str, kind: str, number: str, about: str, amount: int, fee: int) -> str:
    amounts = ",".join(str(Decimal(cents).scaleb(-2)) for cents in (amount, fee, amount - fee))
    said = f"PAYGATE {payout}" if kind == "payout" else ""
    return f"{payout},{kind},{number},{about},{amounts},USD,2026-03-02,{said}"
