"""The demo's own part of its deployment, as `examples/intake/house.py` shows it: which supplies a service takes."""

from __future__ import annotations

from decimal import Decimal

from careloom.flows.appointments import appointments
from careloom.flows.intake import intake
from careloom.flows.steps.packages import Supply, packages

__all__ = ["appointments", "intake"]

packages.needs("ORD", Supply("S-GEL-5", Decimal(1)), Supply("S-DRESS-10", Decimal(2)))
packages.needs("29877", Supply("S-SCREW-3", Decimal(2)))
packages.needs("33361", Supply("S-VALVE-26", Decimal(4)))
