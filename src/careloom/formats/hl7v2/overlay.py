"""A profile laid over a message's findings: its own rules are checked, and what it replaces or ignores is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from careloom.formats.hl7v2.checks import faults_of_type, type_check
from careloom.formats.hl7v2.grouping import View
from careloom.formats.hl7v2.profiles import Profile, place_of
from careloom.formats.hl7v2.segment import NULL, Segment, part_of
from careloom.formats.inspection import Finding


def overlaid(seen: View, profile: Profile, standard: Sequence[Finding]) -> list[Finding]:
    """The standard's findings that the profile lets stand, and its own, which are errors always."""
    own = [
        Finding(code=code, place=place, text=f"{text} (profile {profile.name})")
        for code, place, text in _broken(seen, profile)
    ]
    return [one for one in (*standard, *own) if not _set_aside(one, profile)]


def _set_aside(finding: Finding, profile: Profile) -> bool:
    place = _plain(finding.place)
    if finding.code in profile.ignore or f"{finding.code}@{place}" in profile.ignore:
        return True
    replaced = finding.code in ("code-unknown", "code-unusual") and "(profile" not in finding.text
    return replaced and any(place == one or place == f"{one}.1" for one in profile.tables)


def _plain(place: str) -> str:
    """A place without its numbers of segment and repetition."""
    kept, outside = [], True
    for mark in place:
        outside = outside and mark != "["
        kept.append(mark if outside else "")
        outside = outside or mark == "]"
    return "".join(kept)


def _broken(seen: View, profile: Profile) -> Iterator[tuple[str, str, str]]:
    yield from _counts(seen, profile)
    for place in profile.required:
        yield from _required(seen, place)
    for place in profile.forbidden:
        for found, raw in _values(seen, place):
            if raw and raw != NULL:
                yield "forbidden", found, "not allowed"
    for place, longest in profile.lengths.items():
        for found, raw in _values(seen, place):
            if len(raw) > longest:
                yield "too-long", found, f"longer than {longest} characters"
    for place, codes in profile.tables.items():
        for found, raw in _values(seen, place):
            if raw and raw != NULL and raw.split(seen.message.separators.component or "\r")[0] not in codes:
                yield "code-unknown", found, "not one of the codes agreed on"
    yield from _types(seen, profile.types)


def _counts(seen: View, profile: Profile) -> Iterator[tuple[str, str, str]]:
    for name, (fewest, most) in profile.cardinality.items():
        count = len(seen.message.segments(name))
        if not fewest <= count <= most:
            yield "count-differs", name, f"comes {count} times; {fewest} to {most} are agreed on"


def _types(seen: View, types: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for place, kind in types.items():
        check = type_check(seen.dictionary.version, kind)
        for found, raw in _values(seen, place):
            if raw and raw != NULL:
                for fault in faults_of_type(check, raw, "", seen.message.separators):
                    yield fault.code, f"{found}{fault.inside}", fault.text


def _required(seen: View, place: str) -> Iterator[tuple[str, str, str]]:
    segment, field, component, _ = place_of(place)
    if not field:
        if not seen.message.segments(segment):
            yield "segment-missing", segment, "required, and not there"
        return
    for found, raw in _values(seen, place, absent=True):
        if not raw or raw == NULL:
            yield "component-missing" if component else "field-missing", found, "required, and empty"


def _values(seen: View, place: str, *, absent: bool = False) -> Iterator[tuple[str, str]]:
    """Each value at a place of a profile, as it stands, with its place in the message; of every repetition."""
    name, field, component, subcomponent = place_of(place)
    for segment in seen.message.segments(name):
        at = f"{name}[{segment.index}]"
        if not field:
            yield at, segment.raw
            continue
        inside = f".{component}" * bool(component) + f".{subcomponent}" * bool(subcomponent)
        pieces = _repetitions(segment, field) or ([""] if absent else [])
        for number, piece in enumerate(pieces, 1):
            repetition = f"[{number}]" if len(pieces) > 1 else ""
            raw = part_of(piece, segment.dialect.levels, 1, component, subcomponent) if component else piece
            yield f"{at}-{field}{repetition}{inside}", raw


def _repetitions(segment: Segment, field: int) -> list[str]:
    """Each repetition of a field, split once."""
    raw, mark = segment.raw_field(field), segment.dialect.separators.repetition
    if not raw:
        return []
    return raw.split(mark) if mark else [raw]
