"""One call's view of the database: who asks, in which context, inside which transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from careloom.sim.odoo import domain as domains
from careloom.sim.odoo import errors
from careloom.sim.odoo.fields import Field, Reader, Row, empty_value
from careloom.sim.odoo.geography import FRENCH_NAMES
from careloom.sim.odoo.models import LANGUAGES, Model
from careloom.sim.odoo.store import Store, Transaction
from careloom.sim.odoo.users import User


class Environment(Reader):
    """What the methods work with. `context` is the caller's, checked on entry.

    `busy` holds the records (model, id) whose x2many children are being written: the hooks of a child leave its parent
    alone then, since the parent's own hooks follow.
    """

    def __init__(
        self, models: Mapping[str, Model], tx: Transaction, user: User, context: Mapping[str, Any], major: int
    ) -> None:
        self.models = models
        self.tx = tx
        self.user = user
        self.context = context
        self.major = major
        self.resolved: dict[tuple[str, str], list[int]] = {}
        self.busy: set[tuple[str, int]] = set()
        self._check_context()

    @property
    def store(self) -> Store:
        return self.tx.store

    def _check_context(self) -> None:
        lang = self.context.get("lang")
        if lang and lang not in dict(LANGUAGES):
            raise errors.user_error(f"Invalid language code: {lang}")
        if not set(self.companies) <= set(self.user.companies):
            raise errors.access_error("Access to unauthorized or invalid companies.")

    @cached_property
    def companies(self) -> tuple[int, ...]:
        """The companies whose records are seen; the first one is used for new records."""
        return tuple(self.context.get("allowed_company_ids") or self.user.companies)

    @contextmanager
    def working_on(self, model: str, record: int) -> Iterator[None]:
        """Mark the record as busy for the length of a block."""
        self.busy.add((model, record))
        try:
            yield
        finally:
            self.busy.discard((model, record))

    def model(self, name: str, operation: str) -> Model:
        """The model `name`, if the user may do `operation` on it."""
        model = self.models[name]
        self.user.require(model, operation)
        return model

    def row(self, model: str, record: int) -> Row | None:
        return self.store.tables[model].get(record)

    def pointing(self, model: str, column: str, record: int) -> list[int]:
        ids = self.holding(model, column, record)
        return [one for one in ids if self._seen(model, self.store.tables[model][one])]

    def holding(self, model: str, column: str, value: Any) -> list[int]:
        """The records whose `column` holds `value`, archived ones too."""
        if self.store.indexed(model, column):
            return self.store.find(model, (column,), (value,))
        return [row["id"] for row in self.store.tables[model].values() if row[column] == value]

    def _seen(self, model: str, row: Row) -> bool:
        return not self._hides_archived(model) or bool(row["active"])

    def _hides_archived(self, model: str) -> bool:
        return self.models[model].archives and self.context.get("active_test", True)

    def raw(self, field: Field, row: Row) -> Any:
        """The field's value in the row, computed if it has no column, in the context's language if translated."""
        if field.compute is not None:
            return field.compute(self, row)
        value = row.get(field.name, empty_value(field))
        if field.type == "one2many" and field.inverse:
            return tuple(self.pointing(field.relation, field.inverse, row["id"]))
        if field.translate and self.context.get("lang") == "fr_FR":
            return FRENCH_NAMES.get(row.get("code", ""), value)
        return value

    def label(self, model: str, record: int) -> str:
        """The display name that many2one fields show."""
        row = self.row(model, record)
        return str(self.raw(self.models[model].fields["display_name"], row)) if row else ""

    def existing(self, model: str, ids: Iterable[int]) -> list[Row]:
        """The rows of `ids`; a missing one is a MissingError."""
        rows = self.store.tables[model]
        for record in (ids := list(ids)):
            if record not in rows:
                raise errors.missing_error(model, record, self.user.uid)
        found = [rows[record] for record in ids]
        self.refuse_other_companies(model, found, "write")
        return found

    def refuse_other_companies(self, model: str, rows: Iterable[Row], operation: str) -> None:
        """Raise AccessError for a record of a company that is not switched on."""
        if "company_id" not in self.models[model].fields or self.user.rights is None:
            return
        for row in rows:
            company = row["company_id"]
            if company and company not in self.companies:
                raise self._other_company(model, company, operation)

    def _other_company(self, model: str, company: int, operation: str) -> errors.OdooError:
        who = f"{self.label('res.users', self.user.uid)} (id={self.user.uid})"
        what = f"{self.models[model].title} ({model})"
        hint = (
            "This seems to be a multi-company issue, you might be able to access the record by switching to the company"
        )
        name = self.label("res.company", company)
        return errors.access_error(f"Sorry, {who} doesn't have '{operation}' access to:\n- {what}\n\n{hint}: {name}.")

    def search(self, model: str, domain: Sequence[Any], order: str | None = None) -> list[Row]:
        """The rows that `domain` selects and the user may see, in the model's or the given order."""
        test = domains.compiled(self, model, domain)
        hides = self._hides_archived(model) and not domains.names_column(domain, "active")
        companies = {False, *self.companies} if "company_id" in self.models[model].fields else None
        found = [
            row
            for row in self._candidates(model, domain)
            if (not hides or row["active"]) and (companies is None or row["company_id"] in companies) and test(row)
        ]
        return self._sorted(model, found, order or self.models[model].order)

    def _candidates(self, model: str, domain: Sequence[Any]) -> Iterable[Row]:
        """The rows worth testing: an equality on an indexed column narrows a domain that is a plain conjunction."""
        rows = self.store.tables[model]
        if all(isinstance(item, list | tuple) for item in domain):
            for left, word, right in domain:
                ids = self._narrowed(model, str(left), word, right)
                if ids is not None:
                    return [rows[record] for record in ids if record in rows]
        return list(rows.values())

    def _narrowed(self, model: str, column: str, word: str, right: Any) -> list[Any] | None:
        values = right if word == "in" and isinstance(right, list | tuple) else [right] if word == "=" else None
        if values is None or any(isinstance(value, list | dict) for value in values):
            return None
        if column == "id":
            return list(dict.fromkeys(values))
        if not self.store.indexed(model, column) or any(value in (None, False) for value in values):
            return None
        if any(isinstance(value, str) for value in values) and self.models[model].fields[column].relation:
            return None
        return [one for value in dict.fromkeys(values) for one in self.store.find(model, (column,), (value,))]

    def _sorted(self, model: str, rows: list[Row], order: str) -> list[Row]:
        for part in reversed(order.split(",")):
            name, *direction = part.split()
            field = self.models[model].fields.get(name)
            if field is None:
                raise errors.value_error(f"Invalid field {name!r} on model {model!r}")
            descending = bool(direction) and direction[0].lower() == "desc"
            rows.sort(key=lambda row, field=field: _sort_key(self.raw(field, row)), reverse=descending)  # type: ignore[misc]
        return rows

    def family(self, model: str, roots: Any) -> set[int]:
        """The records `roots` and everything below them."""
        family = set(roots if isinstance(roots, list | tuple) else [roots])
        fresh = family
        parent = "location_id" if model == "stock.location" else "parent_id"
        while fresh and parent in self.models[model].fields:
            fresh = {one for top in fresh for one in self.pointing(model, parent, top)} - family
            family |= fresh
        return family

    def name_search(
        self, model: str, text: str, word: str = "ilike", domain: Sequence[Any] = (), limit: int | None = 100
    ) -> list[tuple[int, str]]:
        """Ids and display names of the records whose name (or code, email, reference) matches `text`."""
        columns = self.models[model].found_by
        if word in ("!=", "not like", "not ilike"):
            columns = columns[:1]
        wanted = ["|"] * (len(columns) - 1) + [[column, word, text] for column in columns] if text else []
        rows = self.search(model, [*domain, *wanted])
        return [(row["id"], self.label(model, row["id"])) for row in rows[:limit]]


def _sort_key(value: Any) -> tuple[bool, Any]:
    """Empty values last, text without regard to case, as the database's collation has it."""
    if value is False or value is None:
        return True, ""
    return False, value.casefold() if isinstance(value, str) else value
