"""A simulated hospital's EHR: it knows its patients, and writes a message about all that happens."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import datetime

from careloom.sim import writing
from careloom.sim.people import Person
from careloom.sim.writing import Visit


@dataclass(frozen=True, slots=True)
class Message:
    """What was written. `recorded` is EVN-2; `subject` the record number it is about, "" when it names none."""

    trigger: str
    control_id: str
    subject: str
    recorded: datetime
    body: bytes


@dataclass(slots=True)
class Record:
    """A patient in the EHR. `merged_into` is the record number that stays after a merge."""

    person: Person
    visit: Visit | None = None
    merged_into: str | None = None


class Ehr:
    """Each method changes what the EHR knows and returns the message that tells about it. No two may have a `prefix` of
    their control ids in common that send to one hub."""

    def __init__(self, prefix: str = "LOOM") -> None:
        self.records: dict[str, Record] = {}
        self._control_ids = (f"{prefix}{number:07}" for number in itertools.count(1))
        self._visits = itertools.count(900_001)

    def register(self, person: Person, at: datetime) -> Message:
        """A04: an outpatient has come."""
        return self._begin(person, "A04", at, inpatient=False)

    def expect(self, person: Person, visit: str, service: str, at: datetime) -> Message:
        """A04: somebody has come for a stay whose number and service are known."""
        record = self.records[person.mrn] = Record(person, Visit(visit, inpatient=False, began=at, service=service))
        return self._adt("A04", person, at, record.visit, payers=True)

    def schedule(
        self, person: Person, trigger: str, number: str, order: str, code: str, begins: datetime, at: datetime
    ) -> Message:
        """SIU: an appointment was confirmed (`S14`), moved (`S13`) or called off (`S15`)."""
        status = {"S14": "Confirmed", "S15": "Cancelled"}.get(trigger, "Booked")
        told = writing.appointment(number, order, code, begins, status)
        segments = [told[0], writing.patient(person), writing.insurance(person), *told[1:]]
        return self.write(f"SIU^{trigger}", person.mrn, at, *segments)

    def admit(self, person: Person, at: datetime) -> Message:
        """A01: an inpatient has come."""
        return self._begin(person, "A01", at, inpatient=True)

    def introduce(self, person: Person, at: datetime) -> Message:
        """A28: a person is known from now on, without a visit."""
        self.records.setdefault(person.mrn, Record(person)).person = person
        return self._adt("A28", person, at)

    def update(self, mrn: str, at: datetime, **changes: str) -> Message:
        """A08: something about a patient has changed."""
        return self._changed("A08", mrn, at, changes)

    def correct(self, mrn: str, at: datetime, **changes: str) -> Message:
        """A31: something about a person has changed, visit or no visit."""
        return self._changed("A31", mrn, at, changes)

    def transfer(self, mrn: str, at: datetime) -> Message:
        """A02: another bed."""
        record = self.records[mrn]
        return self._adt("A02", record.person, at, record.visit)

    def discharge(self, mrn: str, at: datetime) -> Message:
        """A03: the visit is over."""
        return self._end(mrn, at, "A03", ended=at)

    def cancel_discharge(self, mrn: str, at: datetime) -> Message:
        """A13: it is not."""
        return self._end(mrn, at, "A13", ended=None)

    def cancel_visit(self, mrn: str, at: datetime) -> Message:
        """A11: the patient never came."""
        record = self.records[mrn]
        visit, record.visit = record.visit, None
        return self._adt("A11", record.person, at, visit)

    def merge(self, survivor: str, retired: str, at: datetime) -> Message:
        """A40: two records were one person's; the retired one ends."""
        self.records[retired].merged_into = survivor
        person = self.records[survivor].person
        segments = [writing.event("A40", at), writing.patient(person), writing.prior(retired)]
        return self.write("ADT^A40", survivor, at, *segments)

    def report(self, mrn: str, at: datetime) -> Message:
        """ORU^R01: a laboratory result."""
        number = f"R{next(self._visits)}"
        return self.write("ORU^R01", mrn, at, writing.patient(self.records[mrn].person), *writing.result(number, at))

    def write(self, trigger: str, subject: str, at: datetime, *segments: str) -> Message:
        """Any segments below a new header; the EHR's knowledge stays as it is."""
        control_id = next(self._control_ids)
        data = writing.body(writing.header(trigger, control_id, at), *segments)
        return Message(trigger, control_id, subject, at, data)

    def _begin(self, person: Person, event: str, at: datetime, *, inpatient: bool) -> Message:
        visit = Visit(f"V{next(self._visits)}", inpatient, at)
        self.records[person.mrn] = Record(person, visit)
        return self._adt(event, person, at, visit, payers=True)

    def _changed(self, event: str, mrn: str, at: datetime, changes: dict[str, str]) -> Message:
        record = self.records[mrn]
        record.person = replace(record.person, **changes)
        return self._adt(event, record.person, at, record.visit if event == "A08" else None, payers=event == "A08")

    def _end(self, mrn: str, at: datetime, event: str, *, ended: datetime | None) -> Message:
        record = self.records[mrn]
        if record.visit is not None:
            record.visit = replace(record.visit, ended=ended)
        return self._adt(event, record.person, at, record.visit)

    def _adt(
        self, event: str, person: Person, at: datetime, visit: Visit | None = None, *, payers: bool = False
    ) -> Message:
        segments = [writing.event(event, at), writing.patient(person)]
        if visit is not None:
            segments.append(writing.visit(visit))
        if payers:
            segments += [writing.guarantor(person), writing.insurance(person)]
        return self.write(f"ADT^{event}", person.mrn, at, *segments)
