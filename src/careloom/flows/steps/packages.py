"""Service packages: which supplies a service takes. Declared by the project, beside the flows that it switches on:

packages.needs("93306", Supply("S-GEL-5"), Supply("S-ELECTRODE", Decimal(3)))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from careloom.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Supply:
    """So much of a product, in its own unit. `product` is its internal reference in Odoo (`default_code`)."""

    product: str
    quantity: Decimal = Decimal(1)


class Packages:
    """The packages of a deployment by the code of the service."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Supply, ...]] = {}

    def needs(self, service: str, *supplies: Supply) -> None:
        """Raises ConfigurationError for another package under the same code, and for nothing of a product."""
        if any(one.quantity <= 0 for one in supplies):
            raise ConfigurationError(f"the package of {service} lists a product without a quantity above zero")
        if self._known.setdefault(service, supplies) != supplies:
            raise ConfigurationError(f"the service {service} has two packages; keep one of them")

    def of(self, services: Iterable[str]) -> tuple[Supply, ...]:
        """What these services take together, by product; nothing where none has a package."""
        total: dict[str, Decimal] = {}
        for service in services:
            for one in self._known.get(service, ()):
                total[one.product] = total.get(one.product, Decimal(0)) + one.quantity
        return tuple(Supply(product, quantity) for product, quantity in total.items())


packages = Packages()
"""Those of this process."""
