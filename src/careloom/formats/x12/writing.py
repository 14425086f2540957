"""Interchanges: sets in their groups, with control numbers, counts and delimiters computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, Literal

import msgspec

from careloom.core.errors import FormatError
from careloom.formats.x12.building import BuiltSet
from careloom.formats.x12.delimiters import Delimiters
from careloom.formats.x12.drafting import Draft, render

_MOST: Final = 999_999_999


class Parties(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends to whom: ISA06 and ISA08 with their qualifiers, GS02 and GS03 (those of ISA where left out)."""

    sender: str
    receiver: str
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    application_sender: str = ""
    application_receiver: str = ""


def write(
    sets: Sequence[BuiltSet],
    parties: Parties,
    *,
    time: datetime,
    control: int,
    group_control: int | None = None,
    set_control: int = 1,
    acknowledgements: Sequence[Draft] = (),
    usage: Literal["P", "T"] = "P",
    acknowledge: bool = False,
    delimiters: Delimiters | None = None,
    line_breaks: bool = False,
) -> bytes:
    """One interchange. Sets of the same kind and version in a row share a group.

    `control` is ISA13 (1 to 999999999); groups count on from `group_control` (else from `control`), sets from
    `set_control`. `time` is written as it is. `acknowledgements` are TA1 segments. With `line_breaks` a
    newline follows each
    terminator. FormatError, located, for a value with a delimiter in it and an identifier that does not fit.
    """
    writer = _Writer(delimiters or Delimiters(), line_breaks=line_breaks)
    writer.interchange(parties, time, control, usage, acknowledge=acknowledge)
    for draft in acknowledgements:
        writer.add(draft)
    groups = [list(group) for _, group in groupby(sets, key=lambda built: (built.functional, built.version))]
    for number, group in enumerate(groups, group_control if group_control is not None else control):
        writer.group(group, parties, time, number, set_control)
        set_control += len(group)
    writer.add(Draft("IEA", (len(groups), f"{control:09}")))
    return writer.bytes()


class _Writer:
    """Renders segments one after another."""

    def __init__(self, marks: Delimiters, *, line_breaks: bool) -> None:
        self._marks = marks
        self._end = marks.terminator.decode("latin-1") + ("\n" if line_breaks else "")
        self._lines: list[str] = []

    def add(self, draft: Draft, place: str = "") -> None:
        self._lines.append(render(draft, self._marks, place) + self._end)

    def interchange(self, parties: Parties, time: datetime, control: int, usage: str, *, acknowledge: bool) -> None:
        """ISA has fixed widths, and is the one segment that names delimiters."""
        if not 0 < control <= _MOST:
            raise FormatError("the control number must be of 1 to 999999999", "ISA13")
        marks = self._marks
        elements = [
            "00", " " * 10, "00", " " * 10,
            _fixed(parties.sender_qualifier, 2, "ISA05"), _fixed(parties.sender, 15, "ISA06"),
            _fixed(parties.receiver_qualifier, 2, "ISA07"), _fixed(parties.receiver, 15, "ISA08"),
            time.strftime("%y%m%d"), time.strftime("%H%M"), marks.repetition.decode("latin-1") or "U", "00501",
            f"{control:09}", "1" if acknowledge else "0", usage,
        ]  # fmt: skip
        for number, element in enumerate(elements, 1):
            if number != 11 and any(character in marks.all.decode("latin-1") for character in element):
                raise FormatError(
                    "the value holds a character that this interchange uses as a delimiter", f"ISA{number:02}"
                )
        separator = marks.element.decode("latin-1")
        head = separator.join(["ISA", *elements, marks.component.decode("latin-1")])
        self._lines.append(head + self._end)

    def group(self, sets: Sequence[BuiltSet], parties: Parties, time: datetime, control: int, first: int) -> None:
        version = sets[0].version
        self.add(
            Draft(
                "GS",
                (
                    sets[0].functional, parties.application_sender or parties.sender,
                    parties.application_receiver or parties.receiver,
                    time.date(), time.time().replace(second=0, microsecond=0), control, "X", version,
                ),
            )
        )  # fmt: skip
        for number, built in enumerate(sets, first):
            for draft in _enclosed(built, f"{number:04}"):
                self.add(draft, f"{built.id} ")
        self.add(Draft("GE", (len(sets), control)))

    def bytes(self) -> bytes:
        """Everything so far, in UTF-8 (ASCII where the values are), or in ISO 8859-1 where a delimiter is
        beyond ASCII."""
        text = "".join(self._lines)
        return text.encode() if self._marks.all.isascii() else text.encode("latin-1")


def _enclosed(built: BuiltSet, control: str) -> Iterator[Draft]:
    yield Draft("ST", (built.id, control, built.version if built.names_guide else None))
    yield from built.segments
    yield Draft("SE", (len(built.segments) + 2, control))


def _fixed(text: str, width: int, place: str) -> str:
    if len(text) > width:
        raise FormatError(f"longer than {width} characters", place)
    return text.ljust(width)
