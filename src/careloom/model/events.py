"""What happened: canonical business facts in the past tense. Consumers depend on these, and on no wire format.

Within `v1` a field may be added, never removed, renamed or given another meaning; that takes a `v2` beside it.
An absent field means "not said: leave what you have". What the sender asked to delete is listed in `cleared`.
"""

from __future__ import annotations

from typing import ClassVar

from careloom.model.datatypes import Element, Identifiers, Instant, Text
from careloom.model.entities import Coverage, Encounter, Patient, RelatedPerson
from careloom.model.origins import RecordReference
from careloom.model.subject import About


class CanonicalEvent(Element, frozen=True, kw_only=True):
    """What every event says of its origin.

    `trigger` is the message type it came from (`ADT^A04`); `occurred` is when it happened by the sender's clock, null
    where the sender did not say (the receipt time then stands in); `facility` is the sending facility. `record` is the
    record of the business system that tells of it, where one does.
    """

    type: ClassVar[str]
    about: ClassVar[tuple[About, ...]] = ()
    also: ClassVar[tuple[About, ...]] = ()

    trigger: Text
    occurred: Instant | None = None
    facility: Text | None = None
    record: RecordReference | None = None


class PatientEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one patient, with the insurances, the visit and the guarantor as the sender stated them then.

    `cleared` names what the sender asked to delete, as paths into this event: `patient.telecom.home`,
    `encounter.period.end`, `coverage`. A path never stands there together with a value.
    """

    about: ClassVar[tuple[About, ...]] = (About("Patient", "patient.identifier"),)

    patient: Patient
    coverage: tuple[Coverage, ...] = ()
    encounter: Encounter | None = None
    guarantor: RelatedPerson | None = None
    cleared: tuple[Text, ...] = ()


class RegistrationCreated(PatientEvent, frozen=True, kw_only=True):
    """A patient was registered, admitted or pre-admitted, or entered in the person index."""

    type: ClassVar[str] = "registration.created.v1"


class PatientUpdated(PatientEvent, frozen=True, kw_only=True):
    """What is known of a patient, the insurances or the visit changed."""

    type: ClassVar[str] = "patient.updated.v1"


class RegistrationCancelled(PatientEvent, frozen=True, kw_only=True):
    """A registration or admission was a mistake and did not happen."""

    type: ClassVar[str] = "registration.cancelled.v1"


class PatientDischarged(PatientEvent, frozen=True, kw_only=True):
    """A visit or stay ended."""

    type: ClassVar[str] = "patient.discharged.v1"


class DischargeCancelled(PatientEvent, frozen=True, kw_only=True):
    """A discharge was a mistake: the stay goes on."""

    type: ClassVar[str] = "discharge.cancelled.v1"


class PatientMerged(CanonicalEvent, frozen=True, kw_only=True):
    """Two records were one person. `retired` are the identifiers of the record that ends, best known first;
    from now on they mean `survivor`."""

    type: ClassVar[str] = "patient.merged.v1"
    about: ClassVar[tuple[About, ...]] = (About("Patient", "survivor.identifier"),)
    also: ClassVar[tuple[About, ...]] = (About("Patient", "retired"),)

    survivor: Patient
    retired: Identifiers
