"""Every payment of a gateway has three legs: its event, a line of a settlement, the payout at the bank. Each leg awaits
the others, to the cent: the amount is part of what is awaited, so a leg with another amount does not stand in for it.
One that does not come in time is a case `unanswered` that says which (`payment-event`, `settlement-line`,
`bank-entry`) and leads to the message that awaited it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Done, Outcome, Skip
from careloom.flows import Flow
from careloom.model import (
    BankEntry,
    Identifier,
    Money,
    PaymentReceived,
    PaymentRefunded,
    Settlement,
    SettlementReceived,
    StatementReceived,
)
from careloom.systems.payments.connector import Payments
from careloom.systems.seam import Expectation

settlement = Flow(
    "settlement",
    owner="treasury",
    business_owner="controller",
    sla="1d",
    criticality="high",
    latency="batch",
    bound="1d",
    recovery_time="1d",
    recovery_point="0s",
    pattern="report",
    money=True,
    system_of_record="the bank",
    runbook="flow-settlement",
)

EVENT: Final = "payment-event"
LINE: Final = "settlement-line"
ENTRY: Final = "bank-entry"
_EVENT_WITHIN: Final = timedelta(days=2)
_LINE_WITHIN: Final = timedelta(days=7)
_ENTRY_WITHIN: Final = timedelta(days=5)
_TYPES: Final = {"payment": "PAY", "refund": "REF"}
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{4,60}")
_MOST_WORDS: Final = 8


@settlement.on(PaymentReceived, PaymentRefunded)
async def told(event: PaymentReceived | PaymentRefunded, recorded: Recorded, paygate: Payments) -> Outcome:
    """The gateway told of a payment or a refund: a line of a settlement must follow."""
    if isinstance(event, PaymentReceived):
        kind, numbers, amount = "payment", event.payment.identifier, event.payment.amount
    elif event.refund.status == "succeeded":
        kind, numbers, amount = "refund", event.refund.identifier, _less(event.refund.amount)
    else:
        return Skip("a refund by which no money moved")
    if numbers[0].type != _TYPES[kind]:
        return Skip("no payment of a gateway")
    key = _leg(kind, numbers[0], amount)
    await paygate.expectations.answered(EVENT, [key])
    await paygate.expectations.expect([Expectation(LINE, key, _LINE_WITHIN, recorded.id)])
    return Done()


@settlement.on(SettlementReceived)
async def settled(event: SettlementReceived, recorded: Recorded, paygate: Payments) -> Outcome:
    """The gateway's report: each line must have its event, and the bank must show what was paid out."""
    found = event.settlement
    if not found.line:
        return Skip("a payout without lines; its report has them")
    keys = list(_lines(found))
    await paygate.expectations.answered(LINE, keys)
    awaited = [Expectation(EVENT, key, _EVENT_WITHIN, recorded.id) for key in keys]
    if found.status == "paid" and found.net.value:
        key = _at_bank(_word_of(found), found.net)
        awaited.append(Expectation(ENTRY, key, _ENTRY_WITHIN, recorded.id))
    await paygate.expectations.expect(awaited)
    return Done(f"{len(keys)} lines")


@settlement.on(StatementReceived)
async def shown(event: StatementReceived, paygate: Payments) -> Outcome:
    """The bank's statement: what it shows is no longer awaited."""
    keys = [_at_bank(word, entry.amount) for entry in event.statement.entry for word in _words(entry)]
    if not keys:
        return Skip("no entry names anything that a payout could be known by")
    return Done(f"{await paygate.expectations.answered(ENTRY, keys)} payouts")


def _lines(found: Settlement) -> Iterator[str]:
    for line in found.line:
        if line.kind in _TYPES and line.identifier is not None:
            yield _leg(line.kind, line.identifier, line.amount)


def _leg(kind: str, number: Identifier, amount: Money) -> str:
    return f"{kind}/{number.value}/{_exactly(amount)}"


def _at_bank(word: str, amount: Money) -> str:
    return f"{word.casefold()}/{_exactly(amount)}"


def _exactly(amount: Money) -> str:
    """The same for 40.0 and 40.00."""
    return f"{amount.currency} {amount.value.normalize():f}"


def _word_of(found: Settlement) -> str:
    """The word of the reference that tells this payout from others: the longest with a digit; else its number."""
    for text in (found.reference or "", found.identifier[0].value):
        words: list[str] = [word for word in _WORD.findall(text) if _tells(word)]
        if words:
            return max(words, key=len)
    return found.identifier[0].value


def _words(entry: BankEntry) -> list[str]:
    texts = " ".join(text for text in (entry.reference, entry.trace, entry.description) if text)
    return list(dict.fromkeys(word for word in _WORD.findall(texts) if _tells(word)))[:_MOST_WORDS]


def _tells(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _less(amount: Money) -> Money:
    return Money(value=-amount.value, currency=amount.currency)
