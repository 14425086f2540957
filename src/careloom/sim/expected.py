"""What the books must hold when the day is over: computed from the script alone, before anything is asked of Odoo."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Final

from careloom.sim.cast import INTAKE, OPENING, PACKAGES, REAGENT, VALVE, Cast, Cover, Plan

RECEIVABLE: Final = "121000"
PAYABLE: Final = "211000"
SALES: Final = "400000"
EXPENSES: Final = "600000"
RECEIPTS: Final = "101403"
PAYMENTS: Final = "101404"
ADMITTED: Final = (Cover.HOLDS, Cover.GRANTED, Cover.OVERTURNED, Cover.LAPSED)
"""Whose billing is prepared by the end of the day."""
PROVIDED: Final = (*ADMITTED, Cover.DENIED)
"""Whose supplies are: a denial holds back what is financial and nothing else."""
KEPT: Final = (Plan.STANDS, Plan.MOVED, Plan.SHORT)


def billed(cast: Cast) -> Decimal:
    """The services of the day by their price list, each as it was meant in the end."""
    return sum((one.quantity * cast.prices[one.code] for one in cast.services), Decimal(0))


def paid(cast: Cast) -> Decimal:
    """What patients have paid."""
    return sum((one.quantity * cast.prices[one.code] for one in cast.services if one.paid), Decimal(0))


def bought(cast: Cast) -> Decimal:
    """The valves that were short, by the supplier's price."""
    return short() * cast.valve


def short() -> Decimal:
    """How many valves the one operation takes beyond what lies in the store."""
    [needed] = PACKAGES["33361"].values()
    return needed - OPENING[VALVE]


def ledger(cast: Cast) -> dict[str, Decimal]:
    """The balance of each account by its code, debit above zero; every other account holds nothing."""
    owed, received, spent = billed(cast), paid(cast), bought(cast)
    held = {
        RECEIVABLE: owed - received, SALES: -owed, RECEIPTS: received,
        EXPENSES: spent, PAYMENTS: -spent, PAYABLE: Decimal(0),
    }  # fmt: skip
    return {code: balance for code, balance in held.items() if balance}


def stock(cast: Cast) -> dict[str, Decimal]:
    """What lies in the store, by product: what there was, and came, less what was used up."""
    used = sum((one.reagent for one in cast.services), Decimal(0))
    moved = {VALVE: short(), REAGENT: -used}
    return {product: there + moved.get(product, Decimal(0)) for product, there in OPENING.items()}


def reserved(cast: Cast) -> dict[str, Decimal]:
    """What of it is held for somebody, by product."""
    held: Counter[str] = Counter()
    codes = [INTAKE for cover in PROVIDED for _ in cast.who(cover)]
    codes += [one.code for plan in KEPT for one in cast.planned(plan)]
    for code in codes:
        held.update({product: int(quantity) for product, quantity in PACKAGES[code].items()})
    return {product: Decimal(quantity) for product, quantity in held.items()}


def files(cast: Cast) -> set[str]:
    """The numbers of visits and appointments whose billing is prepared."""
    visits = {one.visit for cover in ADMITTED for one in cast.who(cover)}
    return visits | {one.number for plan in KEPT for one in cast.planned(plan)}


def left_open(cast: Cast) -> Counter[str]:
    """The exceptions of the day that nobody has resolved by its end, by their kind."""
    return Counter({
        "authorization-denied": len(cast.who(Cover.DENIED)),
        "missing-payer-data": len(cast.who(Cover.UNKNOWN)),
        "unmatched-record": 1,  # a payment that names an invoice which nobody has
    })  # fmt: skip


def resolved(cast: Cast) -> Counter[str]:
    """Those that were, by their kind."""
    unpaid = sum(not one.insured for one in cast.services)
    return Counter({
        "authorization-denied": len(cast.who(Cover.OVERTURNED)),
        "missing-payer-data": len(cast.who(Cover.LAPSED)) + unpaid,
        "stock-shortage": len(cast.planned(Plan.SHORT)),
        "approval": len(cast.planned(Plan.SHORT)),
    })  # fmt: skip


def runs(cast: Cast) -> dict[str, Counter[str]]:
    """How many runs of each process stand how, without the intakes of the morning."""
    leave = sum(len(cast.who(cover)) for cover in (Cover.GRANTED, Cover.OVERTURNED, Cover.DENIED))
    denied, kept = len(cast.who(Cover.DENIED)), sum(len(cast.planned(plan)) for plan in KEPT)
    off = len(cast.planned(Plan.CALLED_OFF))
    open_ = denied + len(cast.who(Cover.UNKNOWN))
    versions = sum(len(one.versions) for one in cast.services)
    admitted = sum(len(cast.who(cover)) for cover in ADMITTED)
    return {
        "intake.admit": Counter(completed=admitted + len(cast.bookings), waiting=open_),
        "authorizations.follow": Counter(completed=leave - denied, waiting=denied),
        "appointments.supply": Counter(completed=off, waiting=kept),
        "appointments.clear": Counter(completed=off, waiting=kept),
        "requisition-to-pay.buy": Counter(completed=len(cast.planned(Plan.SHORT))),
        "service-completed.bill": Counter(completed=versions),
        "payment-confirmation.confirm": Counter(completed=sum(one.paid for one in cast.services), waiting=1),
    }
