"""Opens the outbound systems of a configuration and makes the listeners of the inbound ones."""

from __future__ import annotations

from contextlib import AsyncExitStack

from careloom.core.clock import Clock
from careloom.core.receipts import Intake
from careloom.flows.stores import LinkLedger
from careloom.gateway.services import HttpIntake
from careloom.hub.configuration import Configuration, System
from careloom.hub.storage import Storage
from careloom.systems.http import connector as http
from careloom.systems.http.target import HttpTarget
from careloom.systems.inbox import connector as inbox
from careloom.systems.mllp import connector as mllp
from careloom.systems.mllp.listener import MllpListener
from careloom.systems.mllp.sender import MllpSender
from careloom.systems.odoo import connector as odoo


def open_systems(
    configuration: Configuration, store: Storage, clock: Clock, stack: AsyncExitStack
) -> dict[str, object]:
    """What flows and deliveries write to, by name; closed with the stack."""
    opened: dict[str, object] = {}
    for system in configuration.systems.values():
        made = _open(system, store, clock)
        if made is not None:
            stack.push_async_callback(made.close)
            opened[system.name] = made
    return opened


def _open(system: System, store: Storage, clock: Clock) -> odoo.Odoo | HttpTarget | MllpSender | None:
    settings = system.settings
    if isinstance(settings, odoo.Settings):
        ledger = LinkLedger(store.database, store.master)
        digest_key = store.master.token("odoo ledger").bytes
        return odoo.Odoo(
            system.name, settings, secrets=store.secrets, clock=clock, ledger=ledger, digest_key=digest_key
        )
    if isinstance(settings, http.Settings):
        return http.open_target(system.name, settings, secrets=store.secrets, clock=clock)
    if isinstance(settings, mllp.Settings) and settings.direction == "out":
        return mllp.open_sender(settings, secrets=store.secrets)
    return None


def make_listeners(
    configuration: Configuration, store: Storage, intake: Intake, clock: Clock
) -> dict[str, MllpListener]:
    """A listener per inbound MLLP system, not started."""
    return {
        system.name: mllp.open_listener(system.name, system.settings, intake, secrets=store.secrets, clock=clock)
        for system in configuration.systems.values()
        if isinstance(system.settings, mllp.Settings) and system.settings.direction == "in"
    }


def http_intakes(configuration: Configuration, clock: Clock) -> dict[str, HttpIntake]:
    """What may be posted to the gateway: every inbound HL7 v2 system, whichever way it usually sends."""
    intakes: dict[str, HttpIntake] = {}
    for name, system in configuration.systems.items():
        settings = system.settings
        if isinstance(settings, inbox.Settings):
            recogniser = inbox.recogniser_for(name, settings, clock=clock)
            intakes[name] = HttpIntake(
                recogniser=recogniser, max_message=settings.max_message, principals=settings.principals
            )
        elif isinstance(settings, mllp.Settings) and settings.direction == "in":
            recogniser = mllp.recogniser_for(name, settings, clock=clock)
            intakes[name] = HttpIntake(recogniser=recogniser, max_message=settings.max_message)
    return intakes
