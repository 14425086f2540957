"""What is declared of a list of master data, and how its rows are read: checked, plain, and by digests comparable."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal
from uuid import UUID

from careloom.core.errors import ConfigurationError, FormatError
from careloom.identity.codes.registry import check, of
from careloom.systems.listing import ListedRow

Sort = Literal["product", "supplier", "payer", "provider"]
PRODUCT: Final = "product.product"
PARTNER: Final = "res.partner"
_OF_PRODUCT: Final = {"name": "name", "code": "default_code", "barcode": "barcode", "price": "list_price"}
_OF_PARTY: Final = {
    "name": "name", "ref": "ref", "vat": "vat", "street": "street", "street2": "street2", "city": "city", "zip": "zip",
    "phone": "phone", "email": "email", "website": "website",
}  # fmt: skip
_LONG, _SHORT, _PLACES = 16, 4, Decimal("0.01")
_MODULUS: Final = 1 << 128
_LARGEST: Final = Decimal(10) ** 12


@dataclass(frozen=True, kw_only=True)
class MasterList:
    """A list that Odoo is kept in step with.

    `listed_as` is what its source knows it by: a pattern of file names, a list of a REST API. `key` is the column that
    names a row, `columns` which column fills which of our fields, `codes` of which kind the codes in a column are
    (`careloom code kinds`). Rows that leave the list are taken out of use (`archive`) or left alone (`keep`), never
    deleted; when more than the share `most_vanished` left at once, a person is asked first, since the list may be cut
    short. With more than `most_bad` rows put aside it waits for a person. Raises ConfigurationError for what cannot be.
    """

    name: str
    sort: Sort
    listed_as: str
    key: str
    columns: Mapping[str, str]
    codes: Mapping[str, str] = field(default_factory=dict)
    assigner: str = "-"
    vanished: Literal["archive", "keep"] = "archive"
    most_vanished: float = 0.05
    most_bad: int = 100
    chunk: int = 2000

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.columns) - set(self.known)):
            raise ConfigurationError(
                f"list {self.name}: a {self.sort} has no {', '.join(unknown)}; it has {', '.join(self.known)}"
            )
        if "name" not in self.columns:
            raise ConfigurationError(f"list {self.name}: say which column holds the name")
        for kind in self.codes.values():
            of(kind)

    def without(self, fields: Collection[str]) -> MasterList:
        """The same list, of which these of our fields are left as Odoo has them."""
        return replace(self, columns={name: column for name, column in self.columns.items() if name not in fields})

    @property
    def known(self) -> Mapping[str, str]:
        """Our fields and Odoo's."""
        return _OF_PRODUCT if self.sort == "product" else _OF_PARTY

    @property
    def model(self) -> str:
        """What the rows become in Odoo."""
        return PRODUCT if self.sort == "product" else PARTNER

    @property
    def fields(self) -> tuple[str, ...]:
        """Our fields that are kept in step, in order: those declared, and the one that shows the key."""
        shown = "code" if self.sort == "product" else "ref"
        return tuple(name for name in self.known if name in self.columns or name == shown)

    @property
    def odoo_fields(self) -> tuple[str, ...]:
        """The same in Odoo's words."""
        return tuple(self.known[name] for name in self.fields)

    def place(self, row: ListedRow, column: str = "") -> str:
        """Where something stands, for an error."""
        return f"{self.name} row {row.number}" + (f", column {column}" if column else "")

    def key_of(self, row: ListedRow) -> str:
        """The key, empty where it cannot be read."""
        return row.cells.get(self.key, "").strip()

    def values(self, row: ListedRow) -> Mapping[str, str]:
        """Our fields of a row, plain. Raises FormatError that names the row and the column, and quotes neither."""
        if row.problem:
            raise FormatError(row.problem, self.place(row))
        key = self.key_of(row)
        if not key:
            raise FormatError("the key is empty", self.place(row, self.key))
        found = {}
        for name in self.fields:
            column = self.columns.get(name, self.key)
            if column not in row.cells:
                raise FormatError("the list has no such column", self.place(row, column))
            found[name] = self._value(row, name, column)
        if not found["name"]:
            raise FormatError("the name is empty", self.place(row, self.columns["name"]))
        return found

    def _value(self, row: ListedRow, name: str, column: str) -> str:
        text = " ".join(row.cells[column].split())
        if text and column in self.codes:
            checked = check(self.codes[column], text)
            if not checked.good:
                raise FormatError(f"{checked.place}: {checked.problem}", self.place(row, column))
        return _price(text, self.place(row, column)) if name == "price" else text

    def digest(self, key: bytes, token: UUID, values: Mapping[str, str]) -> bytes:
        """16 octets of the row, then 4 of each field, which tell what differs. Keyed: nobody guesses a row."""
        whole = hashlib.blake2b(token.bytes, digest_size=_LONG, key=key)
        parts = []
        for name in self.fields:
            text = values[name].encode()
            whole.update(len(text).to_bytes(4) + text)
            parts.append(hashlib.blake2b(text, digest_size=_SHORT, key=key, salt=token.bytes).digest())
        return whole.digest() + b"".join(parts)

    def as_listed(self, record: Mapping[str, Any]) -> Mapping[str, str]:
        """A record of Odoo as a row would give it."""
        found = {}
        for name, column in self.known.items():
            if name in self.fields:
                value = record[column]
                found[name] = f"{Decimal(str(value or 0)).quantize(_PLACES)}" if name == "price" else str(value or "")
        return found

    def differing(self, one: bytes, other: bytes) -> tuple[str, ...]:
        """Odoo's names of the fields in which two digests differ."""
        cut = [slice(_LONG + _SHORT * at, _LONG + _SHORT * (at + 1)) for at in range(len(self.fields))]
        return tuple(name for name, part in zip(self.odoo_fields, cut, strict=True) if one[part] != other[part])


def added(total: bytes, digest: bytes) -> bytes:
    """A total with one more row in it: in whatever order rows come, it is the same."""
    sum_ = int.from_bytes(total) + int.from_bytes(digest[:_LONG])
    return (sum_ % _MODULUS).to_bytes(_LONG)


def _price(text: str, place: str) -> str:
    try:
        amount = Decimal(text or "0")
    except InvalidOperation:
        raise FormatError("it is no amount, such as 12.50", place) from None
    if not amount.is_finite() or not 0 <= amount < _LARGEST:
        raise FormatError("it is no amount from 0 on", place)
    if amount != amount.quantize(_PLACES):
        raise FormatError("it has more than two decimals", place)
    return f"{amount.quantize(_PLACES)}"
