"""Rows to a file, as its layout declares; totals are computed from the rows that are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from careloom.core.errors import FormatError
from careloom.formats.csv.cells import CellError, writer
from careloom.formats.csv.formulas import guarded
from careloom.formats.csv.layout import Column, Layout, RecordType, Total
from careloom.formats.csv.row import Row, Value
from careloom.formats.csv.sheet_writing import workbook_of
from careloom.formats.csv.totals import Tally

_FLUSH: Final = 65_536


def write(
    records: Iterable[Row | Mapping[str, Value]],
    layout: Layout,
    *,
    header: Mapping[str, Value] | None = None,
    trailer: Mapping[str, Value] | None = None,
) -> bytes:
    """The file of these rows. Plain mappings are details. FormatError names row and column of what cannot be written.

    Header and trailer records are those among the rows, else `header` and `trailer`; the totals that a trailer states
    are computed, whatever it was given.
    """
    return b"".join(pieces(records, layout, header=header, trailer=trailer))


def pieces(
    records: Iterable[Row | Mapping[str, Value]],
    layout: Layout,
    *,
    header: Mapping[str, Value] | None = None,
    trailer: Mapping[str, Value] | None = None,
) -> Iterator[bytes]:
    """The same file in pieces, for streams; memory is flat but for workbooks."""
    lines = _lines(records, layout, header, trailer)
    if layout.kind == "excel":
        yield workbook_of(lines, layout.sheet or layout.name)
        return
    # Only the first piece may open with a byte order mark.
    encoder = io.TextIOWrapper(buffer := io.BytesIO(), encoding=layout.encoding, newline="", write_through=True)
    put = encoder.write if layout.kind == "fixed" else _csv_writer(encoder, layout)
    for cells in lines:
        try:
            put("".join(map(str, cells)) + layout.line_end if layout.kind == "fixed" else cells)  # type: ignore[arg-type]
        except UnicodeEncodeError:
            raise FormatError(f"a letter that {layout.encoding} does not have; write the file as utf-8", "file") from None
        except csv.Error:
            raise FormatError("a value with a mark that the layout cannot quote or escape", "file") from None
        if buffer.tell() > _FLUSH:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _csv_writer(stream: io.TextIOWrapper, layout: Layout) -> Callable[[Sequence[object]], object]:
    return csv.writer(
        stream,
        delimiter=layout.delimiter,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        doublequote=not layout.escape,
        escapechar=layout.escape or None,
        lineterminator=layout.line_end,
    ).writerow
