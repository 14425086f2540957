"""FT1 segments, of DFT messages and of others that carry them, as charges (HL7 v2.5.1 chapters 6.4.1 and 6.5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal, TypeAlias

import msgspec

from careloom.core.errors import MappingError
from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.names import practitioner
from careloom.mapping.places import location
from careloom.mapping.result import Translation
from careloom.mapping.source import Fields, Settings, Source
from careloom.mapping.v2.about import DEFAULTS, About, Events, all_of, translated
from careloom.mapping.v2.codes import NDC, REVENUE
from careloom.mapping.v2.dropped import PATIENT, VISIT
from careloom.mapping.v2.groups import Order, led_by
from careloom.mapping.v2.request import distinct, numbers
from careloom.mapping.v2.values import (
    code_in,
    coding,
    concept_in,
    entity,
    given,
    moment,
    money,
    period,
    quantity,
    stated,
)
from careloom.model import (
    ChargeItem,
    ChargePosted,
    ChargeVoided,
    CodeableConcept,
    Coding,
    Encounter,
    Identifier,
    Money,
    Period,
    Quantity,
)

Kind: TypeAlias = Literal["charge", "credit", "adjustment"]
# Table 0017. CR and the words are beyond it: senders write them for a credit.
KINDS: Final[Mapping[str, Kind]] = {
    "CG": "charge", "": "charge", "CHARGE": "charge", "CD": "credit", "CR": "credit", "CREDIT": "credit",
    "AJ": "adjustment",
}  # fmt: skip

DROPPED: Final[Mapping[str, str]] = {
    **PATIENT,
    **VISIT,
    "FT1-15": "what the insurance may pay is told by its answer to the claim",
    "FT1-17": "the fee schedule is the sender's own",
    "FT1-18": "the class of the visit stands in PV1-2",
    "FT1-22": "what it cost is not what is billed",
    "FT1-24": "who typed it is no part of the charge",
    "FT1-27": "notices to the patient are kept by the sender",
    "FT1-28": "as FT1-27",
    "PR1": "procedures are charged by FT1-25",
    "NTE": "notes are free text and may hold anything",
    "OBX": "clinical values never leave the message",
    "OBR": "what was ordered is told by its own message",
    "ORC-1": "an order beside a charge says which order it was for, no more",
    "DRG": "groups are told for the account by BAR messages",
    "RXE": "drugs are told by the pharmacy's own messages",
    "RXD": "as RXE",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """A `charge.posted` for each FT1, or a `charge.voided` for one that takes money back.

    Raises MappingError without a patient (`PID`, `PID-3`), a code (`FT1-7`), or for an amount that is none (`FT1-11`).
    """
    return translated(message, settings, _events, "posts no charge (FT1)")


def _events(source: Source) -> Events:
    segments = all_of(source)
    about = About(source, segments)
    shared = distinct([coding(source, fields[3]) for fields in segments if fields.name == "DG1" and fields[3]])
    for group in led_by(segments, "FT1"):
        yield from posted(source, about, group.every("FT1"), group, shared)


def posted(
    source: Source, about: About, transactions: Iterable[Fields], order: Order, shared: tuple[Coding, ...] = ()
) -> Iterator[ChargePosted | ChargeVoided]:
    """The events of some FT1; `order` has the numbers of the order that they are for, `shared` the diagnoses of all."""
    for ft1 in transactions:
        kind = KINDS.get((source.first(ft1, 6) or "").upper())
        if kind is None:
            source.drop(f"{ft1.place}-6", "is no charge, credit or adjustment; payments come from where they are taken")
            continue
        item = _charge(source, about, ft1, kind, order, shared)
        event = ChargeVoided if item.kind == "credit" else ChargePosted
        yield event(charge=item, occurred=about.occurred(), **about.parts)


def _charge(
    source: Source, about: About, ft1: Fields, kind: Kind, order: Order, shared: tuple[Coding, ...]
) -> ChargeItem:
    amount, unit_price, total = stated(source, ft1, 10), money(source, ft1, 12), money(source, ft1, 11)
    if kind == "charge" and _negative(amount, total, unit_price):
        kind = "credit"
    patient, visit = about.parts["patient"], about.parts["encounter"]
    drug = concept_in(source, ft1, 29)
    item = ChargeItem(
        identifier=_number(source, ft1),
        kind=kind,
        code=_code(source, ft1, drug),
        modifier=_modifiers(source, ft1),
        occurrence=_when(source, ft1),
        posting_date=source.day(ft1, 5),
        quantity=quantity(source, amount, None, 0),
        unit_price=unit_price,
        total=total,
        diagnosis=distinct([coding(source, raw) for raw in source.repetitions(ft1, 19)]) or shared,
        performer=practitioner(source, ft1, 20),
        ordered_by=practitioner(source, ft1, 21),
        location=location(source, ft1, 16),
        department=code_in(source, ft1, 13),
        revenue_code=_revenue(source, ft1),
        account=next(iter(patient.account), None),
        encounter=_visit(visit),
        order=_order(source, ft1, order),
        item=_item(drug),
        batch=code_in(source, ft1, 3),
        plan=code_in(source, ft1, 14),
    )
    return _unsigned(item) if kind == "credit" else item


def _negative(amount: Decimal | None, *sums: Money | None) -> bool:
    return any(one is not None and one < 0 for one in (amount, *(each.value for each in sums if each is not None)))


def _unsigned(item: ChargeItem) -> ChargeItem:
    """A credit says by its kind which way the money goes, so its numbers have no sign."""
    return msgspec.structs.replace(
        item,
        quantity=None if item.quantity is None else Quantity(value=abs(item.quantity.value), unit=item.quantity.unit),
        unit_price=_absolute(item.unit_price),
        total=_absolute(item.total),
    )


def _absolute(money: Money | None) -> Money | None:
    return None if money is None else Money(value=abs(money.value), currency=money.currency)


def _number(source: Source, ft1: Fields) -> tuple[Identifier, ...]:
    """FT1-2, a plain number before v2.7, which the sender assigned."""
    found = entity(source, ft1, 2)
    return () if found is None else (Identifier(value=found.value, assigner=source.assigner),)


def _code(source: Source, ft1: Fields, drug: CodeableConcept | None) -> CodeableConcept:
    """The procedure code (FT1-25) before the sender's transaction code (FT1-7) and the drug (FT1-29)."""
    found = [one for one in (concept_in(source, ft1, 25), concept_in(source, ft1, 7), drug) if one is not None]
    if not found:
        raise MappingError("nothing says what is charged; the sender must give a code", f"{ft1.place}-7")
    text = next((one.text for one in found if one.text), None) or source.first(ft1, 8)
    codes = dict.fromkeys(code for one in found for code in one.coding if code.system != REVENUE)
    return CodeableConcept(coding=tuple(codes), text=text)


def _revenue(source: Source, ft1: Fields) -> str | None:
    found = [one for one in (concept_in(source, ft1, 7), concept_in(source, ft1, 25)) if one is not None]
    return next((code.code for one in found for code in one.coding if code.system == REVENUE), None)


def _modifiers(source: Source, ft1: Fields) -> tuple[str, ...]:
    """FT1-26: one in each repetition."""
    found = [source.components(raw, 1)[0] for raw in source.repetitions(ft1, 26)]
    return tuple([one for one in found if one])


def _when(source: Source, ft1: Fields) -> Period | None:
    """FT1-4: a time, or from when to when (a DR since v2.4)."""
    raw = next(iter(source.repetitions(ft1, 4)), "")
    start, end, *_ = source.components(raw, 2)
    return period(moment(source, start, f"{ft1.place}-4"), moment(source, end, f"{ft1.place}-4.2"))


def _visit(visit: Encounter | None) -> Identifier | None:
    return visit.identifier[0] if visit is not None and visit.identifier else None


def _order(source: Source, ft1: Fields, order: Order) -> tuple[Identifier, ...]:
    found = numbers(source, order)
    filler = entity(source, ft1, 23, "FILL")
    if filler is None or any(one.value == filler.value for one in found):
        return found
    return given(*found, filler)


def _item(drug: CodeableConcept | None) -> tuple[Identifier, ...]:
    if drug is None:
        return ()
    return tuple([Identifier(value=one.code, type="NDC") for one in drug.coding if one.system in (NDC, None)])


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("DFT",), translate),)
