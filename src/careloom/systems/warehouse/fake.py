"""The vendor's side, as `fixtures/api.toml` describes it, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from careloom.systems.rest.fake import vendor_trials
from careloom.systems.trial import Trial


def trials() -> Mapping[str, Callable[[], Trial]]:
    """For the conformance suite."""
    return vendor_trials(Path(__file__).parent)
