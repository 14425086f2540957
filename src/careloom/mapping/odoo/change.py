"""The message that a change of one Odoo record is: what it was, what it is, whose it is, and who did it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

Values: TypeAlias = dict[str, Any]
Operation: TypeAlias = Literal["create", "write", "unlink"]


class Company(msgspec.Struct, frozen=True):
    """The company that a record belongs to."""

    id: int
    name: str = ""


class User(msgspec.Struct, frozen=True):
    """Who made the change."""

    id: int
    login: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one record.

    `before` and `after` are the watched state fields (many2one as the bare id): before is None for a new record, or
    where nobody knows, after is None once it is deleted. `record` is what `web_read` gave after the change. `at` is
    UTC: when Odoo's transaction began.
    """

    v: Literal[1] = 1
    model: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.]{0,99}$")]
    id: Annotated[int, Meta(ge=1)]
    operation: Operation
    at: Annotated[datetime, Meta(tz=True)]
    company: Company | None = None
    user: User | None = None
    before: Values | None = None
    after: Values | None = None
    record: Values | None = None
    series: str = ""

    @property
    def subject(self) -> str:
        """The ordering key of the messages about this record."""
        return f"Odoo/{self.model}/{self.id}"

    def was(self, field: str) -> Any:
        """A state field before the change; None where that is not known, and for what is no plain value."""
        return _plain(self.before, field)

    def becomes(self, field: str) -> Any:
        """A state field after the change; None once it is deleted, and for what is no plain value."""
        return _plain(self.after, field)

    def entered(self, field: str, states: frozenset[str]) -> bool:
        """Whether the record is in one of these states now, and was not before."""
        return self.becomes(field) in states and self.was(field) not in states

    def left(self, field: str, states: frozenset[str]) -> bool:
        """Whether the record was in one of these states, and is not now."""
        return self.was(field) in states and self.becomes(field) not in states


def _plain(state: Values | None, field: str) -> Any:
    value = None if state is None else state.get(field)
    return None if isinstance(value, list | dict) else value
