"""Events of charges, accounts and the price list."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.charging import Account, ChargeItem, ChargeItemDefinition
from careloom.model.contract import Contract, Terms
from careloom.model.events import CanonicalEvent, PatientEvent
from careloom.model.subject import About


class ChargePosted(PatientEvent, frozen=True, kw_only=True):
    """A service or a supply was charged to a patient's account."""

    type: ClassVar[str] = "charge.posted.v1"

    charge: ChargeItem


class ChargeVoided(PatientEvent, frozen=True, kw_only=True):
    """A charge was taken back.

    `charge.reverses` is the one, or `charge.identifier` where the sender repeats its number.
    """

    type: ClassVar[str] = "charge.voided.v1"

    charge: ChargeItem


class AccountUpdated(PatientEvent, frozen=True, kw_only=True):
    """A patient's billing account was opened, changed or closed."""

    type: ClassVar[str] = "account.updated.v1"

    account: Account


class ChargeItemDefinitionUpdated(CanonicalEvent, frozen=True, kw_only=True):
    """A line of the price list was added, changed or retired."""

    type: ClassVar[str] = "charge_item_definition.updated.v1"
    about: ClassVar[tuple[About, ...]] = (About("ChargeItemDefinition", "definition.identifier"),)

    definition: ChargeItemDefinition


_BILLING = Terms(
    owner="patient-accounting",
    source_of_truth="the system that captures charges",
    publishers=("ehr", "laboratory", "pharmacy", "careloom"),
    data_classes=("phi", "financial"),
    retention_years=7,
)
_PRICES = Terms(
    owner="patient-accounting",
    source_of_truth="the charge master",
    publishers=("ehr", "odoo"),
    data_classes=("financial",),
    retention_years=7,
    retry="bulk",
)

CONTRACTS: tuple[Contract, ...] = (
    _BILLING.contract(ChargePosted),
    _BILLING.contract(ChargeVoided),
    _BILLING.contract(AccountUpdated),
    _PRICES.contract(ChargeItemDefinitionUpdated),
)
