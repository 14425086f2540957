"""What ends a process before it is done: the appointment or the registration is not wanted any more."""

from __future__ import annotations

from careloom.model import CanonicalEvent
from careloom.workflow.errors import Cancelled


class Stopped(Cancelled):
    """An event says that what the run is about does not take place: the run undoes what it did, and ends cancelled."""

    def __init__(self, event: CanonicalEvent) -> None:
        super().__init__(f"{event.type} came: what this is for does not take place")
        self.event = event
