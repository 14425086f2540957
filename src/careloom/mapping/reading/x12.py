"""X12: each transaction set of a file, known by its sender and control numbers; big ones in slices of some claims."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.mapping.reading import Bytes, Unit, Units, Unread
from careloom.mapping.source import Settings

MEDIA_TYPE: Final = "application/edi-x12"
CLAIMS: Final = 200
"""Claims in one message of a large 835 or 837: enough to be quick, few enough to be held and sealed at once."""


def units(source: Bytes, settings: Settings) -> Units:  # noqa: ARG001
    """See `careloom.mapping.reading`. Sets of one kind from one sender keep their order."""
    empty = True
    for piece in x12.pieces(source, claims=CLAIMS):
        empty = False
        place = f"segment {piece.ordinal}"
        if piece.error is not None:
            yield Unread(error=piece.error, body=piece.data, place=place)
        else:
            yield Unit(
                type=piece.set_id,
                key=_key(piece),
                subject=f"X12/{piece.sender or '-'}/{piece.set_id}",
                body=piece.data,
                media_type=MEDIA_TYPE,
                place=place,
            )
    if empty:
        yield Unread(error=FormatError("holds no interchange; X12 begins with an ISA segment", "segment 1"), body=b"")


def parse(body: bytes, settings: Settings) -> x12.Transaction | x12.Interchange:  # noqa: ARG001
    """The transaction set of a slice, or the interchange whose TA1 it is. Raises FormatError when it holds neither."""
    for interchange in x12.parse(body):
        for transaction in interchange.transactions:
            return transaction
        if interchange.acknowledgements:
            return interchange
    raise FormatError("holds no transaction set", "ST")


def _key(piece: x12.Piece) -> str:
    """Control numbers are unique between two parties, and those of a group only within its kind (X12.5, X12.6)."""
    numbers = (
        piece.sender, piece.receiver, piece.interchange_control, piece.group_control, piece.set_id, piece.control
    )  # fmt: skip
    return "/".join(numbers) + (f"/{piece.part}" if piece.part else "")
