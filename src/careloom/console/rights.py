"""What the roles of the console let people see and do. Pure; single sign-on gives the same roles by another way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """The console's own roles; a person may have several. Which cases are theirs is said by teams, not by these."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    STEWARD = "steward"
    FINANCE = "finance"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Right(StrEnum):
    """One thing that may be seen or done."""

    SEE = "see states, counts and lists"
    SEE_PERSONAL = "see who it is about, with a reason"
    SEE_OPERATIONS = "see how the operations do"
    SEE_FINANCE = "see how the finances do, and amounts"
    SEE_AUDIT = "see who did and looked at what"
    WORK_CASES = "claim, decide and comment exceptions"
    OPERATE = "pause, resume, replay"
    STEWARD = "say which records are one person"
    ADMINISTER = "say who may do what"


_SEES: Final = frozenset({Right.SEE})
_OPERATIONS: Final = _SEES | {Right.SEE_OPERATIONS}
_WORKS: Final = _SEES | {Right.WORK_CASES, Right.SEE_PERSONAL}
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.VIEWER: _OPERATIONS,
        Role.OPERATOR: _OPERATIONS | _WORKS | {Right.OPERATE},
        Role.STEWARD: _OPERATIONS | _WORKS | {Right.STEWARD},
        Role.FINANCE: _WORKS | {Right.SEE_FINANCE},
        Role.AUDITOR: _OPERATIONS | {Right.SEE_AUDIT, Right.SEE_FINANCE, Right.SEE_PERSONAL},
        Role.ADMIN: frozenset(Right),
    }
)


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """All that these roles give; a role that the console does not know gives nothing."""
    return _rights(frozenset(roles))


@lru_cache(maxsize=256)  # asked for every link of a page
def _rights(roles: frozenset[str]) -> frozenset[Right]:
    known = {role.value for role in Role}
    return frozenset().union(*(RIGHTS[Role(role)] for role in roles if role in known))
