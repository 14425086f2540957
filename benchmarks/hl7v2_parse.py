"""How fast HL7 v2 is read and answered. Run: python -m benchmarks.hl7v2_parse

Rows are the best of several rounds in one process. The peer of the same run splits every level of the whole message.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from careloom.formats import hl7v2

ROUNDS, ROUND_SECONDS = 40, 0.02
READS = (
    "MSH-9.1", "MSH-10", "PID-3.1", "PID-3.4.1", "PID-3[2].1", "PID-5.1", "PID-5.2", "PID-7", "PID-8", "PV1-2",
    "PV1-19.1", "IN1[2]-36",
)  # fmt: skip


def sample(size: int) -> bytes:
    """An invented ADT^A04 of about `size` bytes; what is beyond a plain registration is further insurance."""
    lines = [
        "MSH|^~\\&|WARD|NORTHSHORE|HUB|CARELOOM|20260301101500+0000||ADT^A04^ADT_A01|NS000417|P|2.5.1|||AL|NE|||",
        "EVN|A04|20260301101459|||K77^Vale^Imogen",
        "PID|1||NS55012^^^NORTHSHORE&2.999.1&ISO^MR~900-55-0120^^^USSSA^SS||Quill^Tamsin^R^^Ms^^L||19840217|F||2106-3"
        "|12 Harbour \\T\\ Mill Row^^Port Ellery^MN^55999^USA^H||^PRN^PH^^1^555^5550147|||M||NS55012-1^^^NORTHSHORE^AN",
        "PD1|||Northshore Family Practice^L^5501|55120^Okafor^Ben^^^Dr",
        "NK1|1|Quill^Rowan^^^Mr^^L|SPO^Spouse^HL70063|12 Harbour Row^^Port Ellery^MN^55999^USA|^PRN^PH^^1^555^5550148",
        "PV1|1|O|CLIN^3^B^NORTHSHORE||||55120^Okafor^Ben^^^Dr|55121^Lund^Signe^^^Dr||MED||||1|||55120^Okafor^Ben|OUT|V881",
        "PV2|||^Follow-up after knee injury|||||20260301103000",
    ]
    number = 0
    while number < 2 or sum(map(len, lines)) < size:
        number += 1
        lines.append(
            f"IN1|{number}|PPO{number}^Gold|NHP|Northern Health Plan^L|PO Box {number}^^Saint Paul^MN^55101||"
            f"^WPN^PH^^1^555|G{number}||||20260101|20261231|||Quill^Tamsin^R|SEL|19840217|||||||||||||||||M{number:07}"
        )
    return ("\r".join(lines) + "\r").encode()


def rate(work: Callable[[], object]) -> float:
    """Calls a second, the best of the rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        calls, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < ROUND_SECONDS:
            for _ in range(20):
                work()
            calls += 20
        best = max(best, calls / spent)
    return best


def read_twelve(data: bytes) -> int:
    """Parse and read twelve fields, as a registration mapping does."""
    get = hl7v2.parse(data).get
    return sum(len(get(path)) for path in READS)


def split_all(data: bytes) -> list[Any]:
    """The peer: every level of every segment split at once."""
    return [
        [
            [[part.split("&") for part in repetition.split("^")] for repetition in field.split("~")]
            for field in line.split("|")
        ]
        for line in data.decode().split("\r")
    ]


def run() -> list[dict[str, Any]]:
    """One row per figure: `name`, `value`, `unit` and the `goal` it must meet, None for the peers."""
    small, large = sample(1_000), sample(8_000)
    header, now = hl7v2.peek(small), datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
    figures: list[tuple[str, Callable[[], object], float | None]] = [
        ("hl7v2 peek, 1 kB", lambda: hl7v2.peek(small), 150_000),
        ("hl7v2 acknowledge AA", lambda: hl7v2.acknowledge(header, "AA", time=now, control_id="A1"), 200_000),
        ("hl7v2 parse + 12 reads, 1 kB", lambda: read_twelve(small), None),
        ("hl7v2 parse + 12 reads, 8 kB", lambda: read_twelve(large), 25_000),
        ("peer: naive full split, 1 kB", lambda: split_all(small), None),
        ("peer: naive full split, 8 kB", lambda: split_all(large), None),
    ]
    return [
        {"name": name, "value": round(rate(work)), "unit": "1/s", "goal": {"op": ">=", "value": goal} if goal else None}
        for name, work, goal in figures
    ]


def main() -> None:
    for row in run():
        goal = f"goal {row['goal']['op']} {row['goal']['value']:,}" if row["goal"] else ""
        print(f"{row['name']:<32}{row['value']:>12,} {row['unit']}  {goal}")


if __name__ == "__main__":
    main()
