"""The pages, one module each: what it reads, what may be done on it."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.console.pages import (
    audit,
    codes,
    exceptions,
    journeys,
    overview,
    people,
    persons,
    runbook,
    subscriptions,
    systems,
    workflows,
)
from careloom.console.visiting import Page


def every() -> Sequence[Page]:
    """All pages, in the order of the menu."""
    return (
        *overview.PAGES,
        *journeys.PAGES,
        *exceptions.PAGES,
        *workflows.PAGES,
        *persons.PAGES,
        *codes.PAGES,
        *systems.PAGES,
        *subscriptions.PAGES,
        *people.PAGES,
        *audit.PAGES,
        *runbook.PAGES,
    )
