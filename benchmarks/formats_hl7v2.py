"""HL7 v2 beside two libraries, on the same messages in the same run: read, viewed, validated, built, inspected.

Run: python -m benchmarks.formats_hl7v2. Rates are the median of many short rounds of processor time, in which all take
turns, so that what else the machine does falls on each; a ratio is the median of the rounds', and the lowest over the
messages. Reading is parse and twenty fields by path, the same twenty for each library.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Any

import hl7
import hl7kit

from benchmarks.hl7v2_parse import sample
from careloom.formats import hl7v2
from careloom.formats.hl7v2 import Coded, Identifier, inspecting

ROUNDS, ROUND_SECONDS = 60, 0.01
READS: dict[str, Sequence[str]] = {
    "ADT^A04, 8 kB": (
        "MSH-9.1", "MSH-9.2", "MSH-10", "EVN-2", "PID-3.1", "PID-3.4.1", "PID-3[2].1", "PID-5.1", "PID-5.2", "PID-7",
        "PID-8", "PID-11.1", "PID-11.3", "PID-13.6", "PV1-2", "PV1-3.1", "PV1-19.1", "NK1-2.1", "IN1-36", "IN1[2]-36",
    ),
    "ORU^R01, 6 kB": (
        "MSH-9.1", "MSH-9.2", "MSH-10", "PID-3.1", "PID-3.4.1", "PID-5.1", "PID-5.2", "PID-7", "PID-8", "ORC-1",
        "OBR-2.1", "OBR-3.1", "OBR-4.1", "OBR-25", "OBX-3.1", "OBX-5", "OBX[2]-5", "OBX[3]-6.1", "OBX[9]-5", "OBX[9]-8",
    ),
    "SIU^S12, 3 kB": (
        "MSH-9.1", "MSH-9.2", "MSH-10", "SCH-1.1", "SCH-2.1", "SCH-6.1", "SCH-11.4", "SCH-25", "PID-3.1", "PID-5.1",
        "PID-5.2", "PID-7", "PV1-2", "AIS-3.1", "AIS-4", "AIS[2]-3.1", "AIL-3.1", "AIL-4.1", "AIP-3.1", "AIP-3.2",
    ),
}  # fmt: skip
_PID = (
    "PID|1||NS55012^^^NORTHSHORE&2.999.1&ISO^MR~900-55-0120^^^USSSA^SS||Quill^Tamsin^R^^Ms^^L||19840217|F||2106-3"
    "|12 Harbour Row^^Port Ellery^MN^55999^USA^H||^PRN^PH^^1^555^5550147|||M||NS55012-1^^^NORTHSHORE^AN"
)


def result(size: int) -> bytes:
    """An invented ORU^R01 of about `size` bytes."""
    lines = [
        "MSH|^~\\&|LAB|NORTHSHORE|HUB|CARELOOM|20260301151500+0000||ORU^R01^ORU_R01|NS000418|P|2.5.1|||AL|NE",
        _PID, "ORC|RE|ORD1^EHR|LAB1^LAB||CM",
        "OBR|1|ORD1^EHR|LAB1^LAB|24323-8^Metabolic panel^LN|||20260301091500+0000|||||||||55120^Okafor^Ben||||||202603"
        "||CH|F",
    ]  # fmt: skip
    while sum(map(len, lines)) < size:
        number = len(lines) - 3
        lines.append(
            f"OBX|{number}|NM|{2000 + number}-7^Analyte {number}^LN||{number * 7}.5|mg/dL^milligram per decilitre^UCUM|"
            f"70-99|N|||F|||20260301091500+0000||55120^Okafor^Ben||||||||Northshore Laboratory^L|7 Mill Lane^^Ellery^MN"
        )
    return ("\r".join(lines) + "\r").encode()


def appointment(size: int) -> bytes:
    """An invented SIU^S12 of about `size` bytes."""
    lines = [
        "MSH|^~\\&|SCHED|NORTHSHORE|HUB|CARELOOM|20260301151500+0000||SIU^S12^SIU_S12|NS000419|P|2.5.1|||AL|NE",
        "SCH|PA1^EHR|FA1^SCHED||||NEW^New^L|ROUTINE^Routine^L|Normal^Normal^L|30|min^minute^UCUM|^^30^20260420140000^"
        "20260420143000|||||4471^Brandt^Ivo|^WPN^PH|||4471^Brandt^Ivo|||||Booked",
        _PID, "PV1|1|O|CLIN^3^B^NORTHSHORE||||55120^Okafor^Ben^^^Dr", "RGS|1|A",
    ]  # fmt: skip
    while sum(map(len, lines)) < size - 200:
        number = len(lines) - 4
        lines.append(f"AIS|{number}|A|{99200 + number}^Service {number}^C4|20260420140000|0|min|30|min||Booked")
    lines += ["AIL|1|A|CLIN^3^^NORTHSHORE|C^Clinic^L||20260420140000", "AIP|1|A|4471^Brandt^Ivo^^^Dr|ATT^Attending^L"]
    return ("\r".join(lines) + "\r").encode()


MESSAGES = {"ADT^A04, 8 kB": sample(8_000), "ORU^R01, 6 kB": result(6_000), "SIU^S12, 3 kB": appointment(3_000)}


def ours(data: bytes, paths: Sequence[str]) -> list[str]:
    """Parse and read with this package."""
    get = hl7v2.parse(data).get
    return [get(path) for path in paths]


def with_hl7kit(data: bytes, paths: Sequence[str]) -> list[str]:
    """Parse and read with hl7kit."""
    get = hl7kit.parse(data.decode()).get
    return [get(path) or "" for path in paths]


def with_python_hl7(data: bytes, places: Sequence[tuple[str, int, int, int, int, int]]) -> list[str]:
    """Parse and read with python-hl7, its own way of saying where."""
    message = hl7.parse(data.decode())
    return [message.extract_field(*place[:4], place[4] or 1, place[5] or 1) for place in places]


def rounds(*works: Callable[[], object]) -> list[list[float]]:
    """For each work its calls a second of processor time in each round; the works take turns: noise falls on all."""
    found: list[list[float]] = [[] for _ in works]
    calls = [max(1, round(_rate(work, 1) * ROUND_SECONDS)) for work in works]
    for _ in range(ROUNDS):
        for at, work in enumerate(works):
            found[at].append(_rate(work, calls[at]))
    return found


def _rate(work: Callable[[], object], calls: int) -> float:
    started = time.process_time()
    for _ in range(calls):
        work()
    return calls / max(time.process_time() - started, 1e-9)


def rates(*works: Callable[[], object]) -> list[float]:
    """The median of the rounds of each."""
    return [median(own) for own in rounds(*works)]


def readings() -> tuple[list[dict[str, Any]], float, float]:
    """The rates of reading, and by how much the peers are slower at least."""
    rows: list[dict[str, Any]] = []
    over_kit, over_python = [], []
    for name, data in MESSAGES.items():
        paths, places = READS[name], [hl7v2.compile_path(path) for path in READS[name]]
        assert ours(data, paths) == with_hl7kit(data, paths) == with_python_hl7(data, places), name
        found = rounds(
            partial(ours, data, paths), partial(with_hl7kit, data, paths), partial(with_python_hl7, data, places)
        )
        own, kit, python = map(median, found)
        over_kit.append(_times(found[0], found[1]))
        over_python.append(_times(found[0], found[2]))
        rows += [_row(f"{name}: parse + 20 reads", own), _row(f"peer: hl7kit, {name}", kit)]
        rows.append(_row(f"peer: python-hl7, {name}", python))
    return rows, min(over_kit), min(over_python)


def _times(own: Sequence[float], peer: Sequence[float]) -> float:
    return median(ours / theirs for ours, theirs in zip(own, peer, strict=True))


def build() -> bytes:
    """A small result, built by names."""
    made = hl7v2.build("ORU^R01", time=datetime(2026, 3, 1, tzinfo=UTC), control_id="1", sender=("LAB", "N"))
    made.add("PID", patient_identifiers=Identifier("M1", type="MR"), patient_name=("Quill", "Tamsin"))
    made.add("OBR", set_id=1, service=Coded("2345-7", "Glucose", "LN"))
    for number in range(3):
        made.add("OBX", set_id=number, value_type="NM", observation_identifier=Coded("2345-7"),
                 observation_value=Decimal("104.5"), result_status="F")  # fmt: skip
    return made.message().encode()


_LOAD = """
import time
from careloom.formats import hl7v2
message = hl7v2.parse(open(0, "rb").read())
started = time.process_time()
hl7v2.validate(message)
print((time.process_time() - started) * 1000)
"""


def first_validation() -> float:
    """Milliseconds of a process's first validation, the tables it needs read on the way; the best of five."""
    data = sample(1_000)
    command = [sys.executable, "-c", _LOAD]
    return min(float(subprocess.run(command, input=data, capture_output=True, check=True).stdout) for _ in range(5))


def run() -> list[dict[str, Any]]:
    """One row per figure: `name`, `value`, `unit` and the `goal` it must meet, None for those that only inform."""
    rows, over_kit, over_python = readings()
    rows.append(_row("hl7v2 reading, times hl7kit", over_kit, 5, unit="x"))
    rows.append(_row("hl7v2 reading, times python-hl7", over_python, 50, unit="x"))
    small, oru = sample(1_000), MESSAGES["ORU^R01, 6 kB"]
    figures: list[tuple[str, Callable[[], object], float | None]] = [
        ("hl7v2 validate ADT^A04, 1 kB, lenient", lambda: hl7v2.validate(hl7v2.parse(small)), 2_000),
        ("hl7v2 validate ORU^R01, 6 kB, lenient", lambda: hl7v2.validate(hl7v2.parse(oru)), None),
        ("hl7v2 view ORU^R01, 6 kB", lambda: hl7v2.view(hl7v2.parse(oru)), None),
        ("hl7v2 inspect ORU^R01, 6 kB", lambda: inspecting.inspect(oru), None),
        ("hl7v2 build ORU^R01, 3 results", build, None),
    ]
    found = rates(*(work for _, work, _ in figures))
    rows += [_row(name, value, goal) for (name, _, goal), value in zip(figures, found, strict=True)]
    rows.append(_row("hl7v2 first validation of a process", first_validation(), 40, unit="ms", op="<="))
    return rows


def _row(name: str, value: float, goal: float | None = None, *, unit: str = "1/s", op: str = ">=") -> dict[str, Any]:
    shown = round(value) if unit == "1/s" else round(value, 2)
    return {"name": name, "value": shown, "unit": unit, "goal": {"op": op, "value": goal} if goal else None}


def main() -> None:
    for row in run():
        goal = f"goal {row['goal']['op']} {row['goal']['value']:,}" if row["goal"] else ""
        print(f"{row['name']:<48}{row['value']:>12,} {row['unit']}  {goal}")


if __name__ == "__main__":
    main()
