"""835: what a payer paid, for which claims, and why not more (guide X221)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.codes import METHOD
from careloom.mapping.x12.explanation import adjudicated, remitted
from careloom.mapping.x12.parties import organization
from careloom.mapping.x12.source import Row, Source
from careloom.model import CanonicalEvent, Identifier, ProviderAdjustment, Remittance, RemittanceReceived, RemittedClaim

_DEFAULTS = Settings()
_DEBIT: Final = "D"

DROPPED: Mapping[str, str] = {
    "BPR06": "bank and routing numbers: the bank's statement is reconciled by the trace number",
    "BPR07": "bank and routing numbers: the bank's statement is reconciled by the trace number",
    "BPR09": "the payer's account; nobody pays it back to there",
    "BPR13": "bank and routing numbers: the bank's statement is reconciled by the trace number",
    "REF": "the receiver's number and version of the payer's system",
    "1000A/PER": "whom to telephone at the payer is known to the people who do",
    "1000B/RDM": "where a paper remittance was mailed",
    "2000/TS3": "sums per provider, which the claims add up to",
    "2000/TS2": "sums per provider, which the claims add up to",
    "2100/MIA": "inpatient pricing details; its remark codes are carried",
    "2100/MOA": "outpatient pricing details; its remark codes are carried",
    "2100/QTY": "days and units that pricing used",
    "2100/PER": "whom to telephone at the payer is known to the people who do",
    "2100/REF": "further numbers of the claim; CLP01 and CLP07 name it",
    "2110/REF": "further numbers of the line; its control number (6R) is carried",
    "2110/QTY": "days and units that pricing used",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """The payment as `remittance.received`, then each claim as `claim.adjudicated`.

    Of a set that came in slices, each tells its claims and the last the payment, whose `claim` is then empty: the
    claims are found by `explanation.remittance`. Raises MappingError for amounts that are none, since nothing would
    add up, and without a trace number (`TRN02`).
    """
    source = Source(transaction, settings)
    trace = _trace(source)
    claims = source.root.loops("2100")
    payer = organization(source, source.root.loop("1000A"), "payer")
    events: list[CanonicalEvent] = []
    summaries = tuple([remitted(source, claim) for claim in claims])
    if transaction.trailer is not None:
        events.append(source.event(RemittanceReceived, remittance=_payment(source, trace, summaries)))
    events += [adjudicated(source, claim, trace, payer) for claim in claims]
    return source.translation(events, "a slice without claims")


def _trace(source: Source) -> Identifier:
    trn = source.row(source.root, "TRN")
    return Identifier(value=trn.need(2, "the trace number of the payment"), assigner=trn.text(3))


def _payment(source: Source, trace: Identifier, claims: tuple[RemittedClaim, ...]) -> Remittance:
    bpr = source.row(source.root, "BPR")
    amount = bpr.need_money(2, "the amount of the payment")
    adjustments = tuple([one for plb in source.rows(source.root, "PLB") for one in _adjustments(plb)])
    whole = _is_whole(source, amount.value, claims, adjustments)
    account = bpr.text(15)
    return Remittance(
        identifier=(trace,),
        amount=amount,
        direction="debit" if bpr.text(3) == _DEBIT else "credit",
        method=METHOD.get(bpr.text(4) or "", "other"),
        payment_date=bpr.day(16),
        created=source.row(source.root, "DTM", "405").day(2),
        payor=organization(source, source.root.loop("1000A"), "payer"),
        payee=organization(source, source.root.loop("1000B"), "provider"),
        account=account[-4:] if account else None,
        claim=claims if whole else (),
        adjustment=adjustments,
    )


def _is_whole(
    source: Source, amount: Decimal, claims: tuple[RemittedClaim, ...], adjustments: tuple[ProviderAdjustment, ...]
) -> bool:
    """Whether these are all claims of the payment, and not those of the last slice: SE01 counts all segments.

    Claims that do not add up to the payment are an issue, and reconciliation will find it; they are told all the same.
    """
    trailer = source.transaction.trailer
    said = trailer[1].strip() if trailer is not None else ""
    sliced = said.isdecimal() and len(said) <= 10 and int(said) > len(source.transaction.segments)
    difference = sum((one.paid.value for one in claims), Decimal(0)) - amount
    difference -= sum((one.amount.value for one in adjustments), Decimal(0))
    if difference and not sliced:
        Row(source, source.root, source.root.segment("BPR")).drop(2, "is not what the claims and adjustments add up to")
    return not (sliced and difference)


def _adjustments(plb: Row) -> list[ProviderAdjustment]:
    """Up to six pairs of reason and amount."""
    found = []
    provider, period = plb.identifier(1), plb.day(2)
    for element in range(3, 14, 2):
        reason, reference, *_ = plb.parts(element, 2)
        if reason is None and plb.text(element + 1) is None:
            continue
        if reason is None:
            raise MappingError("the reason of an adjustment is missing; the sender must give it", plb.place(element))
        found.append(
            ProviderAdjustment(
                provider=provider,
                fiscal_period=period,
                reason=reason,
                reference=reference,
                amount=plb.need_money(element + 1, "the amount of an adjustment"),
            )
        )
    return found


MAPPINGS = (SetMapping("x12", ("835",), translate),)
