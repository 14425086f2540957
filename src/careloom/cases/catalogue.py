"""The kinds of cases that we ship, as data."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from careloom.cases import supplies
from careloom.cases.kinds import Action, CaseKind, CaseKinds, Supplied
from careloom.core.outcomes import Category

_AGAIN: Final = (Action.EDIT, Action.RETRY, Action.WAIVE, Action.DISCARD)
_LOOSE: Final = (Action.RESOLVE, Action.WAIVE, Action.DISCARD)
APPROVAL: Final = "approval"
_CATEGORIES: Final = {
    **dict.fromkeys(("mapping", "item-aside", "unknown-code"), Category.MAPPING),
    **dict.fromkeys(("delivery", "run-stopped", "compensation-failed", "batch-stopped"), Category.UNKNOWN),
    **dict.fromkeys(
        ("file-refused", "record-refused", "transmission-refused", "list-conflict", "fhir-search", "feed-unreadable"),
        Category.SCHEMA,
    ),
    **dict.fromkeys(
        (
            "ambiguous-outcome", "unanswered", "silence", "file-unfinished", "stream-gap", "list-failing",
            "webhook-missed", "sequence-gap", "endpoint-disabled", "subscription-gap", "system-away",
        ),
        Category.NETWORK,
    ),
    "key-expiry": Category.AUTHENTICATION,
}  # fmt: skip
"""What sort of failure a kind is, where it is not one of business."""
_HOURS, _DAYS = timedelta(hours=1), timedelta(days=1)


def _kind(
    name: str,
    meaning: str,
    owner: str,
    sla: timedelta,
    actions: tuple[Action, ...],
    data: dict[Action, type[Supplied]] | None = None,
    criticality: str = "normal",
) -> CaseKind:
    return CaseKind(
        name=name,
        meaning=meaning,
        owner=owner,
        sla=sla,
        runbook=f"case-{name}",
        actions=actions,
        data=data or {},
        criticality=criticality,
        category=_CATEGORIES.get(name, Category.BUSINESS),
    )


_OF_PROCESSES: Final = (
    _kind(
        "missing-payer-data",
        "a service cannot be billed, since payer, member or plan are not known",
        "patient-access",
        8 * _HOURS,
        (Action.SUPPLY, *_AGAIN),
        {Action.SUPPLY: supplies.PayerData},
        "high",
    ),
    _kind(
        "authorization-gap",
        "a service needs the payer's authorization, and there is none that covers it",
        "utilization-management",
        8 * _HOURS,
        (Action.SUPPLY, *_AGAIN),
        {Action.SUPPLY: supplies.Authorization},
        "high",
    ),
    _kind(
        "authorization-denied",
        "the payer denied an authorization; what is financial about the order stands still",
        "utilization-management",
        2 * _DAYS,
        (Action.APPROVE, Action.REJECT, *_AGAIN),
        {Action.APPROVE: supplies.Appeal},
        "high",
    ),
    _kind(
        "stock-shortage",
        "there is not enough stock for what is planned",
        "supply-chain",
        4 * _HOURS,
        (Action.SUPPLY, *_AGAIN),
        {Action.SUPPLY: supplies.Replenishment},
        "critical",
    ),
    _kind(
        "invoice-mismatch",
        "order, receipt and bill do not agree",
        "accounts-payable",
        2 * _DAYS,
        (Action.APPROVE, Action.SUPPLY, Action.REJECT, *_AGAIN),
        {Action.APPROVE: supplies.AcceptedDifference, Action.SUPPLY: supplies.CorrectedInvoice},
    ),
    _kind(
        "duplicate-service",
        "a service looks like one that was charged before",
        "revenue-integrity",
        _DAYS,
        (Action.REJECT, Action.APPROVE, *_AGAIN),
        {Action.REJECT: supplies.OriginalService},
    ),
    _kind(
        "delayed-payment",
        "a payment did not come when it had to",
        "accounts-receivable",
        5 * _DAYS,
        (Action.SUPPLY, Action.RESOLVE, *_AGAIN),
        {Action.SUPPLY: supplies.PaymentPromise},
    ),
    _kind(
        "claim-rejected",
        "a clearinghouse or a payer did not take a claim: it is corrected and sent again",
        "revenue-cycle",
        _DAYS,
        (Action.RETRY, Action.RESOLVE, Action.WAIVE, Action.DISCARD),
        criticality="high",
    ),
    _kind(
        "claim-denied",
        "a payer pays nothing for a claim: it is appealed, or what the payer says is booked",
        "revenue-cycle",
        3 * _DAYS,
        (Action.RETRY, Action.APPROVE, Action.WAIVE, Action.DISCARD),
        criticality="high",
    ),
    _kind(
        "take-back",
        "a payer took money back that it had paid; it is booked, and somebody must know why",
        "revenue-cycle",
        3 * _DAYS,
        (Action.APPROVE, Action.RESOLVE, Action.WAIVE, Action.DISCARD),
        criticality="high",
    ),
    _kind(
        "unmatched-record",
        "something came about a record that cannot be found here",
        "integration",
        _DAYS,
        (Action.SUPPLY, Action.RESOLVE, *_AGAIN),
        {Action.SUPPLY: supplies.RecordMatch},
    ),
    _kind(
        "unknown-code",
        "a code stands for nothing that is known; the nearest known ones are proposed",
        "master-data",
        _DAYS,
        (Action.SUPPLY, Action.RETRY, Action.WAIVE, Action.DISCARD),
        {Action.SUPPLY: supplies.KnownCode},
        "high",
    ),
    _kind(
        "duplicate-person",
        "two records look like one person",
        "health-information",
        3 * _DAYS,
        (Action.APPROVE, Action.REJECT, *_AGAIN),
        {Action.APPROVE: supplies.SamePerson},
    ),
    _kind(
        "refused-write",
        "a system says something of records that another system keeps, and it was not written; one case until somebody"
        " has seen to it, however often it comes",
        "master-data",
        3 * _DAYS,
        _LOOSE,
    ),
    _kind(
        "proposed-write",
        "a system says something of a record that another system keeps; a steward decides whether it is written",
        "master-data",
        3 * _DAYS,
        (Action.APPROVE, Action.REJECT),
    ),
    _kind(
        "possible-duplicate",
        "two records of the person index may be of one person; a steward says",
        "health-information",
        3 * _DAYS,
        (Action.APPROVE, Action.REJECT),
    ),
    _kind(
        "overlaid-record",
        "what a source says of a known record now cannot be of the person that it was of",
        "health-information",
        _DAYS,
        _LOOSE,
        criticality="high",
    ),
    _kind(
        APPROVAL,
        "a run, or a change of codes, goes on only when people of a role have approved it",
        "operations",
        2 * _DAYS,
        (Action.APPROVE, Action.REJECT),
        criticality="high",
    ),
    _kind(
        "silence",
        "a feed is quiet for longer than it ever should be",
        "integration",
        2 * _HOURS,
        _LOOSE,
        criticality="high",
    ),
)
_OF_THE_LOG: Final = (
    _kind(
        "mapping",
        "a message or event lacks what the next step needs; `field` names the place",
        "integration",
        _DAYS,
        _AGAIN,
    ),
    _kind(
        "delivery",
        "a delivery failed for good, attempts ran out, a handler has a bug, or a sender used an id again",
        "integration",
        8 * _HOURS,
        (Action.RETRY, Action.EDIT, Action.RESOLVE, Action.WAIVE, Action.DISCARD),
    ),
    _kind("rejected-posting", "the target refused this data", "integration", 8 * _HOURS, _AGAIN),
    _kind(
        "ambiguous-outcome",
        "it was sent and nothing tells whether it happened",
        "integration",
        4 * _HOURS,
        (Action.DISCARD, Action.WAIVE, Action.RETRY),
        criticality="high",
    ),
    _kind(
        "unroutable",
        "no rule of a routing table fits an event",
        "integration",
        _DAYS,
        (Action.RETRY, Action.WAIVE, Action.DISCARD),
    ),
    _kind(
        "unanswered",
        "an answer that had to come did not come in time, or came with another amount",
        "integration",
        _DAYS,
        _LOOSE,
    ),
)
_OF_RUNS: Final = (
    _kind(
        "run-stopped",
        "a run stands still: its code failed, or this deployment does not have it; nothing was undone",
        "integration",
        4 * _HOURS,
        (Action.RETRY, Action.DISCARD),
        criticality="high",
    ),
    _kind(
        "run-held",
        "a person holds a run, so nothing new begins in it; it goes on, or is held further on purpose",
        "integration",
        _DAYS,
        (Action.RETRY, Action.WAIVE),
    ),
    _kind(
        "run-failed", "a run failed, and what it did was undone", "integration", 8 * _HOURS, _LOOSE, criticality="high"
    ),
    _kind(
        "compensation-failed",
        "a run could not undo one of its steps; what it left behind is to be undone by hand",
        "integration",
        4 * _HOURS,
        _LOOSE,
        criticality="critical",
    ),
    _kind(
        "item-aside",
        "one item of a batch could not be handled and was put aside; the batch went on",
        "integration",
        2 * _DAYS,
        _LOOSE,
    ),
    _kind(
        "batch-stopped",
        "a batch put aside more items than it may, or cannot read on; it waits where it is",
        "integration",
        4 * _HOURS,
        (Action.RETRY, Action.DISCARD),
        criticality="high",
    ),
    _kind("run-late", "a run has not ended within its service level", "integration", 8 * _HOURS, _LOOSE),
)


def _of_systems(name: str, meaning: str, hours: int = 24) -> CaseKind:
    return _kind(name, meaning, "integration", hours * _HOURS, _LOOSE)


_OF_SYSTEMS: Final = (
    _of_systems(
        "file-refused", "a file was put aside: something in it cannot be read, or is other content under a known id"
    ),
    _of_systems("system-away", "a system does not answer, or refuses us, and what is meant for it waits", 4),
    _of_systems("file-unfinished", "a file has been written for very long, or is empty"),
    _of_systems("transmission-refused", "the other side refused a group or an interchange of X12 that we sent", 8),
    _of_systems("statement-gap", "a bank statement does not open with what the one before closed with"),
    _of_systems(
        "record-refused",
        "a record of a broker was put aside: it cannot be read, or is other content under a known id",
    ),
    _of_systems("stream-gap", "a broker no longer has records that were not read yet, or a stream was made anew", 4),
    _of_systems("list-failing", "a list of a REST API cannot be read", 8),
    _of_systems("list-conflict", "an item of a list came with other content under a version that was taken before"),
    _of_systems("webhook-missed", "a sender's list has events that its webhook did not bring"),
    _of_systems("sequence-gap", "numbers are missing in a sender's list of events"),
    _of_systems(
        "endpoint-disabled", "an endpoint of outgoing webhooks only failed, or is gone: nothing more is sent to it", 4
    ),
    _of_systems("subscription-gap", "notifications of a FHIR subscription did not come", 8),
    _of_systems("fhir-search", "resources that a search of a FHIR server gave could not be taken"),
    # Eight hours, since the last warning leaves a day.
    _of_systems("key-expiry", "the API key of an Odoo ends in 30, 7 or 1 days", 8),
    _of_systems("feed-restored", "an Odoo that is followed is another database, or went back to a backup", 4),
    _of_systems("feed-unreadable", "a model of Odoo that is followed cannot be read", 8),
)


def shipped() -> CaseKinds:
    """A registry of our own kinds, to which a deployment may add."""
    return CaseKinds((*_OF_PROCESSES, *_OF_RUNS, *_OF_THE_LOG, *_OF_SYSTEMS))
