"""The project's own part: which supplies a service takes. Lies in your `flows/`, and is named in `[hub] flows`."""

from __future__ import annotations

from decimal import Decimal

from careloom.flows.appointments import appointments
from careloom.flows.steps.packages import Supply, packages

__all__ = ["appointments"]

packages.needs("29881", Supply("S-GEL-5", Decimal(3)), Supply("S-LEAD-3"))
