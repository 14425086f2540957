"""The system of record: which system may set which field of which entity, for which facility. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from careloom.core.errors import ConfigurationError

ANY: Final = "*"


class Decision(StrEnum):
    """ACCEPT: it is written. PROPOSE: a steward decides. REFUSE: it is not written, and the outcome says so."""

    ACCEPT = "accept"
    PROPOSE = "propose"
    REFUSE = "refuse"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Who may set some fields of an entity, the first of `systems` before the next.

    `fields` may name a part (`address.city`) or all (`*`); a field's rule holds for its parts. Without `facilities` it
    holds for all of them. `otherwise` is what becomes of a write by any other system.
    """

    name: str
    entity: str
    systems: tuple[str, ...]
    fields: tuple[str, ...] = (ANY,)
    facilities: tuple[str, ...] = ()
    otherwise: Decision = Decision.REFUSE


class Verdict(NamedTuple):
    """What becomes of a write. `rule` is the one that says so, empty where no rule speaks of the field; `systems` are
    those that may."""

    decision: Decision
    rule: str = ""
    systems: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether it is written."""
        return self.decision is Decision.ACCEPT

    def reason(self, source: str, entity: str, field: str) -> str:
        """Why it is not, for people; it has no value in it."""
        may = " or ".join(self.systems) or "no system"
        return f"{source} may not set {entity}.{field}: {may} may, by the rule {self.rule!r} of authority"


_UNRULED: Final = Verdict(Decision.ACCEPT)


class Authority:
    """The table of a deployment.

    Of the rules for a field the one that names it most closely decides (`address.city`, then `address`, then `*`), and
    of those the one that names the facility. A field that no rule is for may be set by all.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        """Raises ConfigurationError for two rules of the same field and facility, and for one that says nothing."""
        self.rules = tuple(rules)
        self._by: dict[tuple[str, str, str], Rule] = {}
        for rule in self.rules:
            for place in _places(rule):
                other = self._by.setdefault(place, rule)
                if other is not rule:
                    raise ConfigurationError(
                        f"authority.{rule.name} and authority.{other.name} both say who sets {place[0]}.{place[1]}"
                        f"{f' for {place[2]}' if place[2] != ANY else ''}; let one of them say it"
                    )

    def may(self, source: str, entity: str, field: str, facility: str | None = None) -> Verdict:
        """Whether that system may set that field, for that facility (None: it is not known, or there is none)."""
        rule = self._rule(entity, field, facility)
        if rule is None:
            return _UNRULED
        decision = Decision.ACCEPT if source in rule.systems else rule.otherwise
        return Verdict(decision, rule.name, rule.systems)

    def rank(self, source: str, entity: str, field: str, facility: str | None = None) -> int:
        """Whose value survives: 0 is the system of record, more is less; a system that may not set it comes last, and
        all are alike where no rule is for the field. By the same rank the newest wins."""
        rule = self._rule(entity, field, facility)
        if rule is None:
            return 0
        return rule.systems.index(source) if source in rule.systems else len(rule.systems)

    def _rule(self, entity: str, field: str, facility: str | None) -> Rule | None:
        for name in _wider(field):
            found = self._by.get((entity, name, facility)) if facility else None
            found = found or self._by.get((entity, name, ANY))
            if found is not None:
                return found
        return None


def _places(rule: Rule) -> Iterator[tuple[str, str, str]]:
    if not (rule.systems and rule.fields and rule.entity):
        raise ConfigurationError(f"authority.{rule.name} names no entity, no field or no system; name them")
    for field in rule.fields:
        for facility in rule.facilities or (ANY,):
            yield rule.entity, field, facility


def _wider(field: str) -> Iterator[str]:
    while field:
        yield field
        field = field.rpartition(".")[0]
    yield ANY
