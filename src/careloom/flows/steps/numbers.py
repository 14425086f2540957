"""By which numbers processes know what they are about, and parties answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from careloom.model import Identifier, PatientEvent

_LONGEST_TRACE = 50
"""Characters of X12's trace numbers (X12 270/278, TRN02)."""


def plain(identifier: Identifier) -> str:
    """A number with who assigned it, since two houses may use the same."""
    return f"{identifier.assigner}-{identifier.value}" if identifier.assigner else identifier.value


def visit_of(event: PatientEvent) -> Identifier | None:
    """The number of the visit that a registration is for, else of the account it opens."""
    encounter = event.encounter
    numbers: Sequence[Identifier] = () if encounter is None else (*encounter.identifier, *encounter.account)
    return next(iter((*numbers, *event.patient.account)), None)


def trace(about: str, number: str) -> str:
    """The trace number of a question, the same whenever it is asked again, so that each answer finds who asked."""
    made = f"{about}-{number}"
    if len(made) <= _LONGEST_TRACE:
        return made
    # Cut off, the numbers of two visits could become one.
    return f"{about}-{hashlib.sha256(number.encode()).hexdigest()[:32]}"


def moment(text: str | None) -> datetime | None:
    """An instant; None where only a day, a month or a year is said."""
    if text is None or "T" not in text:
        return None
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
