"""HL7 v2: each message of a file, a batch or a stream of frames; known by MSH-10."""

from __future__ import annotations

from careloom.core.errors import FormatError, MappingError
from careloom.formats import hl7v2
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings
from careloom.mapping.subject import subject_of

MEDIA_TYPE = "application/hl7-v2"


def units(source: Bytes, settings: Settings) -> Units:  # noqa: ARG001
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
