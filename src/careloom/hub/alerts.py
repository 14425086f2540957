"""`[alerts.OWNER]`: who is told of cases."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from careloom.cases.kinds import PRIORITIES
from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.core.secrets import Resolver
from careloom.hub.configuration import Configuration
from careloom.hub.observing import AlertSection
from careloom.log.handling import Subscription
from careloom.security.secrets import resolver
from careloom.telemetry.alerting import Told, alerting
from careloom.telemetry.chat import ChatChannel
from careloom.telemetry.tally import Tally
from careloom.workflow.declaration import length_of
from careloom.workflow.notifying import Channel, ChannelName, Notifier

_CASES: Final = "/v1/cases/"
_PAGES: Final = "/console/cases/"


def alerts_of(
    configuration: Configuration, notifier: Notifier, tally: Tally, clock: Clock, stack: AsyncExitStack
) -> list[Subscription]:
    """The subscription that tells; none where nobody is to be told. Raises ConfigurationError."""
    sections = configuration.settings.alerts
    if not sections:
        return []
    secrets = resolver(configuration.base)
    api = configuration.settings.api
    here = f"http://{api.host}:{api.port}{_PAGES if api.console else _CASES}"
    owners = {owner: _told(owner, one, notifier, secrets, clock, here, stack) for owner, one in sections.items()}
    return [alerting(owners, tally)]


def _told(
    owner: str,
    section: AlertSection,
    notifier: Notifier,
    secrets: Resolver,
    clock: Clock,
    here: str,
    stack: AsyncExitStack,
) -> Told:
    channels: dict[ChannelName, Channel] = dict(notifier.channels)
    ways: list[tuple[ChannelName, str]] = [("mail", address) for address in section.mail]
    if section.webhook:
        ways.append(("webhook", ""))
    if section.chat is not None:
        channels["chat"] = chat = ChatChannel(secrets(section.chat), clock)
        stack.push_async_callback(chat.close)
        ways.append(("chat", ""))
    _must_reach(owner, section, channels)
    return Told(
        notifier=replace(notifier, channels=channels),
        ways=tuple(ways),
        later=section.escalate_mail,
        least=PRIORITIES[section.least],
        window=length_of(section.window),
        link=section.link or here,
    )


def _must_reach(owner: str, section: AlertSection, channels: Mapping[ChannelName, Channel]) -> None:
    if (section.mail or section.escalate_mail) and "mail" not in channels:
        raise ConfigurationError(f"alerts.{owner}.mail: name a system of kind smtp as `notices.mail`")
    if section.webhook and "webhook" not in channels:
        raise ConfigurationError(f"alerts.{owner}.webhook: name a system of kind webhook_out as `notices.webhook`")
    if not (section.mail or section.webhook or section.chat):
        raise ConfigurationError(f"alerts.{owner}: say how: `mail`, `webhook` or `chat`")
