"""Messages of our own: from an empty header on, or segment by segment as the structure of an event has them.

    siu = hl7v2.build("SIU^S12", time=now, control_id=ids(), version="2.5.1",
                      sender=("CARELOOM", "HUB"), receiver=("EHR", "LAKESIDE"))
    siu.add("SCH", filler_appointment_id=("FA8801", "SCHED"), event_reason=("NEW", "New appointment", "L"))
    siu.add("PID", patient_identifiers=[Identifier("MRN1", authority=Authority("LAKESIDE"), type="MR")],
            patient_name=("Okafor", "Ines"))
    siu.add("RGS", set_id=1)
    siu.add("AIS", set_id=1, start_time=start)
    message = siu.message()

Segments may come in any order within a group: each stands where the structure has it. A group begins anew when a
segment comes that opens it again, so that the orders of a message follow one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from careloom.core.errors import FormatError
from careloom.formats.hl7v2.charsets import codec_named
from careloom.formats.hl7v2.dictionary import Dictionary, SegmentDefinition, Structure, dictionary_of
from careloom.formats.hl7v2.fields import Fields
from careloom.formats.hl7v2.grouping import Group, Placing
from careloom.formats.hl7v2.message import Message, parse
from careloom.formats.hl7v2.segment import Segment
from careloom.formats.hl7v2.separators import Separators
from careloom.formats.hl7v2.writing import Content, written

_BETWEEN_2_AND_18 = 16


def create(separators: Separators | None = None, charset: str = "") -> Message:
    """A message of one MSH segment to `set` values in; `charset` is an MSH-18 name, `""` leaves it undeclared (UTF-8).

    FormatError when the character set is not known, or is UTF-16, which few receivers read.
    """
    chosen = separators or Separators()
    opening = f"MSH{chosen.field}{chosen.encoding_characters}"
    if codec_named(charset) == "utf-16":
        raise FormatError("UTF-16 is read, not written; choose UNICODE UTF-8", "MSH-18")
    declared = f"{chosen.field * _BETWEEN_2_AND_18}{charset}" if charset else ""
    return parse(f"{opening}{declared}\r".encode("ascii"))


def build(
    type: str,
    /,
    *,
    time: datetime,
    control_id: str,
    version: str = "2.5.1",
    sender: Sequence[str] = (),
    receiver: Sequence[str] = (),
    processing_id: str = "P",
    separators: Separators | None = None,
    charset: str = "",
    **header: Content,
) -> Builder:
    """A builder for `SIU^S12` and the like. `sender` and `receiver` are application and facility; `time` and
    `control_id` fill MSH-7 and MSH-10, and EVN-2 where the event has an EVN. `header` names further fields of MSH.

    FormatError at `MSH-9` when the version knows no such event, at its place when a field is not one.
    """
    builder = Builder(type, version, time, create(separators, charset))
    own: dict[str, Content] = {
        "sending_application": tuple(sender[:1]),
        "sending_facility": tuple(sender[1:2]),
        "receiving_application": tuple(receiver[:1]),
        "receiving_facility": tuple(receiver[1:2]),
        "message_time": time,
        "message_type": builder.message_type,
        "control_id": control_id,
        "processing_id": processing_id,
        "version": version,
    }
    builder.fill_header(own | header)
    return builder


class Builder:
    """Gathers the segments of one message. Nothing is checked but that names and shapes are those of the version;
    `validate` says what a message lacks."""

    def __init__(self, type: str, version: str, time: datetime, base: Message) -> None:
        code, _, event = type.partition("^")
        self._known: Dictionary = dictionary_of(version)
        name = self._known.structure_of(code, event)
        structure = self._known.structure(name) if name else None
        if structure is None:
            raise FormatError(f"v{version} has no structure for {type}", "MSH-9")
        self.message_type = (code, event, name) if version >= "2.3.1" else (code, event)
        self._structure: Structure = structure
        self._base = base
        self._header = base.segments("MSH")[0]
        self._root = Group(0, name, "")
        self._placing = Placing(self._root, structure)
        self._placing.place(Fields(self._header, self._known), "MSH")
        self._counts = {"MSH": 1}
        if "EVN" in structure.names:
            self.add("EVN", event_type_code=event, recorded_time=time)

    def fill_header(self, values: dict[str, Content]) -> None:
        """Further fields of MSH, by name."""
        self._fill(self._header, "MSH", values)

    def add(self, name: str, /, **values: Content) -> Builder:
        """One more segment with these fields, by name or as `field_7=`; the builder itself, so that calls chain.

        A second EVN fills the first. FormatError names the place when the structure has no such segment, or cannot
        have it here; Z segments stand where they are added.
        """
        place = f"{name}[{self._counts.get(name, 0) + 1}]"
        if name == "EVN" and self._counts.get("EVN"):
            first = self._root.segment("EVN")
            assert first is not None
            self._fill(first.segment, "EVN[1]", values)
            return self
        segment = Segment(name + self._base.separators.field, 0, self._counts.get(name, 0) + 1, self._header.dialect)
        if not name.startswith("Z") and name not in self._structure.names:
            raise FormatError(f"{self._structure.name} has no such segment", place)
        self._fill(segment, place, values)
        reason = self._placing.place(Fields(segment, self._known), name)
        if reason == "misplaced":
            raise FormatError(f"{self._structure.name} has no room for it here, or not once more", place)
        self._counts[name] = self._counts.get(name, 0) + 1
        return self

    def message(self) -> Message:
        """The message, its segments in the order of the structure."""
        lines = [segment.raw for segment in self._ordered(self._root)]
        text = "\r".join(lines) + "\r"
        return parse(text.encode(self._base.charset))

    def _ordered(self, group: Group) -> list[Segment]:
        found: list[Segment] = []
        for child in self._sorted(group):
            found.extend(self._ordered(child) if isinstance(child, Group) else [child.segment])
        return found

    def _sorted(self, group: Group) -> Sequence[Fields | Group]:
        """The children of a group by their slots; a Z segment stays behind what it was added after."""
        order: list[tuple[int, int]] = []
        last = -1
        for at, child in enumerate(group.children):
            slot = self._slot_of(child, group)
            last = last if slot is None else slot
            order.append((last, at))
        return [group.children[at] for _, at in sorted(order)]

    def _slot_of(self, child: Fields | Group, group: Group) -> int | None:
        if isinstance(child, Group):
            return self._structure.groups[child.number].first
        slots = self._structure.slots_in(group.number, child.segment.name)
        return next((slot.number for slot in slots if slot.number in group.filled), None)

    def _fill(self, segment: Segment, place: str, values: dict[str, Content]) -> None:
        definition = self._known.segment(segment.name)
        for name, content in values.items():
            if content is None:
                continue
            number = _number(name, definition, place)
            known = definition.fields.get(number) if definition else None
            kind = known.type if known else "ST"
            if kind == "varies" and segment.name == "OBX":
                kind = str(values.get("value_type") or segment.value(2) or "ST")
            repeats = known.repeats if known else True
            at = f"{place}-{number}"
            raw = written(content, kind, repeats, at, self._known, segment.dialect)
            segment.put(number, raw)


def _number(name: str, definition: SegmentDefinition | None, place: str) -> int:
    if definition is not None and name in definition.numbers:
        return definition.numbers[name]
    number = name.removeprefix("field_")
    if number != name and number.isdecimal() and 0 < int(number) < 1000:
        return int(number)
    raise FormatError(f"the segment has no field {name!r}", place)
