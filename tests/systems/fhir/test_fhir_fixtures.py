"""The sample payloads of the kind: taken by the endpoint, and events of the right sort."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import reader
from careloom.mapping.source import Settings
from careloom.model import RegistrationCreated
from careloom.systems.seam import Request
from careloom.testing.surroundings import World


async def test_a_registration_is_taken_and_registers(connected: Callable[..., Any], world: World) -> None:
    body = (files("careloom.systems.fhir") / "fixtures" / "registration.json").read_bytes()
    reply = await connected({}).answer(Request("POST", "fhir", "", {}, body, "192.0.2.7", "ehr"))
    assert reply.status == 200
    (message,) = world.intake.messages
    mapping = mapping_for("fhir", message.type.removeprefix("fhir:"))
    assert mapping is not None
    (event,) = mapping.translate(reader("fhir").parse(message.body, Settings()), Settings()).events
    assert isinstance(event, RegistrationCreated)
    assert event.coverage[0].subscriber_id == "HV20931"
    assert message.subject == "Patient/2.999.7.1/MRN880142"
