"""A simulated Odoo: 18.0 and 19.0 as measured, for tests, demos and chaos runs. See `SimulatedOdoo`."""

from careloom.sim.odoo.faults import Faults
from careloom.sim.odoo.reception import Call
from careloom.sim.odoo.server import SimulatedOdoo

__all__ = ["Call", "Faults", "SimulatedOdoo"]
