"""Charges as DFT messages, dispensed drugs as RDS messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from careloom.formats.hl7v2 import NULL, Builder
from careloom.mapping.v2.codes import CDT, CPT, HCPCS, NDC, REVENUE, name_of
from careloom.mapping.v2.writing.parts import (
    amount,
    clinician,
    coded,
    concept,
    entity,
    moment,
    place,
    price,
    segment,
    typed,
    unit,
)
from careloom.mapping.v2.writing.people import money_side, pid, pv1
from careloom.model import (
    CanonicalEvent,
    ChargeItem,
    ChargePosted,
    ChargeVoided,
    Coding,
    MedicationDispense,
    MedicationDispensed,
    MedicationReturned,
)

_KIND: Final[Mapping[str, str]] = {"charge": "CG", "credit": "CD", "adjustment": "AJ"}
_PROCEDURES: Final = frozenset({CPT, HCPCS, CDT})
_OWN: Final = 2  # codes that fit into FT1-7


def write_charge(builder: Builder, event: CanonicalEvent) -> None:
    """PID, PV1, one FT1, its order, and who pays."""
    assert isinstance(event, ChargePosted | ChargeVoided)
    told = event.charge
    pid(builder, event.patient, account=told.account)
    if event.encounter is not None:
        pv1(builder, event.encounter)
    segment(builder, "FT1", _transaction(told))
    placer = typed(told.order, "PLAC")
    if placer is not None:
        segment(builder, "ORC", {1: "RE", 2: entity(placer), 3: entity(typed(told.order, "FILL"))})
    money_side(builder, event)


def _transaction(told: ChargeItem) -> dict[int, Any]:
    own, procedure = _codes(told)
    period = told.occurrence
    drug = next((one for one in told.item if one.type == "NDC"), None)
    return {
        1: 1,
        2: told.identifier[0].value if told.identifier else None,
        3: told.batch,
        4: (moment(period.start), moment(period.end)) if period else None,
        5: moment(told.posting_date),
        6: _KIND[told.kind],
        7: own,
        10: amount(told.quantity),
        11: price(told.total),
        12: price(told.unit_price),
        13: (told.department,) if told.department else None,
        14: (told.plan,) if told.plan else None,
        16: place(told.location),
        19: [coded(one) for one in told.diagnosis],
        20: clinician(told.performer),
        21: clinician(told.ordered_by),
        23: entity(typed(told.order, "FILL")),
        25: procedure,
        26: [(one,) for one in told.modifier],
        29: (drug.value, None, name_of(NDC)) if drug is not None else None,
    }


def _codes(told: ChargeItem) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """FT1-7 and FT1-25. A procedure's code stands in FT1-25, and in FT1-7 too where that would be empty."""
    codes = list(told.code.coding)
    first = codes[0] if codes else None
    procedure = first if first is not None and first.system in _PROCEDURES else None
    own = [one for one in codes if one is not procedure and one.system != NDC] or ([procedure] if procedure else [])
    if told.revenue_code:
        own = [*own[:1], Coding(code=told.revenue_code, system=REVENUE)]
    written = [part for one in own[:_OWN] for part in (one.code, None, name_of(one.system))]
    if len(written) > 1:
        written[1] = told.code.text
    ours = tuple(written) if written else (None, told.code.text)
    return ours, (procedure.code, told.code.text, name_of(procedure.system)) if procedure is not None else None


def write_dispense(builder: Builder, event: CanonicalEvent) -> None:
    """PID, PV1, ORC and one RXD; what came back is an order that is cancelled (ORC-1 CA)."""
    assert isinstance(event, MedicationDispensed | MedicationReturned)
    told = event.dispense
    pid(builder, event.patient)
    if event.encounter is not None:
        pv1(builder, event.encounter)
    control = "CA" if isinstance(event, MedicationReturned) else "RE"
    segment(builder, "ORC", {
        1: control, 2: entity(typed(told.prescription, "PLAC")), 3: entity(typed(told.prescription, "FILL")),
    })  # fmt: skip
    segment(builder, "RXD", _handed_out(told))
    segment(builder, "RXR", {1: NULL})  # required, and how a drug gets into the body is not told


def _handed_out(told: MedicationDispense) -> dict[int, Any]:
    counter = told.fill_number + 1 if told.fill_number is not None else 1
    number = told.identifier[0].value
    substituted = None if told.substituted is None else ("G" if told.substituted else "N")
    return {
        1: counter,
        2: concept(told.medication),
        3: moment(told.when_handed_over),
        4: amount(told.quantity),
        5: unit(told.quantity),
        7: number.removesuffix(f".{counter}") if counter > 1 else number,
        10: clinician(told.dispenser),
        11: substituted,
        13: place(told.location),
        18: told.lot.number if told.lot else None,
        19: moment(told.lot.expiration_date) if told.lot else None,
    }
