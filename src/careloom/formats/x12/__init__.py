"""X12 005010 (and 004010, leniently): read with flat memory, placed in loops, written back to the byte.

    [interchange] = x12.parse(data)                 # FormatError, located, for bytes that are no X12
    for transaction in interchange.transactions:    # set_id, version, control_number, group, interchange
        transaction.get("2010BA/NM109")             # text at a path; "" when absent
        for claim in transaction.loops("2300"):     # a loop knows its `parent`, `around("2000B")` and `loops("2400")`
            claim.get("CLM05-1"), claim.segment("REF", "F8")
    interchange.encode() == data                    # always

    for piece in x12.pieces(file, claims=100): ...  # one message each, located errors between, memory flat
    x12.parse(piece.data)                           # a slice has its own ISA and GS

    assessment = x12.validate(file)                 # findings with places: envelope, loops, elements, rules, balance
    x12.validate(file, codes=x12.CodeLists.load(toml))              # and codes that your own lists do not have
    x12.acknowledge(assessment, time=now, control=7)                # 999s; `acknowledge_interchange` makes TA1s
    x12.read_acknowledgement(transaction)                           # and what a 999 or 997 that came back says

    built = x12.build("270", "005010X279A1", [x12.segment("BHT", ...), x12.loop("2000A", ...)])
    x12.write([built], parties, time=now, control=8)                # ordered, numbered, counted, checked
    x12.expects(transaction), x12.answers(transaction)              # keys that join question and answer

Modules `enquiries` (270, 276, 278), `claims` (837P) and `orders` (850) build sets from plain values.
Elements and components are numbered from 1, as X12 writes them. `careloom.formats.x12.paths` has the grammar of paths.
Errors and findings name places, never values.
"""

from careloom.formats.x12.acknowledged import (
    Complaint,
    GroupAnswer,
    InterchangeAnswer,
    SetAnswer,
    read_acknowledgement,
    read_interchange_acknowledgement,
)
from careloom.formats.x12.acknowledgement import Reply, acknowledge, acknowledge_interchange
from careloom.formats.x12.building import BuiltSet, build
from careloom.formats.x12.codes import CodeLists
from careloom.formats.x12.delimiters import Delimiters, delimiters
from careloom.formats.x12.drafting import Draft, DraftLoop, Repeated, loop, segment
from careloom.formats.x12.findings import Fault
from careloom.formats.x12.interchange import Group, Interchange, parse
from careloom.formats.x12.loops import Loop
from careloom.formats.x12.pairing import Expectation, answers, expects
from careloom.formats.x12.paths import compile_path
from careloom.formats.x12.pieces import Piece, each_claim, pieces
from careloom.formats.x12.reading import segments
from careloom.formats.x12.segment import Segment
from careloom.formats.x12.transaction import Level, Transaction
from careloom.formats.x12.validation import Assessment, balance, validate
from careloom.formats.x12.writing import Parties, write

__all__ = [
    "Assessment",
    "BuiltSet",
    "CodeLists",
    "Complaint",
    "Delimiters",
    "Draft",
    "DraftLoop",
    "Expectation",
    "Fault",
    "Group",
    "GroupAnswer",
    "Interchange",
    "InterchangeAnswer",
    "Level",
    "Loop",
    "Parties",
    "Piece",
    "Repeated",
    "Reply",
    "Segment",
    "SetAnswer",
    "Transaction",
    "acknowledge",
    "acknowledge_interchange",
    "answers",
    "balance",
    "build",
    "compile_path",
    "delimiters",
    "each_claim",
    "expects",
    "loop",
    "parse",
    "pieces",
    "read_acknowledgement",
    "read_interchange_acknowledgement",
    "segment",
    "segments",
    "validate",
    "write",
]
