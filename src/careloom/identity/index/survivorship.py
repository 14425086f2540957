"""What is known of a person, field by field: by declared authority, then by recency. Nothing is overwritten: the view
is made of the records each time it is asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.identity.index.sealed import Held
from careloom.model import Identifier, Patient, Person


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """Which sources may say a field, the most trusted first. `facility` is an assigner of record numbers: the rule
    then holds for its records alone, before one that names none. `only`: no other source may say the field at all;
    else the others stand in where those listed say nothing."""

    field: str
    sources: tuple[str, ...]
    facility: str | None = None
    only: bool = False


_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name",),
    "birth_date": ("birth_date",),
    "gender": ("gender",),
    "deceased": ("deceased_boolean", "deceased_date_time"),
    "address": ("address",),
    "telecom": ("telecom",),
    "marital_status": ("marital_status",),
    "language": ("language",),
}
FIELDS: Final = tuple(_FIELDS)
"""The fields that authority may be declared of. Numbers and accounts are those of all records."""


class Golden(NamedTuple):
    """What is known of a person, and which record each field came from; numbers are of all of them."""

    patient: Patient
    origins: dict[str, UUID]


class Survivorship:
    """The declared authority of a deployment."""

    def __init__(self, rules: Sequence[Authority] = ()) -> None:
        """Raises ConfigurationError for a field that there is not, and for two rules of one field and facility."""
        self._rules: dict[tuple[str, str | None], Authority] = {}
        for rule in rules:
            if rule.field not in _FIELDS:
                raise ConfigurationError(
                    f"authority over {rule.field!r}: there is no such field; it is one of {', '.join(FIELDS)}"
                )
            if self._rules.setdefault((rule.field, rule.facility), rule) is not rule:
                raise ConfigurationError(f"authority over {rule.field!r} is declared twice; keep one of the two")

    def golden(self, records: Sequence[Held]) -> Golden:
        """Of the records of one person, in any order. Raises ValueError for none."""
        if not records:
            raise ValueError("a person has at least one record")
        oldest = min(records, key=lambda one: one.id)
        origins: dict[str, UUID] = {}
        values: dict[str, Any] = {}
        for field, members in _FIELDS.items():
            best = min((one for one in records if _says(one, members)), key=self._order(field), default=None)
            if best is not None and self._rank(field, best) is not None:
                origins[field] = best.id
                values |= {member: getattr(best.patient, member) for member in members}
        ordered = sorted(records, key=lambda one: (one.retired, one.id))
        patient = Patient(
            identifier=_numbers([ordered[0].first, *(number for one in ordered for number in _of(one))]),
            account=_numbers([number for one in ordered for number in one.patient.account]),
            active=any(one.patient.active for one in records),
            person=Person(id=str(oldest.id), number=ordered[0].first),
            **values,
        )
        return Golden(patient, origins)

    def _order(self, field: str) -> Callable[[Held], tuple[Any, ...]]:
        """The best first: by authority, then those that their source did not end, then the newest, then the oldest
        record, so that equals are told apart in one way."""

        def order(one: Held) -> tuple[Any, ...]:
            rank = self._rank(field, one)
            return rank is None, rank or 0, one.retired, _EPOCH - one.occurred, one.id

        return order

    def _rank(self, field: str, one: Held) -> int | None:
        """The place of a record's source; None where it may not say the field."""
        rule = self._rules.get((field, one.first.assigner)) or self._rules.get((field, None))
        if rule is None:
            return 0
        if one.source in rule.sources:
            return rule.sources.index(one.source)
        return None if rule.only else len(rule.sources)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _of(one: Held) -> Sequence[Identifier]:
    """Its numbers; those of a record that its source ended stand behind all others."""
    numbers = one.patient.identifier
    return [msgspec.structs.replace(number, use="secondary") for number in numbers] if one.retired else numbers


def _says(one: Held, members: tuple[str, ...]) -> bool:
    return any(getattr(one.patient, member) not in (None, ()) for member in members)


def _numbers(found: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """Each number once, as it was said first."""
    kept: dict[tuple[str, str | None, str | None], Identifier] = {}
    for one in found:
        kept.setdefault((one.value, one.assigner, one.type), one)
    return tuple(kept.values())
