"""What is known of a call while it is under way: who calls, what the caller may, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fastapi import Request
from starlette.types import Scope as AsgiScope

from careloom.gateway.classes import Declaration, Scope
from careloom.security.apikeys import Principal

_KEY: Final = "careloom.passage"


@dataclass(slots=True)
class Passage:
    """One call. `principal` has shown who it is; `consumer` is whom the call counts for, in quotas and in the audit.

    `outcome` is the route's own word for what came of it, for the audit. With `stores` false the answer says by itself
    that nobody may keep it.
    """

    declaration: Declaration
    principal: Principal | None = None
    consumer: Principal | None = None
    scopes: frozenset[Scope] = frozenset()
    outcome: str = ""
    stores: bool = True
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def begin(scope: AsgiScope, declaration: Declaration) -> Passage:
    """The passage of a call that begins."""
    made: Passage = Passage(declaration)
    scope[_KEY] = made
    return made


def passage_of(request: Request) -> Passage:
    """The passage of this call, which every governed route has."""
    found: Passage = request.scope[_KEY]
    return found


def known_caller(request: Request) -> Principal | None:
    """Who calls, if the route checked that already."""
    found: Passage | None = request.scope.get(_KEY)
    return found.principal if found else None
