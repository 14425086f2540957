"""One segment, read lazily: it keeps its bytes, and is cut into elements when somebody asks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from careloom.formats.x12.delimiters import BLANKS, Delimiters

_REFERENCE: Final = re.compile(r"(?:([A-Z][A-Z0-9]{1,2}?))?(\d{2})(?:\[([1-9]\d{0,3})\])?(?:-([1-9]\d?))?", re.ASCII)


class Segment:
    """A segment as it came. `raw` are all bytes between two terminators, so leading line breaks too.

    `ordinal` counts the segments of the file from 1 (the ISA is 1), `offset` is where its identifier stands in
    the file.
    Elements are numbered from 1 and components from 1, as X12 writes them: CLM05-1 is `segment.component(5, 1)` or
    `segment["CLM05-1"]`. What is absent reads as `""`.
    """

    __slots__ = ("_parts", "delimiters", "offset", "ordinal", "raw")

    def __init__(self, raw: bytes, delimiters: Delimiters, ordinal: int = 0, offset: int = 0) -> None:
        self.raw = raw
        self.delimiters = delimiters
        self.ordinal = ordinal
        self.offset = offset
        self._parts: list[str] | None = None

    @property
    def parts(self) -> list[str]:
        """Identifier and elements: `parts[0]` is the identifier, `parts[5]` element 5. UTF-8, else ISO 8859-1."""
        if self._parts is None:
            self._parts = split_segment(self.raw, self.delimiters)
        return self._parts

    @property
    def id(self) -> str:
        """The segment identifier (`CLM`)."""
        return self.parts[0]

    @property
    def elements(self) -> list[str]:
        """The texts of the elements, in order; trailing ones that were not sent are absent."""
        return self.parts[1:]

    def __len__(self) -> int:
        """How many elements were sent."""
        return len(self.parts) - 1

    def __getitem__(self, reference: int | str) -> str:
        """The text of an element by its number, or of `CLM05`, `05`, `05-1`, `05[2]-1`. ValueError for no reference."""
        if isinstance(reference, int):
            parts = self.parts
            return parts[reference] if 0 < reference < len(parts) else ""
        name, element, repetition, component = element_reference(reference)
        if name and name != self.id:
            return ""
        return self.value(element, component, repetition)

    def get(self, reference: int | str, default: str = "") -> str:
        """As indexing, with what to give when it is absent or empty."""
        return self[reference] or default

    def value(self, element: int, component: int = 0, repetition: int = 0) -> str:
        """One value. Component 0 is the whole element (or repetition), repetition 0 the whole element."""
        text = self[element]
        if repetition or component:
            text = nth(self.repetitions(element), repetition or 1)
        return nth(self._components_of(text), component) if component else text

    def component(self, element: int, component: int) -> str:
        """A component of the first repetition of an element."""
        return self.value(element, component)

    def components(self, element: int, repetition: int = 1) -> tuple[str, ...]:
        """The components of one repetition; one for a simple element, none for an absent one."""
        if self.delimiters.repetition == self.delimiters.component:
            return self._components_of(self[element])
        return self._components_of(nth(self.repetitions(element), repetition))

    def repetitions(self, element: int) -> tuple[str, ...]:
        """The texts of the repetitions of an element; none for an absent one."""
        text, separator = self[element], self.delimiters.repetition
        if not text:
            return ()
        return tuple(text.split(separator.decode("latin-1"))) if separator and self.id != "ISA" else (text,)

    def _components_of(self, text: str) -> tuple[str, ...]:
        separator = self.delimiters.component
        if not text:
            return ()
        return tuple(text.split(separator.decode("latin-1"))) if separator and self.id != "ISA" else (text,)

    def __repr__(self) -> str:
        """Place and shape only: values may name a person."""
        return f"<Segment {self.id} #{self.ordinal}, {len(self)} elements>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Segment) and self.parts == other.parts and self.delimiters == other.delimiters

    __hash__ = None  # type: ignore[assignment]


def split_segment(raw: bytes, delimiters: Delimiters) -> list[str]:
    """Identifier and elements as text. Line breaks inside are no part of the data: files get wrapped at a column."""
    text = decode(raw.lstrip(BLANKS))
    separator = delimiters.element.decode("latin-1")
    if text.startswith(("BIN" + separator, "BDS" + separator)):
        return text.split(separator, 2 if text[1] == "I" else 3)
    if "\n" in text or "\r" in text:
        text = text.replace("\r", "").replace("\n", "")
    return text.split(separator)


def cut(raw: bytes, separator: bytes) -> list[bytes]:
    """Identifier and elements as bytes, for what looks at many segments; not for binary ones."""
    head = raw.lstrip(BLANKS)
    if b"\n" in head or b"\r" in head:
        head = head.replace(b"\r", b"").replace(b"\n", b"")
    return head.split(separator)


def identifier(raw: bytes, separator: bytes) -> bytes:
    """The identifier of a raw segment; empty for an empty one."""
    return raw.lstrip(BLANKS).partition(separator)[0].rstrip(BLANKS)


def decode(data: bytes) -> str:
    """UTF-8, or ISO 8859-1 where it is not: no bytes are refused here, validation names them."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def nth(values: tuple[str, ...], number: int) -> str:
    """The value with this number, from 1, or `""`."""
    return values[number - 1] if number <= len(values) else ""


@lru_cache(maxsize=4096)
def element_reference(text: str) -> tuple[str, int, int, int]:
    """`CLM05[2]-1` as segment, element, repetition, component; `""` and 0 for what is not named."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} names no element; write CLM05, CLM05-1 or 05[2]-1")
    name, element, repetition, component = found.groups()
    return name or "", int(element), int(repetition or 0), int(component or 0)
