"""What each ADT trigger event becomes (HL7 v2.5.1 chapter 3.3), or why it becomes nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

from careloom.mapping.encounter import Status
from careloom.model import (
    DischargeCancelled,
    PatientDischarged,
    PatientEvent,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)


class Rule(NamedTuple):
    """The event that a trigger becomes, the state of the visit it implies, and whether it must name the patient."""

    event: type[PatientEvent]
    status: Status
    named: bool = False


RULES: Final[dict[str, Rule]] = {
    "A01": Rule(RegistrationCreated, "in-progress", named=True),
    "A04": Rule(RegistrationCreated, "in-progress", named=True),
    "A05": Rule(RegistrationCreated, "planned", named=True),
    "A28": Rule(RegistrationCreated, "unknown", named=True),
    "A06": Rule(PatientUpdated, "in-progress"),
    "A07": Rule(PatientUpdated, "in-progress"),
    "A08": Rule(PatientUpdated, "unknown"),
    "A31": Rule(PatientUpdated, "unknown"),
    "A49": Rule(PatientUpdated, "unknown"),
    "A03": Rule(PatientDischarged, "finished"),
    "A11": Rule(RegistrationCancelled, "cancelled"),
    "A38": Rule(RegistrationCancelled, "cancelled"),
    "A13": Rule(DischargeCancelled, "in-progress"),
}

# What a change of numbers is, where no number ends with it.
RENUMBERED: Final = Rule(PatientUpdated, "unknown")

# A39 joins external numbers of persons, and only sometimes the patients behind them: MRG-1 tells.
MERGES: Final = frozenset({"A18", "A34", "A36", "A39", "A40", "A46", "A47", "A48"})
MERGES_IF_STATED: Final = frozenset({"A39"})
# These replace numbers of one patient. MRG-1 may repeat some that stay; where it ends none, the patient has changed.
RENUMBERS: Final = frozenset({"A46", "A47", "A48"})

# All events whose MRG names another patient: at intake each waits for both.
ORDERED_WITH_PRIOR: Final = frozenset({"A18", "A34", "A35", "A36", "A39", "A40", "A41", "A42", *RENUMBERS})

FILTERED: Final[dict[str, str]] = {
    "A02": "a transfer changes nothing that is billed by Odoo",
    "A09": "a departure for tracking changes nothing that is billed by Odoo",
    "A10": "an arrival for tracking changes nothing that is billed by Odoo",
    "A12": "a cancelled transfer changes nothing that is billed by Odoo",
    "A24": "a link says two records may be one person; only a merge changes who is billed",
    "A29": "a deleted person keeps its invoices; nothing is deleted in Odoo",
    "A35": "it merges accounts of one patient, and accounts are not merged in Odoo",
    "A37": "an undone link changes nothing, since links are not followed",
    "A41": "it merges accounts of one patient, and accounts are not merged in Odoo",
    "A42": "it merges visits of one patient, and visits are not kept in Odoo",
    "A50": "it changes the number of a visit, and visits are not kept in Odoo",
    "A51": "it changes the alternate number of a visit, and visits are not kept in Odoo",
    "A60": "it carries clinical content (allergies), which never goes to Odoo",
}
