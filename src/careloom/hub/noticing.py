"""`[notices]`: the systems by which runs tell people things."""

from __future__ import annotations

from collections.abc import Mapping

from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import Configuration
from careloom.hub.flowlist import find_notices
from careloom.hub.storage import Storage
from careloom.systems.seam import Target
from careloom.systems.smtp.mailer import Mailer
from careloom.workflow.notifying import Channel, ChannelName, MailChannel, Notifier, WebhookChannel
from careloom.workflow.templates import Templates


def make_notifier(
    configuration: Configuration, store: Storage, systems: Mapping[str, object], clock: Clock
) -> Notifier:
    """Of this deployment. Raises ConfigurationError for a template that is missing or wrong, and for a system of
    another kind than its channel needs."""
    settings = configuration.settings
    channels: dict[ChannelName, Channel] = {}
    if name := settings.notices.mail:
        mailer = systems.get(name)
        if not isinstance(mailer, Mailer):
            raise ConfigurationError(f"notices.mail: {name} is no system of kind smtp")
        channels["mail"] = MailChannel(mailer)
    if name := settings.notices.webhook:
        target = systems.get(name)
        if not isinstance(target, Target):
            raise ConfigurationError(f"notices.webhook: {name} takes no events; name one of kind webhook_out")
        channels["webhook"] = WebhookChannel(target, store.master)
    notices = find_notices(settings.hub.flows, configuration.base)
    return Notifier(store.database, store.master, Templates(notices, configuration.base), clock, channels)
