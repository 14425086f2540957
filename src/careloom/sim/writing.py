"""HL7 v2.5.1 as the simulated EHR writes it: segments from numbered fields, messages from segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from careloom.sim.people import Person

FACILITY = "LOOMHOSP"
_STRUCTURES = {
    "A04": "ADT_A01", "A08": "ADT_A01", "A13": "ADT_A01", "A28": "ADT_A05", "A31": "ADT_A05", "A11": "ADT_A09",
    "A40": "ADT_A39",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay or an appointment. `number` is PV1-19."""

    number: str
    inpatient: bool
    began: datetime
    ended: datetime | None = None
    service: str = "MED"


def stamp(time: datetime) -> str:
    """HL7 TS to the second, with its offset."""
    return f"{time:%Y%m%d%H%M%S}+0000"


def segment(name: str, fields: Mapping[int, str]) -> str:
    """`PID|1||...`; fields are numbered as the standard does."""
    values = [fields.get(number, "") for number in range(1, max(fields) + 1)]
    return "|".join([name, *values])


def header(trigger: str, control_id: str, at: datetime) -> str:
    """MSH. `trigger` is `ADT^A04` or another code with its event."""
    event = trigger.partition("^")[2]
    structure = _STRUCTURES.get(event, f"ADT_{event}") if trigger.startswith("ADT") else trigger.replace("^", "_")
    fields = {
        2: "LOOMEHR", 3: FACILITY, 4: "CARELOOM", 5: "HUB", 6: stamp(at), 8: f"{trigger}^{structure}", 9: control_id,
        10: "P", 11: "2.5.1", 17: "UNICODE UTF-8",
    }  # fmt: skip
    # MSH-1 is the separator itself, so every later field stands one place earlier in the text.
    return segment("MSH", {1: r"^~\&", **fields})


def event(code: str, recorded: datetime) -> str:
    """EVN; EVN-2 is when the EHR recorded it, which decides between updates that overtake each other."""
    return segment("EVN", {1: code, 2: stamp(recorded)})


def patient(person: Person, *, born: str | None = None, numbered: bool = True) -> str:
    """PID. `born` replaces the date of birth; without `numbered` PID-3 stays empty."""
    contacts = [f"{person.phone}^PRN^PH"] + ([f"^NET^Internet^{person.email}"] if person.email else [])
    return segment("PID", {
        1: "1", 3: f"{person.mrn}^^^{FACILITY}^MR" if numbered else "", 5: _name(person) + "^^^^L",
        7: person.born if born is None else born, 8: person.sex, 11: _address(person) + "^H", 13: "~".join(contacts),
    })  # fmt: skip


def visit(stay: Visit) -> str:
    """PV1."""
    place = "WARD3^12^A" if stay.inpatient else "CLINIC2"
    return segment("PV1", {
        1: "1", 2: "I" if stay.inpatient else "O", 3: f"{place}^{FACILITY}",
        7: "4471^Reedhook^Ivo^^^Dr", 10: stay.service, 19: f"{stay.number}^^^{FACILITY}^VN",
        44: stamp(stay.began), 45: stamp(stay.ended) if stay.ended else "",
    })  # fmt: skip


def guarantor(person: Person) -> str:
    """GT1: they pay for themselves."""
    return segment("GT1", {1: "1", 3: _name(person), 5: _address(person), 6: person.phone, 11: "SEL"})


def insurance(person: Person) -> str:
    """IN1."""
    policy = f"PL{person.mrn[3:]}"
    return segment("IN1", {
        1: "1", 2: "BASIC^Basic Cloth", 3: "90001", 4: "Threadbare Mutual", 12: "20260101", 13: "20261231",
        16: _name(person), 17: "SEL", 36: policy, 49: policy,
    })  # fmt: skip


def appointment(number: str, order: str, code: str, begins: datetime, status: str) -> list[str]:
    """SCH, RGS and AIS: an hour for one service, at a time with its offset."""
    ends = begins + timedelta(hours=1)
    return [
        segment("SCH", {
            2: f"{number}^LOOMEHR", 6: "NEW", 8: "Normal", 9: "60", 10: "min",
            11: f"^^60^{stamp(begins)}^{stamp(ends)}", 25: status, 26: f"{order}^LOOMEHR",
        }),
        segment("RGS", {1: "1", 2: "A"}),
        segment("AIS", {1: "1", 2: "A", 3: f"{code}^Operation^C4", 4: stamp(begins), 7: "60", 8: "min"}),
    ]  # fmt: skip


def prior(mrn: str) -> str:
    """MRG: the record that ends."""
    return segment("MRG", {1: f"{mrn}^^^{FACILITY}^MR"})


def result(number: str, at: datetime) -> list[str]:
    """OBR and OBX of a preliminary laboratory result, which is none of billing's business."""
    return [
        segment("OBR", {1: "1", 2: number, 4: "THREADS^Thread count^L", 7: stamp(at), 25: "P"}),
        segment("OBX", {1: "1", 2: "NM", 3: "THREADS^Thread count^L", 5: "400", 6: "1/in", 11: "P"}),
    ]


def body(*segments: str) -> bytes:
    """The message."""
    return "".join(f"{one}\r" for one in segments).encode()


def _name(person: Person) -> str:
    return f"{person.family}^{person.given}^{person.middle}"


def _address(person: Person) -> str:
    return f"{person.street}^^{person.city}^{person.state}^{person.zip}^USA"
