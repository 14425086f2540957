"""What the chaos run sends: admissions, updates and merges of invented patients, and what must come of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
REPEATED = 0.1
MERGED = 0.02
_GIVEN = ("Ottilie", "Jorun", "Casimir", "Amaro", "Sunniva", "Teodora")
_FAMILY = ("Weaver", "Heddle", "Bobbin", "Treadle", "Selvage", "Warp")


@dataclass(frozen=True, slots=True)
class Sending:
    """One message as it goes over a line. `repeat`: it was sent before under the same control id."""

    control_id: str
    body: bytes
    repeat: bool = False


@dataclass
class Feed:
    """The sendings of each line, and what Odoo must show of each patient at the end."""

    lines: list[list[Sending]]
    streets: dict[str, str] = field(default_factory=dict)
    retired: set[str] = field(default_factory=set)

    @property
    def control_ids(self) -> set[str]:
        return {sending.control_id for line in self.lines for sending in line}

    @property
    def sendings(self) -> int:
        return sum(len(line) for line in self.lines)


def make_feed(seed: int, messages: int, lines: int = 8) -> Feed:
    """`messages` distinct ones, and a tenth of them once more. Each patient stays on one line."""
    chance = random.Random(seed)
    feed = Feed([[] for _ in range(lines)])
    living: list[list[str]] = [[] for _ in range(lines)]
    for number in range(1, messages + 1):
        line = number % lines
        sending = _next(feed, living[line], number, chance)
        feed.lines[line].append(sending)
        if chance.random() < REPEATED:
            again = chance.choice(feed.lines[line][-20:])
            feed.lines[line].append(Sending(again.control_id, again.body, repeat=True))
    return feed


def _next(feed: Feed, patients: list[str], number: int, chance: random.Random) -> Sending:
    control_id, street = f"CHAOS{number:06d}", f"{number} Shuttle Lane"
    if len(patients) > 2 and chance.random() < MERGED:
        survivor, retired = chance.sample(patients, 2)
        patients.remove(retired)
        feed.retired.add(retired)
        feed.streets[survivor] = street
        return Sending(control_id, message("A40", control_id, number, survivor, street, retired))
    if not patients or chance.random() < 0.1:
        patients.append(f"MRN{number:06d}")
        event, patient = "A04", patients[-1]
    else:
        event, patient = "A08", chance.choice(patients)
    feed.streets[patient] = street
    return Sending(control_id, message(event, control_id, number, patient, street))


def message(event: str, control_id: str, number: int, patient: str, street: str, retired: str | None = None) -> bytes:
    """One ADT message; EVN-2 is `number` seconds after the beginning, so it grows with each event of a patient."""
    when = (BEGAN + timedelta(seconds=number)).strftime("%Y%m%d%H%M%S+0000")
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]
    structure = "ADT_A39" if event == "A40" else "ADT_A01"
    segments = [
        f"MSH|^~\\&|EHR|LOOM|CARELOOM|LOOM|{when}||ADT^{event}^{structure}|{control_id}|P|2.5.1",
        f"EVN|{event}|{when}",
        f"PID|1||{patient}^^^LOOM^MR||{family}^{given}^^^^^L||19710412|F|||{street}^^Springfield^IL^62701^USA^H",
        "PV1|1|O|CLINIC^1^^LOOM" if retired is None else f"MRG|{retired}^^^LOOM^MR",
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


def unique(sendings: Sequence[Sending]) -> int:
    """How many of these are no repeats."""
    return sum(not sending.repeat for sending in sendings)
