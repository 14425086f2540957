"""What the tables say: of a field, a segment, a data type, the parts of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class FieldDefinition(NamedTuple):
    """One field of a segment in one version.

    `usage` is HL7's optionality: R required, O optional, C conditional, B kept for older receivers, W withdrawn, X not
    used, and F: of a later version. `length` is the longest repetition in characters, 0 where that version sets none.
    `table` is `""` without one.
    """

    number: int
    name: str
    type: str
    usage: str
    repeats: bool
    length: int
    table: str


class ComponentDefinition(NamedTuple):
    """One component of a data type in one version; `usage` is R or O."""

    number: int
    name: str
    type: str
    usage: str
    table: str


class SegmentDefinition(NamedTuple):
    """The fields of a segment by number (there may be gaps) and the numbers by name."""

    name: str
    fields: Mapping[int, FieldDefinition]
    numbers: Mapping[str, int]

    @property
    def required(self) -> Sequence[FieldDefinition]:
        """The fields that must not be empty."""
        return [field for field in self.fields.values() if field.usage == "R"]


class DatatypeDefinition(NamedTuple):
    """The components of a data type in order, and their numbers by name. A type that is none here is primitive."""

    name: str
    components: Sequence[ComponentDefinition]
    numbers: Mapping[str, int]


class Part(NamedTuple):
    """A segment, a choice of segments, or (with `parts`) a group, as HL7's abstract message syntax nests them."""

    names: tuple[str, ...]
    required: bool
    repeats: bool
    parts: tuple[Part, ...] = ()

    @property
    def name(self) -> str:
        """`OBX`, `PATIENT_RESULT`, or the segments of a choice as `OBR|RXO`."""
        return "|".join(self.names)
