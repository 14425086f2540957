"""HL7 v2: each message of a file, a batch or a stream of frames; known by MSH-10, and held against its profile."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.formats.inspection import Finding
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings
from careloom.mapping.subject import subject_of

MEDIA_TYPE = "application/hl7-v2"


def units(source: Bytes, settings: Settings) -> Units:
    """See `careloom.mapping.reading`."""
    data = whole(source)
    pieces = hl7v2.split(data) or [hl7v2.Piece(data, 0, 1, None, FormatError("holds no message", "line 1"))]
    for piece in pieces:
        place = f"line {piece.line}"
        try:
            if piece.error is not None:
                raise piece.error
            header = hl7v2.peek(piece.data)
            if not header.control_id:
                raise FormatError("missing: a message is known by its control id", "MSH-10")
            subject, others = subject_of(piece.data, header)
            for wrong in deviations(piece.data, settings):
                raise FormatError(wrong.text, wrong.place)
        except (FormatError, MappingError) as problem:
            where = problem.field or ""
            yield Unread(error=FormatError(problem.reason, where), body=piece.data, place=place)
            continue
        yield Unit(
            type=header.type,
            key=header.control_id,
            subject=subject,
            others=others,
            body=piece.data,
            media_type=MEDIA_TYPE,
            place=place,
        )


def parse(body: bytes, settings: Settings) -> hl7v2.Message:  # noqa: ARG001
    """The message."""
    return hl7v2.parse(body)


def deviations(body: bytes, settings: Settings) -> Sequence[Finding]:
    """What a sender's settings refuse a message for: errors alone, none where nothing is to be checked. Raises
    FormatError when it cannot be read."""
    if settings.strict is None and settings.profile is None:
        return ()
    found = hl7v2.validate(hl7v2.parse(body), profile=settings.profile, strict=bool(settings.strict))
    return [one for one in found if one.severity == "error"]
