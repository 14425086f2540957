"""X12 005010 (and 004010, leniently): read with flat memory, placed in loops, written back to the byte.

    [interchange] = x12.parse(data)                 # FormatError, located, for bytes that are no X12
    for transaction in interchange.transactions:    # set_id, version, control_number, group, interchange
        transaction.get("2010BA/NM109")             # text at a path; "" when absent
        for claim in transaction.loops("2300"):     # a loop knows its `parent`, `around("2000B")` and `loops("2400")`
            claim.get("CLM05-1"), claim.segment("REF", "F8")
    interchange.encode() == data                    # always

    for piece in x12.pieces(file, claims=100): ...  # one message each, located errors between, memory flat
    x12.parse(piece.data)                           # a slice has its own ISA and GS

Elements and components are numbered from 1, as X12 writes them. `careloom.formats.x12.paths` has the grammar of paths.
Errors and findings name places, never values.
"""

from careloom.formats.x12.delimiters import Delimiters, delimiters
from careloom.formats.x12.findings import Fault
from careloom.formats.x12.interchange import Group, Interchange, parse
from careloom.formats.x12.loops import Loop
from careloom.formats.x12.paths import compile_path
from careloom.formats.x12.pieces import Piece, pieces
from careloom.formats.x12.reading import segments
from careloom.formats.x12.segment import Segment
from careloom.formats.x12.transaction import Level, Transaction
from careloom.formats.x12.validation import Assessment, balance, validate

__all__ = [
    "Assessment",
    "Delimiters",
    "Fault",
    "Group",
    "Interchange",
    "Level",
    "Loop",
    "Piece",
    "Segment",
    "Transaction",
    "balance",
    "compile_path",
    "delimiters",
    "parse",
    "pieces",
    "segments",
    "validate",
]
