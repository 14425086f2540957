"""Files of rows by the layout that the settings declare: a message a row, a group of rows or a file, as it says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from careloom.core.errors import ConfigurationError, FormatError
from careloom.formats.csv import Layout, Row, RowError
from careloom.formats.csv.units import Unit as Rows
from careloom.formats.csv.units import rows_of
from careloom.formats.csv.units import units as split
from careloom.mapping.reading import Bytes, Unit, Units, Unread, whole
from careloom.mapping.source import Settings

MEDIA_TYPE: Final = "application/json"
_PIECE: Final = 1 << 20
WHOLE: Final[Mapping[str, str]] = {
    "delimited": "text/csv",
    "fixed": "text/plain",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Media types of files that are one message as they are, by the kind of their layout."""


def units(source: Bytes, settings: Settings) -> Units:
    """A row without key columns is known by its file's digest and its number: the same file again is a repeat."""
    layout = _layout(settings)
    data = whole(source) if layout.message == "file" else source
    file = _digest(data)
    try:
        for one in split(data, layout, file=file):
            if isinstance(one, RowError):
                yield Unread(error=_error(one), body=b"", place=f"line {one.line}")
            else:
                yield _unit(one, layout, file)
    except FormatError as error:
        yield Unread(error=error, body=data if isinstance(data, bytes) else b"")


def parse(body: bytes, settings: Settings) -> Sequence[Row]:
    """The rows of one message, typed."""
    return rows_of(body, _layout(settings))


def _digest(source: Bytes) -> str:
    """What a file is known by; an open one stands at its beginning again."""
    made = hashlib.blake2b(source if isinstance(source, bytes) else b"", digest_size=16)
    if not isinstance(source, bytes):
        while octets := source.read(_PIECE):
            made.update(octets)
        source.seek(0)
    return made.hexdigest()


def _unit(one: Rows, layout: Layout, file: str) -> Unit:
    digest = hashlib.blake2b(one.body, digest_size=8).hexdigest()
    # Rows change: what a key names may come again with other content, in another file.
    key = f"{layout.name}/{one.key}/{digest}" if one.key else f"{layout.name}/{file}/{one.row}"
    about = one.key or f"{file}/{one.row}"
    return Unit(
        type=layout.name,
        key=key,
        subject=f"Row/{layout.name}/{about}",
        body=one.body,
        media_type=WHOLE[layout.kind] if layout.message == "file" else MEDIA_TYPE,
        place=f"line {one.line}",
    )


def _error(error: RowError) -> FormatError:
    return FormatError(error.text, error.place)


def _layout(settings: Settings) -> Layout:
    if not isinstance(settings.layout, Layout):
        raise ConfigurationError('rows need a layout: [sources.NAME] layout = "layouts/prices.toml"')
    return settings.layout
