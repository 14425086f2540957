"""X12: each transaction set of a file, known by its sender and control numbers; big ones in slices of some claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.formats.x12.envelope import SetSummary
from careloom.formats.x12.findings import KINDS
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings

MEDIA_TYPE: Final = "application/edi-x12"
CLAIMS: Final = 200
"""Claims in one message of a large 835 or 837: enough to be quick, few enough to be held and sealed at once."""

_NO_SET: Final = FormatError("no transaction set begins here by the rules of its envelope")


def units(source: Bytes, settings: Settings) -> Units:
    """See `careloom.mapping.reading`. Sets of one kind from one sender keep their order.

    Where the settings ask for it, the file is validated before any of it is taken, and a set that a 999 or TA1 of the
    same assessment rejects is refused as a whole, in one piece.
    """
    if is_checked(settings) and not (isinstance(source, bytes) or source.seekable()):
        source = whole(source)
    verdicts = _verdicts(source, settings) if is_checked(settings) else None
    empty = True
    for piece in x12.pieces(source, claims=CLAIMS):
        empty = False
        place = f"segment {piece.ordinal}"
        if piece.error is not None:
            yield Unread(error=piece.error, body=piece.data, place=place)
        elif verdicts is not None and piece.set_id != "TA1" and (reason := verdicts.get(piece.ordinal, _NO_SET)):
            if piece.part <= 1:
                yield Unread(error=reason, body=piece.data, place=place if reason is _NO_SET else "")
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


def is_checked(settings: Settings) -> bool:
    """Whether a sender's X12 is validated as it comes."""
    return settings.strict is not None or settings.code_lists is not None


def assess(source: Bytes, settings: Settings) -> x12.Assessment:
    """The file held against X12, its guides and the sender's code lists, as strictly as the settings say: what its
    acknowledgements are made of. In one pass and flat memory."""
    return x12.validate(source, strict=bool(settings.strict), codes=settings.code_lists)


def _verdicts(source: Bytes, settings: Settings) -> Mapping[int, FormatError | None]:
    """Why each set is rejected, by the ordinal of its ST: an error of its own, of its group or interchange. None for
    one that is not."""
    start = None if isinstance(source, bytes) else source.tell()
    assessment = assess(source, settings)
    if start is not None and not isinstance(source, bytes):
        source.seek(start)
    first = _first_errors(assessment)
    found: dict[int, FormatError | None] = {}
    for interchange, group, number, summary in _sets(assessment):
        places = ((interchange, 0, 0), (interchange, group, 0), (interchange, group, number))
        finding = next((first[place] for place in places if place in first), None)
        unlisted = FormatError("has errors beyond the first of the file, which are listed", "ST")
        reason = FormatError(finding.text, finding.place) if finding is not None else unlisted
        found[summary.ordinal] = reason if finding is not None or summary.errors else None
    return found


def _first_errors(assessment: x12.Assessment) -> Mapping[tuple[int, int, int], x12.Fault]:
    """The first error of each interchange, group and set as such, by their numbers, 0 for what is around them."""
    first: dict[tuple[int, int, int], x12.Fault] = {}
    for finding in assessment.findings:
        if finding.severity == "error":
            level = KINDS[finding.code].level
            group = 0 if level == "interchange" else finding.group
            number = 0 if level in ("interchange", "group") else finding.set
            first.setdefault((finding.interchange, group, number), finding)
    return first


def _sets(assessment: x12.Assessment) -> Iterator[tuple[int, int, int, SetSummary]]:
    """Each set with its numbers and those of what is around it, from 1."""
    for interchange, envelope in enumerate(assessment.interchanges, 1):
        for group, inside in enumerate(envelope.groups, 1):
            for number, summary in enumerate(inside.sets, 1):
                yield interchange, group, number, summary
