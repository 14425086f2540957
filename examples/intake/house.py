"""The project's own part: which supplies a service takes. Lies in your `flows/`, and is named in `[hub] flows`."""

from __future__ import annotations

from decimal import Decimal

from careloom.flows.intake import intake
from careloom.flows.steps.packages import Supply, packages

__all__ = ["intake"]

packages.needs("ORT", Supply("S-GEL-5", Decimal(1)), Supply("S-LEAD-3", Decimal(2)))
