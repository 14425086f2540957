"""What a handler says about an event. A handler returns one of these; it never raises to mean one.

| outcome | the event is          | what the log does                                                        |
|---------|-----------------------|--------------------------------------------------------------------------|
| Done    | handled               | moves the cursor                                                         |
| Skip    | not for this handler  | moves the cursor and counts it as filtered, with the reason              |
| Retry   | not handled yet       | parks the subject with a due time; out of attempts: a case               |
| Park    | not to be handled now | parks the subject with a case; a person (or a replay) decides            |
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Category(StrEnum):
    """What sort of thing went wrong: who is to be asked first."""

    SCHEMA = "schema"  # bytes or a model that are not what they should be: whoever makes them
    MAPPING = "mapping"  # well-formed, and without what an event needs: whoever maps it
    AUTHENTICATION = "authentication"  # credentials or rights: whoever keeps the keys
    THROTTLING = "throttling"  # more than the other side wants
    BUSINESS = "business"  # understood and refused, or a decision that a person has to take
    NETWORK = "network"  # not reached, not answered, or not known whether
    UNKNOWN = "unknown"  # a bug, or nothing that tells more


class ErrorKind(StrEnum):
    """How a failure is to be treated."""

    TRANSIENT = "transient"  # it will pass: retry by policy
    AMBIGUOUS = "ambiguous"  # it may have worked: ask the target first, never send again blindly
    PERMANENT = "permanent"  # it will fail again: a person must look


@dataclass(frozen=True, slots=True)
class Done:
    """Handled. `reference` names what came of it outside, e.g. `res.partner/42`."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Deliberately not handled; `reason` is shown to operators and counted, so it carries no personal data."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again, after `after` seconds if given, else by the subscription's backoff.

    `counted` False: nothing was tried, so it uses up no attempt.
    """

    reason: str
    after: float | None = None
    kind: ErrorKind = ErrorKind.TRANSIENT
    counted: bool = True
    category: Category | None = dataclasses.field(default=None, compare=False)  # tells more of the same outcome


@dataclass(frozen=True, slots=True)
class Park:
    """Stop this subject until a person has looked; `field` names what is wrong where that is known.

    Without a `category` that of its kind of case holds."""

    reason: str
    kind: ErrorKind = ErrorKind.PERMANENT
    field: str | None = None
    case: str = "delivery"
    category: Category | None = dataclasses.field(default=None, compare=False)  # tells more of the same outcome


Outcome: TypeAlias = Done | Skip | Retry | Park
