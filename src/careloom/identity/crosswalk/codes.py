"""Codes of systems, and the things that they stand for."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from careloom.core.errors import CareloomError, MappingError

LONGEST = 200


class Entity(StrEnum):
    """What sort of thing a code stands for. Persons are not among them: see the person index, which is sealed."""

    PROVIDER = "provider"
    PAYER = "payer"
    FACILITY = "facility"
    DEPARTMENT = "department"
    LOCATION = "location"
    SUPPLIER = "supplier"
    PRODUCT = "product"
    CHARGE_CODE = "charge-code"
    ACCOUNT = "account"
    DIMENSION = "dimension"


class Key(NamedTuple):
    """A code: `type` tells the numbers of one system apart (`NPI`, `GTIN`, `department`). What one code stands for is
    said for each entity by itself: the account of a charge code is another thing than its product."""

    entity: str
    system: str
    type: str
    value: str


class Canonical(NamedTuple):
    """The thing that a code stands for, by our own id. `since` is the version of the crosswalk that says so."""

    entity: str
    id: str
    label: str = ""
    since: int = 0


class Code(NamedTuple):
    """One system's code of a thing."""

    system: str
    type: str
    value: str
    label: str = ""


class Near(NamedTuple):
    """A code that is known and looks like one that is not; `likeness` is 0 to 100."""

    value: str
    canonical: str
    label: str
    likeness: float


class Unknown(NamedTuple):
    """The code stands for nothing on that day. `mapped` is whether any code of its system and type stands for
    something: where none does, nobody has begun to map them."""

    nearest: tuple[Near, ...] = ()
    mapped: bool = False


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a row says: from `valid_from` on, and until before `valid_to`, the code stands for `canonical`."""

    entity: str
    system: str
    type: str
    value: str
    canonical: str
    label: str = ""
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def key(self) -> Key:
        """The code."""
        return Key(self.entity, self.system, self.type, self.value)

    def overlaps(self, other: Said) -> bool:
        """Whether both hold on some day."""
        return _before(self.valid_from, other.valid_to) and _before(other.valid_from, self.valid_to)

    def holds(self, day: date) -> bool:
        """Whether it holds on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)


def said_of(row: Any) -> Said:
    """A row of the table."""
    return Said(**{name: row[name] for name in Said.__struct_fields__})


def _before(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start < end


class UnknownCode(MappingError):
    """A code that its system's table does not have. `nearest` are those that it has and that look like it."""

    def __init__(self, entity: str, field: str, nearest: tuple[Near, ...] = ()) -> None:
        like = ", ".join(f"{near.value} ({near.canonical})" for near in nearest)
        super().__init__(f"no {entity} is known by this code{f'; the nearest known: {like}' if like else ''}", field)
        self.nearest = nearest

    @property
    def case(self) -> str:
        return "unknown-code"


class NotAsSeen(CareloomError):
    """What would be done now is not what was shown: the crosswalk or the file changed since."""


class Refused(CareloomError):
    """Rows of an import cannot stand, so none of it is done."""


class NoSuchProposal(CareloomError):
    """There is no proposal of this id, or it was decided before."""
