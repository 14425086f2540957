"""Look-ups of the settings: every shape has a system that answers it, and one that cannot stops the start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.hub.hospital import Hospital

from careloom.core.errors import ConfigurationError
from careloom.gateway.lookup import Lookup
from careloom.gateway.lookup_shapes import SHAPES
from careloom.hub.lookups import STALE_SECONDS, make_lookups
from careloom.hub.sections import ApiSection
from careloom.model import EVENTS
from careloom.systems.fhir import connector as fhir_kind
from careloom.systems.odoo.connector import Odoo
from careloom.systems.payer import connector as payer_kind
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

REASON = "somebody stands at the counter and waits for it"
DESK = {"provider": "EXAMPLE GENERAL HOSPITAL", "number": "1999999992", "payers": {"60054": "EXAMPLE HEALTH PLAN"}}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class NoOdoo(Odoo):
    """One that is asked nothing."""

    def __init__(self) -> None:
        pass

    async def close(self) -> None:
        pass


def test_every_shape_has_a_system_that_answers_it(world: World) -> None:
    payer = payer_kind.connect(
        payer_kind.Settings(sender="A", receiver="B", realtime={"url": "https://edi.example.org/"}, desk=DESK),  # type: ignore[arg-type]
        world.around("payer"),
    )
    server = fhir_kind.connect(
        fhir_kind.Settings.model_validate({"server": {"url": "https://ehr.example.org/r4"}}), world.around("ehr")
    )
    systems = {"payer": payer, "ehr": server, "erp": NoOdoo()}
    able = {"eligibility": "payer", "appointment": "ehr"}
    sections = {
        shape.name: {
            "shape": shape.name, "system": able.get(shape.name, "erp"), "owner": "front-desk", "reason": REASON
        }
        for shape in SHAPES
    }  # fmt: skip
    sections["who"] = {**sections["patient"], "system": "ehr"}
    api = ApiSection.model_validate({"lookups": {name: one for name, one in sections.items() if name != "patient"}})
    clock: Any = world.clock
    made = make_lookups(api, systems, clock)
    assert {desk.lookup.name for desk in made} == {shape.name for shape in SHAPES}


@pytest.mark.parametrize(
    ("shape", "connected"),
    [
        ("stock", lambda world: serving_nowhere(world)),
        ("patient", lambda world: fhir_kind.connect(fhir_kind.Settings(), world.around("behind"))),
        ("eligibility", lambda world: unmanned(world)),
        ("eligibility", lambda _: NoOdoo()),
        ("patient", lambda _: None),
    ],
)
def test_a_system_that_cannot_answer_stops_the_start(
    world: World, shape: str, connected: Callable[[World], Any]
) -> None:
    section = {"shape": shape, "system": "behind", "owner": "front-desk", "reason": REASON}
    api = ApiSection.model_validate({"lookups": {"one": section}})
    clock: Any = world.clock
    with pytest.raises(ConfigurationError, match=rf"api\.lookups\.one\.system: behind cannot answer {shape}"):
        make_lookups(api, {"behind": connected(world)}, clock)


async def test_the_check_finds_a_system_that_cannot_answer(hospital: Hospital) -> None:
    hospital.configure(f'[api.lookups.stock]\nshape = "stock"\nsystem = "ehr"\nowner = "supply"\nreason = "{REASON}"\n')
    said = await hospital.careloom("check")
    assert (said.code, "ehr cannot answer stock look-ups" in said.errors) == (3, True)


def serving_nowhere(world: World) -> Any:
    settings = fhir_kind.Settings.model_validate({"server": {"url": "https://ehr.example.org/r4"}})
    return fhir_kind.connect(settings, world.around("behind"))


def unmanned(world: World) -> Any:
    """A payer that is asked, but nobody said who asks."""
    settings = payer_kind.Settings.model_validate(
        {"sender": "A", "receiver": "B", "realtime": {"url": "https://edi.example.org/"}}
    )
    return payer_kind.connect(settings, world.around("behind"))


def made(**section: Any) -> Lookup:
    given = {"shape": "stock", "system": "erp", "owner": "supply", "reason": REASON, **section}
    api = ApiSection.model_validate({"lookups": {"one": given}})
    clock: Any = VirtualClock()
    [desk] = make_lookups(api, {"erp": NoOdoo()}, clock)
    return desk.lookup


@pytest.mark.parametrize(
    ("section", "seconds"),
    [
        ({}, 0.0),
        ({"cache_seconds": 30}, STALE_SECONDS),
        ({"cache_seconds": 30, "stale_seconds": 0}, 0.0),
        ({"cache_seconds": 0, "stale_seconds": 600}, 600.0),
        ({"shape": "balance", "cache_seconds": 30}, 0.0),
        ({"shape": "balance", "cache_seconds": 30, "stale_seconds": 600}, 600.0),
    ],
)
def test_how_long_an_answer_may_be_told_while_the_system_is_away(section: dict[str, Any], seconds: float) -> None:
    assert made(**section).stale_seconds == seconds


def test_events_end_answers_as_the_shape_says_unless_the_settings_name_others() -> None:
    assert made().invalidated_by >= {"stock.moved.v1", "goods.received.v1"}
    assert made(invalidated_by=["patient.updated.v1"]).invalidated_by == {"patient.updated.v1"}
    assert made(invalidated_by=[]).invalidated_by == frozenset()


def test_shapes_name_events_that_there_are() -> None:
    known = set(EVENTS)
    assert {event for shape in SHAPES for event in shape.changed_by} <= known
