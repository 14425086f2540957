"""The target that deliveries of webhooks post to."""

from __future__ import annotations

from careloom.systems.http.origin import open_caller
from careloom.systems.rotation import KeyRing
from careloom.systems.seam import Surroundings
from careloom.systems.signing import scheme
from careloom.systems.webhook_out.schedule import schedule_of
from careloom.systems.webhook_out.settings import Settings
from careloom.systems.webhook_out.standing import Standing
from careloom.systems.webhook_out.target import WebhookTarget

__all__ = ["Settings", "WebhookTarget", "connect"]


def connect(settings: Settings, around: Surroundings) -> WebhookTarget:
    """Nothing is connected yet. Raises ConfigurationError when its TLS files cannot be used."""
    declared = scheme("standard" if settings.algorithm == "v1" else "standard-asymmetric", {})
    return WebhookTarget(
        open_caller(
            around.system, settings, secrets=around.secrets, clock=around.clock, resolve=settings.outward.resolve
        ),
        around,
        Standing(around, seconds=settings.disable_after, failures=settings.disable_failures),
        declared,
        KeyRing(declared, settings.rotation, around.secrets, around.clock),
        retry=schedule_of(settings.schedule),
        subject=settings.subject,
        idempotent=settings.idempotent,
        facilities=settings.facilities,
        sources=settings.sources,
    )
