"""What a document module says when Odoo did something else than was asked.

Odoo changes dates, adds taxes and takes doubled references without a word, so every document is read back and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from careloom.core.errors import Rejected


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that Odoo holds otherwise than asked.

    `code` names the sort (`locked-period`, `tax-added`, `total`), `field` the Odoo field. `asked` and `held` are dates,
    amounts, states and database ids, never names or texts.
    """

    code: str
    field: str
    asked: str
    held: str
    advice: str = ""

    def __str__(self) -> str:
        told = f"{self.code}: {self.field} is {self.held or 'empty'}, asked was {self.asked or 'empty'}"
        return f"{told}; {self.advice}" if self.advice else told


class HeldOtherwise(Rejected):
    """The document is in Odoo, and differs from what was asked: a person must look. Nothing was undone."""

    def __init__(self, model: str, record_id: int, differences: Sequence[Difference]) -> None:
        self.model = model
        self.record_id = record_id
        self.differences = tuple(differences)
        super().__init__(f"{model}/{record_id} is not as asked. " + ". ".join(map(str, self.differences)))
        self.field = self.differences[0].field


class Duplicate(Rejected):
    """Another document says the same, which Odoo would take without a word."""

    def __init__(self, model: str, record_id: int, field: str, advice: str) -> None:
        self.model = model
        self.record_id = record_id
        super().__init__(f"{model}/{record_id} has the same {field} already: {advice}")
        self.field = field


def refuse(model: str, record_id: int, differences: Iterable[Difference]) -> None:
    """Raises HeldOtherwise where there is a difference."""
    if found := tuple(differences):
        raise HeldOtherwise(model, record_id, found)


def compared(code: str, field: str, asked: object, held: object, advice: str = "") -> Iterable[Difference]:
    """A difference where the two are not the same. None asked means: whatever Odoo took."""
    if asked is not None and _plain(asked) != _plain(held):
        yield Difference(code, field, _plain(asked), _plain(held), advice)


def money(value: object) -> Decimal:
    """An amount as Odoo gives it, a float, as cents that can be compared."""
    return Decimal(repr(value) if isinstance(value, float) else str(value or 0)).quantize(Decimal("0.01"))


def reference(value: object) -> int | None:
    """The id in a many2one, [id, name] or False."""
    return int(value[0]) if isinstance(value, list | tuple) and value else None


def _plain(value: object) -> str:
    """The text by which two values are compared: Odoo's empty value is False, of every type."""
    if value is None or value is False:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
