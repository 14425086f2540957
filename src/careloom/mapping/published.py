"""Events that were published as events need no mapping: they are what they say."""

from __future__ import annotations

from careloom.mapping.catalogue import Mapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.model import CanonicalEvent


def translate(event: CanonicalEvent, settings: Settings) -> Translation:  # noqa: ARG001
    """The event itself."""
    return Translation(events=(event,))


MAPPINGS = (Mapping("event", ("*",), translate),)
