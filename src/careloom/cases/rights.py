"""Who may do what: roles, four eyes, limits by amount. Pure, so that approvals of every kind ask the same functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from careloom.core.errors import CareloomError


class NotAllowed(CareloomError):
    """This person may not do this; somebody else may."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `roles` None: every role, as an operator at the command line has; not `assigned`: only since nobody
    ever said which, which is enough to work the queue and not to approve. `in_place_of`: who handed the role on."""

    name: str
    roles: frozenset[str] | None = None
    assigned: bool = True
    in_place_of: tuple[str, ...] = ()

    def has(self, role: str) -> bool:
        """Whether this actor stands in the role."""
        return self.roles is None or role in self.roles


def must_have_role(actor: Actor, role: str) -> None:
    """Raises NotAllowed for an actor without the role."""
    if not actor.has(role):
        raise NotAllowed(f"this is for the role {role}; have it assigned to your own, or ask somebody of theirs")


def must_be_another(actor: Actor, asked_by: str) -> None:
    """Four eyes: raises NotAllowed when it is the actor who asked. Names are compared without regard to case and
    spaces around them, so that nobody is two people by typing."""
    if asked_by and person(actor.name) == person(asked_by):
        raise NotAllowed("whoever asked for it may not decide it; somebody else must")


def must_be_assigned(actor: Actor) -> None:
    """Raises NotAllowed for a key of the API whose roles nobody ever said."""
    if not actor.assigned:
        raise NotAllowed("this key has no roles; `careloom key assign NAME --role ROLE` gives it some")


def person(name: str) -> str:
    """What tells people apart: the name without regard to case, to spaces, and to how its letters are encoded."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def limit_of(actor: Actor, limits: Mapping[str, Decimal | None]) -> Decimal | None:
    """The highest amount that one of the actor's roles may approve; None: any amount. Zero without such a role."""
    mine = [limit for role, limit in limits.items() if actor.has(role)]
    return None if None in mine else max((one for one in mine if one is not None), default=Decimal(0))


def must_be_within(actor: Actor, amount: Decimal, limits: Mapping[str, Decimal | None]) -> None:
    """Raises NotAllowed for an amount above the actor's limit; refunds count as what they are without their sign."""
    limit = limit_of(actor, limits)
    if limit is not None and abs(amount) > limit:
        able = sorted(role for role, most in limits.items() if most is None or abs(amount) <= most)
        raise NotAllowed(f"the amount is above your limit; it is for {', '.join(able) or 'nobody: raise a limit'}")


@dataclass(frozen=True, slots=True)
class AmountLimits:
    """How much each role may approve, in one currency; None: any amount, of any currency. Without any limits amounts
    are not looked at; with some, a role without one approves nothing."""

    by_role: Mapping[str, Decimal | None] = field(default_factory=dict)
    currency: str = "USD"

    def must_allow(self, actor: Actor, amount: Decimal, currency: str) -> None:
        """Raises NotAllowed for an amount above the actor's limit, or one that no limit can be held against."""
        if not self.by_role or limit_of(actor, self.by_role) is None:
            return
        if currency != self.currency:
            raise NotAllowed(f"limits are in {self.currency}, not in {currency}; ask somebody without a limit")
        must_be_within(actor, amount, self.by_role)
