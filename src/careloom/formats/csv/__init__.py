"""Files of rows by declared layouts: delimited text, fixed width, Excel workbooks.

    layout = Layout.load(path.read_text())
    reading = rows(stream, layout)
    for result in reading: ...          # Row or RowError, in the order of the file
    reading.totals.right                # counts and sums as the trailer states them

A row is numbered as a spreadsheet shows it: the header row is row 1 where there is one.
"""

from careloom.formats.csv.layout import Column, Discriminator, Layout, Limits, RecordType, Total
from careloom.formats.csv.reading import Reading, rows
from careloom.formats.csv.row import Row, RowError, Totalled, Totals, Value

__all__ = [
    "Column",
    "Discriminator",
    "Layout",
    "Limits",
    "Reading",
    "RecordType",
    "Row",
    "RowError",
    "Total",
    "Totalled",
    "Totals",
    "Value",
    "rows",
]
