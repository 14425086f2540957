"""ORC with OBR or RQD as a ServiceRequest (HL7 v2.5.1 chapters 4.5.1 and 4.5.3)."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.core.errors import MappingError
from careloom.mapping.names import practitioner
from careloom.mapping.source import Fields, Source
from careloom.mapping.v2.codes import CATEGORY, ICD_9_CM, ICD_10_CM
from careloom.mapping.v2.control import Control
from careloom.mapping.v2.groups import Order
from careloom.mapping.v2.timing import Timing, of_tq, of_tq1, priority
from careloom.mapping.v2.values import code_in, coding, concept_in, entity, given, number, quantity
from careloom.model import Coding, Identifier, Patient, Practitioner, ServiceRequest

CATEGORIES = {
    "OML": "laboratory",
    "ORL": "laboratory",
    "OUL": "laboratory",
    "OMI": "imaging",
    "OMS": "supply",
    "OMN": "supply",
}


def numbers(source: Source, order: Order) -> tuple[Identifier, ...]:
    """The number of the placer, then that of the filler: ORC-2 and ORC-3, else OBR-2 and OBR-3."""
    orc, obr = order.first("ORC"), order.first("OBR")
    placer = entity(source, orc, 2, "PLAC") or entity(source, obr, 2, "PLAC")
    filler = entity(source, orc, 3, "FILL") or entity(source, obr, 3, "FILL")
    return given(placer, filler)


def numbered(source: Source, order: Order) -> tuple[Identifier, ...]:
    """The same; raises MappingError (`ORC-2`) where there is none."""
    found = numbers(source, order)
    if not found:
        orc = order.first("ORC")
        place = orc.place if orc is not None else "ORC"
        raise MappingError("no number of the order, neither the placer's nor the filler's", f"{place}-2")
    return found


def request(source: Source, order: Order, told: Control, patient: Patient, code: str) -> ServiceRequest:
    """The order. `code` is the message's (`OML`), which tells the department where OBR-24 does not."""
    orc, obr, rqd = order.first("ORC"), order.first("OBR"), order.first("RQD")
    timing = timing_of(source, order)
    return ServiceRequest(
        identifier=numbered(source, order),
        status=told.status,
        category=category(source, obr, code),
        code=concept_in(source, obr, 4) or concept_in(source, rqd, 2) or concept_in(source, rqd, 4),
        priority=timing.priority,
        quantity=quantity(source, number(source, rqd, 5), rqd, 6),
        occurrence=timing.period,
        authored_on=source.moment(orc, 9) if orc is not None and told.act == "new" else None,
        requester=requester(source, order),
        reason=_reasons(source, order),
        requisition=entity(source, orc, 4, "PGN"),
        account=next(iter(patient.account), None),
        cost_centre=code_in(source, rqd, 7),
    )


def requester(source: Source, order: Order) -> Practitioner | None:
    """ORC-12, else OBR-16."""
    orc, obr = order.first("ORC"), order.first("OBR")
    found = practitioner(source, orc, 12) if orc is not None else None
    return found or (practitioner(source, obr, 16) if obr is not None else None)


def category(source: Source, obr: Fields | None, code: str) -> str | None:
    """The department: OBR-24 by table 0074, as written where that has no meaning here; else what the message is for."""
    section = code_in(source, obr, 24)
    if section is None:
        return CATEGORIES.get(code)
    return CATEGORY.get(section.upper(), section)


def timing_of(source: Source, order: Order) -> Timing:
    """TQ1; else the TQ of ORC-7 and OBR-27; else OBR-36 (scheduled) and OBR-6 (requested), and OBR-5."""
    orc, obr = order.first("ORC"), order.first("OBR")
    tried = [of_tq1(source, order.first("TQ1")), of_tq(source, orc, 7), of_tq(source, obr, 27)]
    begins = next((one for one in tried if one.start or one.end), None)
    urgent = next((one.priority for one in tried if one.priority), None) or priority(code_in(source, obr, 5))
    if begins is None and obr is not None:
        begins = Timing(start=source.moment(obr, 36) or source.moment(obr, 6))
    return (begins or Timing())._replace(priority=urgent)


def _reasons(source: Source, order: Order) -> tuple[Coding, ...]:
    """Diagnosis codes of the order: its DG1, and OBR-31 where it holds such codes."""
    found = [coding(source, dg1[3]) for dg1 in order.every("DG1") if dg1[3]]
    obr = order.first("OBR")
    if obr is not None:
        told = [coding(source, raw) for raw in source.repetitions(obr, 31)]
        found += [one for one in told if one is not None and one.system in (ICD_10_CM, ICD_9_CM)]
    return distinct(found)


def distinct(codes: Sequence[Coding | None]) -> tuple[Coding, ...]:
    """Each code once, in order."""
    return tuple(dict.fromkeys(one for one in codes if one is not None))
