"""The events by domain, each module with the contracts of its events."""

from collections.abc import Mapping
from types import MappingProxyType

from careloom.model.catalogue import (
    charging,
    claims,
    coverage,
    engagement,
    finance,
    identity,
    masterdata,
    medication,
    operations,
    orders,
    purchasing,
    registration,
    scheduling,
    stock,
)
from careloom.model.contract import Contract

DOMAINS: Mapping[str, tuple[Contract, ...]] = MappingProxyType(
    {
        "registration": registration.CONTRACTS,
        "identity": identity.CONTRACTS,
        "scheduling": scheduling.CONTRACTS,
        "orders": orders.CONTRACTS,
        "medication": medication.CONTRACTS,
        "charging": charging.CONTRACTS,
        "coverage": coverage.CONTRACTS,
        "claims": claims.CONTRACTS,
        "finance": finance.CONTRACTS,
        "purchasing": purchasing.CONTRACTS,
        "stock": stock.CONTRACTS,
        "masterdata": masterdata.CONTRACTS,
        "engagement": engagement.CONTRACTS,
        "operations": operations.CONTRACTS,
    }
)
"""The contracts of each domain; every event is of one."""

CONTRACTS: tuple[Contract, ...] = tuple(contract for domain in DOMAINS.values() for contract in domain)
