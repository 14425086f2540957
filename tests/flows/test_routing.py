"""Every branch of a routing table, and what no branch takes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from careloom.core.envelope import Recorded
from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Done, Outcome, Park, Skip
from careloom.flows.routing import Rule, Table, routing
from careloom.systems.trial import event

TYPE = "patient.updated.v1"


class Listed:
    """A target that keeps what it is given."""

    def __init__(self, retry_after: float = 0.0) -> None:
        self.retry_after = retry_after
        self.taken: list[Recorded] = []

    async def post(self, event: Recorded) -> Outcome:
        self.taken.append(event)
        return Done()


def rule(to: str | None = None, skip: str | None = None, **when: str | tuple[str, ...]) -> Rule:
    pointers = {"/" + pointer.replace("__", "/"): fits for pointer, fits in when.items()}
    allowed = {pointer: frozenset([fits] if isinstance(fits, str) else fits) for pointer, fits in pointers.items()}
    return Rule(when=allowed, to=to, skip=skip)


def table(*rules: Rule) -> Table:
    return Table(name="t", events=(TYPE,), rules=rules)


@pytest.mark.parametrize(
    ("when", "goes"),
    [
        ({"facility": "LAKESIDE"}, True),
        ({"facility": "NORTHSIDE"}, False),
        ({"facility": ("NORTHSIDE", "LAKESIDE")}, True),
        ({"facility": "LAKESIDE", "trigger": "ADT^A08"}, True),
        ({"facility": "LAKESIDE", "trigger": "ADT^A31"}, False),
        ({"facility": "*"}, True),
        ({"facility": ""}, False),
        ({"occurred": ""}, True),
        ({"occurred": "*"}, False),
        ({"patient__active": "true"}, False),  # the default is left out of the bytes, and so is not there
        ({"patient__name__0__given__0": "Given1"}, True),
        ({"patient__name__7__given__0": "*"}, False),
        ({}, True),
    ],
)
async def test_a_rule_fits_when_all_its_conditions_do(when: Mapping[str, str], goes: bool) -> None:
    erp = Listed()
    subscription = routing(table(rule("erp", **when)), {"erp": erp})
    handled = await subscription.handler(event(1))
    assert bool(erp.taken) is goes
    assert isinstance(handled.outcome, Done if goes else Park)


async def test_the_first_rule_that_fits_decides() -> None:
    north, south = Listed(), Listed()
    rules = table(rule("north", facility="LAKESIDE"), rule("south", facility="*"))
    await routing(rules, {"north": north, "south": south}).handler(event(1))
    assert (len(north.taken), len(south.taken)) == (1, 0)


async def test_a_rule_may_stop_an_event_and_says_why() -> None:
    handled = await routing(table(rule(skip="not billed here")), {}).handler(event(1))
    assert handled.outcome == Skip("not billed here")


async def test_what_no_rule_takes_becomes_a_case() -> None:
    handled = await routing(table(rule("erp", facility="ELSEWHERE")), {"erp": Listed()}).handler(event(1))
    assert isinstance(handled.outcome, Park)
    assert handled.outcome.case == "unroutable"


def test_the_table_waits_only_while_every_target_does() -> None:
    rules = table(rule("down", facility="A"), rule("up"))
    assert routing(rules, {"down": Listed(9.0), "up": Listed()}).gate() == 0.0
    assert routing(rules, {"down": Listed(9.0), "up": Listed(4.0)}).gate() == 4.0


@pytest.mark.parametrize("pointer", ["facilty", "patient__nam", "patient__name__0__family__x", "patient__name__first"])
def test_a_pointer_that_no_event_holds_is_found_at_the_start(pointer: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is nothing that patient\.updated\.v1 holds"):
        routing(table(rule("erp", **{pointer: "x"})), {"erp": Listed()})


def test_an_event_that_there_is_not_is_found_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="there is no event"):
        routing(Table(name="t", events=("patient.teleported.v1",), rules=(rule("erp"),)), {"erp": Listed()})
