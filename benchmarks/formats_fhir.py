"""How fast FHIR is read and checked. Run: python -m benchmarks.formats_fhir

Rates are the median of several short rounds of processor time. The peer, fhir.resources, reads and validates the same
resources in turns with us; how many times faster we are is the median of the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from careloom.formats import fhir
from careloom.formats.fhir.resources import Claim, Patient

ROUNDS, ROUND_SECONDS = 25, 0.02
SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "samples" / "fhir"
TIMES_THE_PEER = 5


def sample(name: str) -> bytes:
    """A sample as a machine writes it, without white space."""
    return fhir.encode(fhir.parse((SAMPLES / f"{name}.json").read_bytes()))


def large_bundle(size: int) -> bytes:
    """A collection of claims and patients of about `size` bytes."""
    claim, patient = (fhir.parse(sample(name)) for name in ("Claim", "Patient"))
    entries: list[dict[str, Any]] = []
    room = size // (len(sample("Claim")) + len(sample("Patient")))
    for number in range(room):
        for kind, resource in (("Claim", claim), ("Patient", patient)):
            key = f"{kind.lower()}-{number}"
            url = f"https://ehr.example.org/fhir/{kind}/{key}"
            entries.append({"fullUrl": url, "resource": {**resource, "id": key}})
    return fhir.encode(fhir.bundle("collection", entries))


def rounds(*works: Callable[[], object]) -> list[list[float]]:
    """For each work its calls a second of processor time in each round; the works take turns: noise falls on all."""
    found: list[list[float]] = [[] for _ in works]
    calls = [max(1, round(_rate(work, 1) * ROUND_SECONDS)) for work in works]
    for _ in range(ROUNDS):
        for at, work in enumerate(works):
            found[at].append(_rate(work, calls[at]))
    return found


def _rate(work: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        work()
    return calls / max(time.process_time() - start, 1e-9)


def rate(work: Callable[[], object]) -> float:
    """Calls a second, the median of the rounds."""
    return median(rounds(work)[0])


def valid(data: bytes) -> bool:
    """Parse and check the structure."""
    return fhir.is_valid(fhir.parse(data))


def peer(kind: str) -> Callable[[bytes], object]:
    """The peer's reader of a type, which validates as it reads."""
    from fhir.resources.R4B import get_fhir_model_class  # type: ignore[import-untyped,unused-ignore]

    read: Callable[[bytes], object] = get_fhir_model_class(kind).model_validate_json
    return read


def run() -> list[dict[str, Any]]:
    """One row per figure: `name`, `value`, `unit` and the `goal` it must meet, None for the peers."""
    bodies = {"Patient": sample("Patient"), "Claim": sample("Claim"), "Bundle": large_bundle(127_000)}
    rows: list[dict[str, Any]] = []
    for kind, data in bodies.items():
        read, size = peer(kind), f"{len(data) / 1000:.0f} kB"
        valid(data), read(data)
        ours, theirs = rounds(partial(valid, data), partial(read, data))
        times = median(own / peer for own, peer in zip(ours, theirs, strict=True))
        rows.append(row(f"fhir parse + structure, {kind} {size}", median(ours)))
        rows.append(row(f"peer: fhir.resources, {kind} {size}", median(theirs)))
        rows.append(row(f"fhir structure, {kind}: times fhir.resources", times, TIMES_THE_PEER, "x"))
        rows.append(row(f"fhir parse + check, {kind} {size}", rate(lambda data=data: fhir.check(fhir.parse(data)))))  # type: ignore[misc]
    patient, claim = bodies["Patient"], bodies["Claim"]
    resource = fhir.parse(patient)
    query = fhir.parse_query("Patient", "family=quill&birthdate=1984-02-17")
    rows += [
        row("fhir parse, Patient", rate(lambda: fhir.parse(patient))),
        row("fhir decode typed, Patient", rate(lambda: fhir.decode(patient, Patient))),
        row("fhir decode typed, Claim", rate(lambda: fhir.decode(claim, Claim))),
        row("fhir search match, two criteria", rate(lambda: fhir.matches(resource, query))),
    ]
    return rows


def row(name: str, value: float, goal: float | None = None, unit: str = "1/s") -> dict[str, Any]:
    limit = {"op": ">=", "value": goal} if goal else None
    return {"name": name, "value": round(value, 1 if unit == "x" else None), "unit": unit, "goal": limit}


def main() -> None:
    for one in run():
        goal = f"goal {one['goal']['op']} {one['goal']['value']:,}" if one["goal"] else ""
        print(f"{one['name']:<44}{one['value']:>12,} {one['unit']}  {goal}")


if __name__ == "__main__":
    main()
