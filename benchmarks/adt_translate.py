"""How fast an ADT message becomes a canonical event, and how fast intake knows what it is about. One core, no I/O.

Processor time of this process, from the bytes to the event's JSON, in many short rounds. With no peer to compare with,
the fastest round is the figure, as what else the machine does can only add to it; the median stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from careloom import model
from careloom.formats import hl7v2
from careloom.mapping import subject_of, translate

_SECONDS = 2.0
_ROUNDS = 40

# An invented registration of about 1 KB with two insurances, as a US hospital sends it.
_MESSAGE = "\r".join(
    (
        r"MSH|^~\&|REGI|LAKESIDE^2.999.7.1^ISO|HUB|CARELOOM|20260302081502-0800||ADT^A04^ADT_A01|LS0000417|P|2.5.1",
        "EVN|A04|20260302081500-0800|||JWEIR^Weir^Joan",
        "PID|1||MRN700123^^^LAKESIDE&2.999.7.1&ISO^MR~771-0042^^^STATEMPI^PI||Okonjo^Maribel^T^^Ms^^L"
        "||19840611|F|||18 Juniper Row^Unit 4^Fairhaven^WA^98225^USA^H^^WHATCOM||(360)555-0148^PRN^PH^^^360^5550148"
        "~^NET^Internet^maribel.okonjo@example.org|(360)555-0177^WPN^PH|eng^English^HL70296|M||ACC55012^^^LAKESIDE^AN",
        "PV1|1|O|CARDIO^3^^LAKESIDE||||1999999992^Brandt^Ivo^^^Dr^^^NPI^L^^^NPI|2888888883^Saito^Ren^^^^^^NPI^L^^^NPI"
        "||CAR|||||||||V900871^^^LAKESIDE^VN|||||||||||||||||||||||||20260302081500-0800",
        "GT1|1||Okonjo^Maribel^T||18 Juniper Row^Unit 4^Fairhaven^WA^98225|(360)555-0148||19840611|F||SEL",
        "IN1|1|GOLD^Gold HMO|60054|Northwind Health Plan|PO Box 411^^Spokane^WA^99201||(509)555-0100|G-4410"
        "|Fairhaven Ferries|||20260101|20261231||HMO|Okonjo^Maribel^T|SEL|19840611|18 Juniper Row^Unit 4^Fairhaven^WA"
        "^98225|||1||||||||||||||PL-20771|||||||F||||||NHP884213",
        "",
    )
).encode("ascii")


def run() -> list[dict[str, Any]]:
    """Rows `{name, value, unit, goal}`."""
    translated, keyed = _micros(_translated), _micros(_keyed)
    return [
        _row("adt_translate", round(1_000_000 / min(translated)), "messages/s", (">=", 1_000_000 / 150)),
        _row("adt_translate: one message", min(translated), "us", ("<=", 150)),
        _row("adt_translate: one message, median", median(translated), "us"),
        _row("adt_subject", min(keyed), "us/message", ("<=", 8)),
        _row("adt_subject, median", median(keyed), "us/message"),
    ]


def _row(name: str, value: float, unit: str, goal: tuple[str, float] | None = None) -> dict[str, Any]:
    shown = {"op": goal[0], "value": round(goal[1])} if goal else None
    return {"name": name, "value": round(value, 2), "unit": unit, "goal": shown}


def _translated() -> bytes:
    return model.encode(translate(hl7v2.parse(_MESSAGE)).events[0])


_HEADER = hl7v2.peek(_MESSAGE)


def _keyed() -> str:
    return subject_of(_MESSAGE, _HEADER)[0]


def _micros(work: Callable[[], object]) -> list[float]:
    """Microseconds of processor time for one call, in each of the rounds."""
    calls = max(1, int(_SECONDS / _ROUNDS / max(_timed(work, 100) / 100, 1e-6)))
    return [_timed(work, calls) / calls * 1_000_000 for _ in range(_ROUNDS)]


def _timed(work: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        work()
    return time.process_time() - start


if __name__ == "__main__":
    for row in run():
        print(row)
