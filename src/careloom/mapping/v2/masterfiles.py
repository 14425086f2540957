"""MFN messages: clinicians, places and the price list (HL7 v2.5.1 chapter 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from careloom.formats.hl7v2 import Message
from careloom.mapping.catalogue import Mapping as Mapped
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings, Source
from careloom.mapping.v2.about import DEFAULTS, Events, all_of, occurred, translated, trigger
from careloom.mapping.v2.entries import definition, place, staff
from careloom.mapping.v2.groups import Order, led_by
from careloom.model import CanonicalEvent

Entry: TypeAlias = Callable[[Source, Order, bool, dict[str, Any]], Iterator[CanonicalEvent]]
_READERS: Final[Mapping[str, Entry]] = {"M02": staff, "M04": definition, "M05": place}
_ENDS: Final = frozenset({"MDL", "MDC"})

FILTERED: Final[Mapping[str, str]] = {
    "M01": "a master file of no stated kind says nothing that Odoo keeps",
    "M03": "the laboratory's list of tests is its own; prices come by M04",
    "M06": "studies and their schedules are not billed by Odoo",
    "M07": "studies without schedules are not billed by Odoo",
    "M08": "the laboratory's list of tests is its own; prices come by M04",
    "M09": "the laboratory's list of tests is its own; prices come by M04",
    "M10": "the laboratory's batteries are its own; prices come by M04",
    "M11": "the laboratory's calculations are its own",
    "M12": "the laboratory's list of tests is its own; prices come by M04",
    "M13": "a master file of general kind says nothing that Odoo keeps",
    "M14": "a master file of the site's own kind needs a mapping of the site's own",
    "M15": "what lies on the shelves comes from the supply system",
    "M16": "products come from the supply system's catalogue",
    "M17": "the groups that set a price (DRG) come with the payer's answer",
}

DROPPED: Final[Mapping[str, str]] = {
    "STF-6": "the date of birth of staff belongs to HR",
    "STF-8": "departments of staff belong to HR",
    "STF-14": "backup persons belong to HR",
    "STF-16": "marital status belongs to HR",
    "STF-18": "jobs belong to HR",
    "STF-22": "driving licences belong to HR",
    "STF-26": "origin and belief belong to HR",
    "PRA-6": "licence numbers of states are not needed for billing; the NPI is carried",
    "PRA-7": "privileges are the medical staff office's",
    "ORG": "where else somebody works is told by HR",
    "AFF": "memberships are not needed for billing",
    "LAN": "languages of staff belong to HR",
    "EDU": "education belongs to HR",
    "CER": "certificates belong to HR",
    "LCH": "what a place is like is not needed for billing",
    "LRL": "how places lie to each other is not needed for billing",
    "LCC": "how charges of a place are coded is told by its charges",
    "CDM-5": "overrides are the sender's own",
    "CDM-6": "as CDM-5",
    "CDM-11": "contracts are kept by the payer's side",
    "PRC-6": "formulas of prices are the sender's own; what is charged comes with the charge",
    "PRC-7": "as PRC-6",
    "PRC-8": "as PRC-6",
    "PRC-9": "as PRC-6",
    "PRC-10": "as PRC-6",
    "PRC-17": "what it costs is not what is billed",
}


def translate(message: Message, settings: Settings = DEFAULTS) -> Translation:
    """An event for each entry (MFE) of a staff (M02), charge (M04) or location (M05) master file.

    Raises MappingError for an entry without its number (`STF-1`, `LOC-1`, `CDM-1`) or with a price that is none.
    """
    event = message.type.event
    read = _READERS.get(event)
    if read is None:
        why = FILTERED.get(event)
        return Translation(
            filtered=f"MFN^{event} is not read: {why}" if why else "no mapping for MFN with this trigger"
        )
    return translated(message, settings, lambda source: _events(source, read), "holds no entry (MFE)")


def _events(source: Source, read: Entry) -> Events:
    shared = {"trigger": trigger(source.message), "facility": source.assigner}
    for entry in led_by(all_of(source), "MFE"):
        mfe = entry["MFE"][0]
        ended = (source.first(mfe, 1) or "").upper() in _ENDS
        yield from read(source, entry, not ended, {**shared, "occurred": occurred(source)})


MAPPINGS: Sequence[Mapped] = (Mapped("hl7v2", ("MFN",), translate),)
