"""`[feeds.NAME]`: which systems are watched for silence, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from careloom.cases.recording import Recorder
from careloom.core.clock import Clock
from careloom.core.errors import ConfigurationError
from careloom.hub.configuration import Configuration
from careloom.hub.measuring import Telemetry
from careloom.hub.observing import FeedSection
from careloom.hub.storage import Storage
from careloom.telemetry.cadence import Rest
from careloom.telemetry.silence import Feed, Silences
from careloom.workflow.calendars import Calendar
from careloom.workflow.declaration import length_of

_USUAL: Final = FeedSection()


def silences_of(
    configuration: Configuration,
    store: Storage,
    recorder: Recorder,
    clock: Clock,
    systems: Mapping[str, object],
    calendars: Mapping[str, Calendar],
    telemetry: Telemetry,
) -> Silences:
    """Of a deployment. Raises ConfigurationError for a calendar that there is not."""
    sections = configuration.settings.feeds

    def held(system: str) -> bool:
        until = getattr(systems.get(system), "maintenance", None)
        return until is not None and until > clock.now()

    feeds = {name: feed_of(name, sections.get(name, _USUAL), calendars) for name in systems}
    made = Silences(store.database, recorder, clock, feeds, held)
    telemetry.silence = made.due_seconds
    return made


def feed_of(system: str, section: FeedSection, calendars: Mapping[str, Calendar]) -> Feed:
    """As the settings say of one. Raises ConfigurationError."""
    if section.calendar and section.calendar not in calendars:
        known = ", ".join(sorted(calendars)) or "none"
        raise ConfigurationError(
            f"feeds.{system}.calendar: there is no calendar {section.calendar!r}; there are {known}"
        )
    rest = Rest(
        zone=ZoneInfo(section.zone),
        hours=section.hours(),
        calendar=calendars[section.calendar] if section.calendar else None,
        maintenance=tuple((one.begin, one.end) for one in section.maintenance),
    )
    declared = section.expects_every not in ("learned", "never")
    return Feed(
        system=system,
        rest=rest,
        every=length_of(section.expects_every) if declared else None,
        watched=section.expects_every != "never",
        owner=section.owner,
    )
