"""Bank statements: ISO 20022 camt, SWIFT MT940, OFX and BAI2, read into one shape.

`parse(data)` tells which format it is; each has its own module too. `camt.stream` reads large files entry by entry.
"""

from careloom.formats.bank.reading import StatementSource, format_of, parse
from careloom.formats.bank.statement import Balance, BankFile, Detail, Entry, Head, Statement, StatementFormat

__all__ = [
    "Balance",
    "BankFile",
    "Detail",
    "Entry",
    "Head",
    "Statement",
    "StatementFormat",
    "StatementSource",
    "format_of",
    "parse",
]
