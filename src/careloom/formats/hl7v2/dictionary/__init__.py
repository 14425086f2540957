"""What HL7 v2.1 to v2.8.2 say of messages: structures, segments, fields, data types, codes. Facts only, loaded lazily.

    known = dictionary_of("2.5.1")
    known.segment("OBX").fields[5].type             # "varies"
    known.datatype("CX").components[0].name         # "id"
    known.structure_of("ADT", "A04")                # "ADT_A01"
    known.structure("ADT_A01").parts

A version that is not known is read as the nearest below it; none at all as 2.5.1.
"""

from __future__ import annotations

from functools import lru_cache

from careloom.formats.hl7v2.dictionary.definitions import (
    ComponentDefinition,
    DatatypeDefinition,
    FieldDefinition,
    Part,
    SegmentDefinition,
)
from careloom.formats.hl7v2.dictionary.grammar import read_structure
from careloom.formats.hl7v2.dictionary.structure import Structure
from careloom.formats.hl7v2.dictionary.tables import (
    Codes,
    all_segments,
    codes_by_table,
    datatype_named,
    segment_named,
    structure_text,
    structures_by_code,
)
from careloom.formats.hl7v2.dictionary.versions import VERSIONS, known_version

__all__ = [
    "VERSIONS",
    "Codes",
    "ComponentDefinition",
    "DatatypeDefinition",
    "Dictionary",
    "FieldDefinition",
    "Part",
    "SegmentDefinition",
    "Structure",
    "dictionary_of",
    "known_version",
    "read_structure",
]


class Dictionary:
    """One version. Each entry is parsed when first asked for and kept."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._segments: dict[str, SegmentDefinition | None] = {}
        self._datatypes: dict[str, DatatypeDefinition | None] = {}
        self._structures: dict[str, Structure | None] = {}
        self._names: dict[tuple[str, str], str] = {}

    def segment(self, name: str) -> SegmentDefinition | None:
        """The segment of that name, None when this version has none."""
        if name not in self._segments:
            known = name in all_segments()
            if not known:
                return None
            self._segments[name] = segment_named(name, self.version)
        return self._segments[name]

    def datatype(self, name: str) -> DatatypeDefinition | None:
        """The composite type of that name, None for primitive ones."""
        if name not in self._datatypes:
            found = datatype_named(name, self.version)
            if found is None:
                return None
            self._datatypes[name] = found
        return self._datatypes[name]

    def structure(self, name: str) -> Structure | None:
        """The structure of that name, such as `ORU_R01`; that of the nearest version where this one has none."""
        if name not in self._structures:
            text = structure_text(name, self.version, near=True)
            if not text:
                return None
            root = text[1:] if text.startswith("=") else ""
            self._structures[name] = self.structure(root) if root else Structure(name, read_structure(text))
        return self._structures[name]

    def structure_of(self, code: str, event: str) -> str:
        """The structure a message code and event use: `ADT_A01` for ADT^A04; `""` when none is known (table 0354)."""
        key = (code, event)
        if key not in self._names:
            found = self._structure_name(code, event)
            if not found:
                return ""
            self._names[key] = found
        return self._names[key]

    def codes(self, table: str) -> Codes | None:
        """The codes of an HL7 table by its four digits; None for tables that are not kept here."""
        return codes_by_table().get(table)

    def _structure_name(self, code: str, event: str) -> str:
        for near in (False, True):
            text = structure_text(f"{code}_{event}", self.version, near=near) if event else ""
            if text:
                return text[1:] if text.startswith("=") else f"{code}_{event}"
        if code in structures_by_code().get(code, ()):
            return code
        known = structures_by_code().get(code, ())
        own = [name for name in known if not structure_text(name, self.version, near=True).startswith("=")]
        return own[0] if len(own) == 1 else ""


@lru_cache(maxsize=len(VERSIONS))
def _dictionary(version: str) -> Dictionary:
    return Dictionary(version)


def dictionary_of(version: str) -> Dictionary:
    """The dictionary for what MSH-12 declares."""
    return _dictionary(known_version(version))
