"""Whether a message follows HL7 of its version, and its interface's own profile. Findings name places, never values.

findings = hl7v2.validate(message)                        # lenient: what cannot be relied on is an error
findings = hl7v2.validate(message, strict=True)           # every deviation is
findings = hl7v2.validate(message, profile=profile)       # the profile's own rules are errors either way
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from careloom.formats.hl7v2.checks import FieldCheck, faults_of_field, faults_of_type, segment_check, type_check
from careloom.formats.hl7v2.conditions import broken_rules, has_rules
from careloom.formats.hl7v2.dictionary import Structure
from careloom.formats.hl7v2.dictionary.structure import ROOT
from careloom.formats.hl7v2.dictionary.tables import all_segments
from careloom.formats.hl7v2.dictionary.versions import VERSIONS, is_version
from careloom.formats.hl7v2.fields import Fields
from careloom.formats.hl7v2.grouping import Group, View, view
from careloom.formats.hl7v2.message import Message
from careloom.formats.hl7v2.overlay import overlaid
from careloom.formats.hl7v2.profiles import Profile
from careloom.formats.hl7v2.segment import NULL, Segment
from careloom.formats.inspection import Finding, Severity

# What no reader can rely on, even one who takes messages as they come; all other deviations are then warnings.
_ALWAYS_ERRORS: Final = frozenset({"body-missing", "type-missing", "version-unknown", "content-invalid"})
# What is allowed, and worth knowing.
_NEVER_ERRORS: Final = frozenset(
    {"code-unusual", "segment-local", "version-assumed", "field-superseded", "structure-alias"}
)
_OFTEN_LEFT_OUT: Final = frozenset({"EVN", "PV1", "PV2", "SFT", "NTE", "NK1", "QRF", "RCP", "QAK", "DSC"})
_OPEN: Final = frozenset({"QPD", "RDT"})  # as many fields as the query names (v2.5.1 chapters 5.5.4 and 5.5.8)
_BEFORE_LISTS: Final = frozenset({"MSH", "FHS", "BHS"})


def validate(message: Message, *, profile: Profile | None = None, strict: bool = False) -> list[Finding]:
    """What is wrong in a message, in the order of the message: its header and structure first, then its fields."""
    seen = view(message, structure=profile.structure if profile else "", version=profile.version if profile else "")
    return validated(seen, profile=profile, strict=strict)


def validated(seen: View, *, profile: Profile | None = None, strict: bool = False) -> list[Finding]:
    """As `validate`, of a message that is already viewed."""
    found = _Findings(strict)
    _check_header(seen, found)
    _check_structure(seen, profile, found)
    for segment in seen.message.segments():
        _check_segment(segment, seen, found)
    if profile is None:
        return found.all
    return overlaid(seen, profile, found.all)


class _Findings:
    """Collects, with the severity that each code has."""

    def __init__(self, strict: bool) -> None:
        self.all: list[Finding] = []
        self._strict = strict

    def add(self, code: str, place: str, text: str) -> None:
        """One more."""
        self.all.append(Finding(code=code, place=place, text=text, severity=self._severity(code)))

    def _severity(self, code: str) -> Severity:
        if code in _NEVER_ERRORS:
            return "warning"
        return "error" if self._strict or code in _ALWAYS_ERRORS else "warning"


def _check_header(seen: View, found: _Findings) -> None:
    message = seen.message
    kind, version = message.type, message.version
    if not kind.code:
        found.add("type-missing", "MSH[1]-9", "the message type is empty")
    elif seen.structure is None:
        found.add("type-unknown", "MSH[1]-9", "no known message type; its segments are checked, their order is not")
    elif kind.structure and kind.structure != seen.name:
        same = seen.dictionary.structure(kind.structure) is seen.structure
        text = f"not the structure of this event, which is {seen.name}"
        found.add("structure-alias" if same else "structure-differs", "MSH[1]-9.3", text)
    if version not in VERSIONS:
        code = "version-assumed" if is_version(version) else "version-unknown" if version else "field-missing"
        found.add(code, "MSH[1]-12", f"no version of HL7 v2 that is known; read as {seen.dictionary.version}")
    event = message.segment("EVN")
    if event is not None and kind.event and event.value(1) not in ("", kind.event):
        found.add("event-differs", "EVN[1]-1", "not the trigger event of MSH-9.2")


def _check_structure(seen: View, profile: Profile | None, found: _Findings) -> None:
    known = profile.segments() if profile else frozenset()
    for fields, reason in seen.strays:
        segment = fields.segment
        place = f"{segment.name}[{segment.index}]"
        if reason == "local":
            if segment.name not in known:
                found.add("segment-local", place, "a segment of the site's own; no rules are known for it")
        elif reason == "late":
            found.add("segment-order", place, f"stands later than {seen.name} has it; read where it belongs")
        elif reason == "misplaced":
            found.add("segment-misplaced", place, f"{seen.name} has no such segment here, or not once more")
        else:
            text = f"{seen.name} has no such segment" if segment.name in all_segments() else "no segment of HL7 v2"
            found.add("segment-unknown", place, text)
    if seen.structure is not None:
        _check_group(seen, seen.structure, found)


def _check_group(group: Group, structure: Structure, found: _Findings) -> None:
    """That all is there which the structure requires of this instance and those inside it."""
    for slot in structure.required_slots(group.number):
        if slot not in group.filled:
            name = "|".join(structure.slots[slot].names)
            core = group.number == ROOT and name not in _OFTEN_LEFT_OUT
            found.add("body-missing" if core else "segment-missing", _place_in(group, name), "required, and not there")
    inner = [one for one in group.children if isinstance(one, Group)]
    there = {one.number for one in inner}
    for number in structure.required_groups(group.number):
        if number not in there:
            name = structure.groups[number].name
            core = group.number == ROOT
            text = f"required, and not there; it opens with {structure.opening(number)}"
            found.add("body-missing" if core else "group-missing", _place_in(group, name), text)
    for one in inner:
        _check_group(one, structure, found)


def _place_in(group: Group, name: str) -> str:
    """`PID` in the message itself; `ORC[2]/OBR` in the group that opens with ORC[2]."""
    first = next((one.segment for one in group.children if isinstance(one, Fields)), None)
    if group.number == ROOT or first is None:
        return name
    return f"{first.name}[{first.index}]/{name}"


def _check_segment(segment: Segment, seen: View, found: _Findings) -> None:
    version, name = seen.dictionary.version, segment.name
    checks = segment_check(version, name)
    if checks is None:
        return
    separators, parts = segment.dialect.separators, segment.parts
    again, between = separators.repetition, separators.component
    start = 3 if name in _BEFORE_LISTS else 1
    for field in range(start, len(parts)):
        raw = parts[field]
        if raw and raw != NULL:
            check = checks.fields.get(field)
            if check is None or not check.fits(raw, again, between):
                _check_field(segment, field, check, version, found)
    for field in checks.required:
        if field >= start and not (field < len(parts) and parts[field]):
            found.add("field-missing", _place(segment, field), f"required in v{version}, and empty")
    _check_conditions(segment, version, found)


def _check_field(segment: Segment, field: int, check: FieldCheck | None, version: str, found: _Findings) -> None:
    """The closer look at a field that is not right at a glance."""
    if check is None or check.definition.usage == "F":
        if segment.name not in _OPEN:
            found.add("field-unknown", _place(segment, field), f"v{version} has no such field")
        return
    if check.definition.usage in "WX":
        found.add("field-superseded", _place(segment, field), f"v{version} has withdrawn this field")
    for code, inside, text in faults_of_field(check, segment.parts[field], segment.dialect.separators):
        found.add(code, f"{_place(segment, field)}{inside}", text)


def _check_conditions(segment: Segment, version: str, found: _Findings) -> None:
    if not has_rules(segment.name):
        return
    for code, inside, text in broken_rules(segment):
        found.add(code, f"{segment.name}[{segment.index}]-{inside}", text)
    if segment.name == "OBX":
        for code, inside, text in _faults_of_observation(segment, version):
            found.add(code, f"{_place(segment, 5)}{inside}", text)


def _faults_of_observation(obx: Segment, version: str) -> Iterator[tuple[str, str, str]]:
    """OBX-5 against OBX-2 (v2.5.1 chapter 7.4.2.5). A type of another version, such as CE, is read as it is there."""
    kind, raw = obx.raw_field(2), obx.raw_field(5)
    if not kind or not raw:
        return
    check = type_check(version, kind)
    if check.fits(raw, obx.dialect.separators.component):
        return
    again = obx.dialect.separators.repetition
    pieces = raw.split(again) if again and again in raw else [raw]
    for number, one in enumerate(pieces, 1):
        inside = f"[{number}]" if len(pieces) > 1 else ""
        if one and one != NULL:
            yield from faults_of_type(check, one, inside, obx.dialect.separators)


def _place(segment: Segment, field: int) -> str:
    return f"{segment.name}[{segment.index}]-{field}"
