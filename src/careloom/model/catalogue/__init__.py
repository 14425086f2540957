"""The events by domain, each module with the contracts of its events."""

from careloom.model.catalogue import (
    charging,
    claims,
    coverage,
    engagement,
    finance,
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

CONTRACTS: tuple[Contract, ...] = (
    *registration.CONTRACTS,
    *scheduling.CONTRACTS,
    *orders.CONTRACTS,
    *medication.CONTRACTS,
    *charging.CONTRACTS,
    *coverage.CONTRACTS,
    *claims.CONTRACTS,
    *finance.CONTRACTS,
    *purchasing.CONTRACTS,
    *stock.CONTRACTS,
    *masterdata.CONTRACTS,
    *engagement.CONTRACTS,
    *operations.CONTRACTS,
)
