"""Every mapping we ship, by what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple, TypeAlias

from careloom.mapping.result import Translation
from careloom.mapping.source import Settings

Translate: TypeAlias = Callable[[Any, Settings], Translation]

# Modules of one message family each; every one has `MAPPINGS`.
FAMILIES: Final = (
    "careloom.mapping.adt",
    "careloom.mapping.v2.scheduling",
    "careloom.mapping.v2.orders",
    "careloom.mapping.v2.results",
    "careloom.mapping.v2.charges",
    "careloom.mapping.v2.accounts",
    "careloom.mapping.v2.medication",
    "careloom.mapping.v2.documents",
    "careloom.mapping.v2.referrals",
    "careloom.mapping.v2.masterfiles",
    "careloom.mapping.v2.acknowledgement",
    "careloom.mapping.v2.queries",
    "careloom.mapping.published",
    "careloom.mapping.bank",
    "careloom.mapping.payments",
    "careloom.mapping.settlements",
    "careloom.mapping.x12.eligibility",
    "careloom.mapping.x12.status",
    "careloom.mapping.x12.authorization",
    "careloom.mapping.x12.remittance",
    "careloom.mapping.x12.claim",
    "careloom.mapping.x12.enrollment",
    "careloom.mapping.x12.premium",
    "careloom.mapping.x12.acknowledgement",
    "careloom.mapping.x12.order",
    "careloom.mapping.x12.shipment",
    "careloom.mapping.x12.invoice",
    "careloom.mapping.x12.inventory",
    "careloom.mapping.declared",
    "careloom.mapping.fhir.patient",
    "careloom.mapping.fhir.visits",
    "careloom.mapping.fhir.scheduling",
    "careloom.mapping.fhir.insurance",
    "careloom.mapping.fhir.orders",
    "careloom.mapping.fhir.charges",
    "careloom.mapping.fhir.payments",
    "careloom.mapping.fhir.claims",
    "careloom.mapping.fhir.answers",
    "careloom.mapping.fhir.explanation",
    "careloom.mapping.fhir.supplies",
    "careloom.mapping.fhir.medication",
    "careloom.mapping.fhir.directory",
    "careloom.mapping.fhir.records",
    "careloom.mapping.fhir.bundles",
    "careloom.mapping.odoo.partners",
    "careloom.mapping.odoo.products",
    "careloom.mapping.odoo.invoices",
    "careloom.mapping.odoo.payments",
    "careloom.mapping.odoo.purchases",
    "careloom.mapping.odoo.stock",
    "careloom.mapping.odoo.sales",
)


class Mapping(NamedTuple):
    """Messages of these types of a format become events. A type may stand for all that begin with it: `ADT` for
    `ADT^A04`, `contacts` for `contacts/updated`, `*` for every type of the format."""

    format: str
    types: tuple[str, ...]
    translate: Translate


@cache
def mappings() -> tuple[Mapping, ...]:
    """All of them, in the order of `FAMILIES`."""
    return tuple(mapping for family in FAMILIES for mapping in import_module(family).MAPPINGS)


def mapping_for(format: str, type: str) -> Mapping | None:
    """The mapping that reads such messages; None when there is none."""
    for name in general(type):
        for mapping in mappings():
            if mapping.format == format and name in mapping.types:
                return mapping
    return None


def general(type: str) -> Iterator[str]:
    """The type and the more general ones that stand for it: `ADT^A04`, `ADT`, `*`."""
    yield type
    for separator in ("^", "/"):
        if separator in type:
            yield type.partition(separator)[0]
    yield "*"
