"""Routing by declared tables: the first rule that fits an event says where it goes, or that it stops here.

What no rule fits becomes a case: a message is never dropped because nobody thought of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Outcome, Park, Skip
from careloom.log.handling import Handled, Subscription
from careloom.log.lanes import Bank
from careloom.mapping.reading.json import at
from careloom.model import schema
from careloom.systems.seam import Target

Allowed: TypeAlias = frozenset[str]
Condition: TypeAlias = Mapping[str, Allowed]
"""JSON Pointers into the event, each with the texts that fit; `*` fits anything that is there, `` what is not."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go that meet every condition: to a system, or nowhere, for a reason."""

    when: Condition
    to: str | None = None
    skip: str | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rules for events of some types, in order."""

    name: str
    events: tuple[str, ...]
    rules: tuple[Rule, ...]
    owner: str = ""


def routing(table: Table, targets: Mapping[str, Target]) -> Subscription:
    """A subscription `route.<name>`. Raises ConfigurationError for a pointer that no such event can hold."""
    wrong = [problem for type_ in table.events for problem in _unknown(type_, table)]
    if wrong:
        raise ConfigurationError("\n".join(wrong))

    async def route(event: Recorded) -> Handled:
        return Handled(await _routed(event, decide(table, event), targets))

    return Subscription(
        f"route.{table.name}",
        Bank.EVENTS,
        route,
        types=table.events,
        gate=_gate(table, targets),
        owner=table.owner,
        systems=tuple(targets),
    )


def decide(table: Table, event: Recorded) -> Rule | None:
    """The rule that fits; None when none does."""
    document = msgspec.json.decode(event.data)
    return next((rule for rule in table.rules if _meets(document, rule.when)), None)


async def _routed(event: Recorded, rule: Rule | None, targets: Mapping[str, Target]) -> Outcome:
    if rule is None:
        return Park("no rule says where this event goes; add one, then retry", case="unroutable")
    if rule.to is None:
        return Skip(rule.skip or "routed nowhere")
    return await targets[rule.to].post(event)


def _meets(document: Any, when: Condition) -> bool:
    return all(_fits(at(document, pointer), allowed) for pointer, allowed in when.items())


def _fits(value: Any, allowed: Allowed) -> bool:
    if value is None:
        return "" in allowed
    return "*" in allowed or (str(value).lower() if isinstance(value, bool) else str(value)) in allowed


def _gate(table: Table, targets: Mapping[str, Target]) -> Callable[[], float]:
    """Closed only while every target is: the others' events go on."""
    used = sorted({rule.to for rule in table.rules if rule.to})
    return lambda: min((float(targets[name].retry_after) for name in used), default=0.0)


def _unknown(type_: str, table: Table) -> list[str]:
    try:
        known = schema(type_)
    except KeyError:
        return [f"routes.{table.name}.events: there is no event {type_}; see the event reference"]
    return [
        f"routes.{table.name}: {pointer} is nothing that {type_} holds; see its schema"
        for rule in table.rules
        for pointer in rule.when
        if not _holds(known, known, pointer.lstrip("/").split("/"))
    ]


def _holds(root: Mapping[str, Any], node: Mapping[str, Any], parts: Sequence[str]) -> bool:
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rpartition("/")[2]]
        return _holds(root, node, parts)
    if "anyOf" in node:
        return any(_holds(root, one, parts) for one in node["anyOf"])
    if not parts:
        return True
    if node.get("type") == "array":
        return parts[0].isdecimal() and _holds(root, node.get("items", {}), parts[1:])
    below = node.get("properties", {}).get(parts[0])
    return below is not None and _holds(root, below, parts[1:])
