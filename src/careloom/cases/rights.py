"""Who may do what: roles, four eyes, limits by amount. Pure, so that approvals of every kind ask the same functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from careloom.core.errors import CareloomError


class NotAllowed(CareloomError):
    """This person may not do this; somebody else may."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `roles` None: every role, as an operator at the command line has."""

    name: str
    roles: frozenset[str] | None = None

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
    if asked_by and _same(actor.name) == _same(asked_by):
        raise NotAllowed("whoever asked for it may not decide it; somebody else must")


def _same(name: str) -> str:
    return " ".join(name.split()).casefold()


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
