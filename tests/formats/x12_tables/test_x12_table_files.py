"""Real files in the tables: our own samples fit wholly; every place and element that the corpora use is there."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.formats.x12.elements import Demand, check
from careloom.formats.x12.segment import cut
from careloom.formats.x12.structure import Container, Slot, structure_of
from careloom.formats.x12.tables import segment_definition, sets

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "tests" / "samples" / "x12").glob("*.edi"))
CORPORA = ROOT.parent / "shared" / "corpora"
INVALID = "deliberately invalid"

OFF_GUIDE = {
    "test-x12-275-availity-to-healthplan.edi": "claim levels in a 275",
    "x215-inquiry-by-auth-number-response.edi": "no patient event level",
    "x217-inpatient-request.edi": "no patient event level",
    "x217-inpatient-response-pended.edi": "no patient event level",
    "x217-referral-request.edi": "no patient event level",
    "999-acknowledgment.edi": "AK5 in place of IK5",
    "837-header-ref-only.edi": "REF*BB in the header",
    "bad-header.edi": "loops of other levels in a claim",
}
"""Files of the corpora whose segments stand where no guide has them, and what is odd there."""


def corpus() -> list[Path]:
    """The X12 files of the corpora that are not marked invalid; empty where the corpora are absent."""
    manifest = CORPORA / "MANIFEST.tsv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    kept = [row for row in rows if row["kind"] == "x12" and INVALID not in row["note"] and not row["expected_of"]]
    return [CORPORA / row["file"] for row in kept if (CORPORA / row["file"]).exists()]


def places(transaction: x12.Transaction, *, counted: bool) -> list[str]:
    """The segments that have no place in the table, and with `counted` also what is missing or there too often."""
    structure = structure_of(transaction.set_id, transaction.version, transaction.purpose)
    assert structure is not None, f"no table for {transaction.set_id}"
    state, faults = structure.start, list[str]()
    around: list[tuple[Container, Counter[int]]] = [(structure.root, Counter())]
    for segment in transaction.segments:
        parts = cut(segment.raw, segment.delimiters.element)
        move = structure.move(state, structure.key(parts[0], parts, segment.delimiters.component))
        if move is None or (counted and move.fit != "exact"):
            faults.append(f"{segment.id} has no place")
            continue
        for _ in range(move.up):
            faults += unfilled(*around.pop())
        around[-1][1][move.slot.number] += 1
        if move.slot.child is not None:
            around.append((move.slot.child, Counter([0])))
        state = move.state
    while around:
        faults += unfilled(*around.pop())
    return faults if counted else [fault for fault in faults if fault.endswith("no place")]


def unfilled(container: Container, seen: Counter[int]) -> list[str]:
    def wrong(slot: Slot) -> bool:
        return (slot.required and not seen[slot.number]) or 0 < slot.repeat < seen[slot.number]

    return [f"{container.id}/{slot.name} comes {seen[slot.number]} times" for slot in container.slots if wrong(slot)]


def problems(transaction: x12.Transaction) -> list[str]:
    """What the segment table objects to, as places and codes."""
    found = []
    for segment in transaction.segments:
        definition = segment_definition(segment.id)
        if definition is None:
            found.append(f"{segment.id} undefined")
            continue
        most = 2 if segment.id == "BIN" else -1  # binary data may hold any delimiter
        parts = [part.decode("latin-1") for part in segment.raw.strip().split(segment.delimiters.element, most)]
        found += [f"{segment.id}{p.element:02} {p.code}" for p in check(parts, Demand(definition), segment.delimiters)]
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_our_samples_fit_wholly(path: Path) -> None:
    for interchange in x12.parse(path.read_bytes()):
        for transaction in interchange.transactions:
            assert places(transaction, counted=True) == []
            assert problems(transaction) == []


def test_there_is_a_sample_for_every_set() -> None:
    seen = {
        (transaction.set_id, transaction.version)
        for path in SAMPLES
        for interchange in x12.parse(path.read_bytes())
        for transaction in interchange.transactions
    }
    guides = {(table.id, table.version) for table in sets() if table.version.startswith("005010X")}
    assert guides <= seen
    assert {"810", "846", "850", "855", "856", "997"} <= {set_id for set_id, _ in seen}


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.exists(), reason="the corpora stand beside the project")
@pytest.mark.parametrize("path", corpus(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_corpora_have_their_places(path: Path) -> None:
    try:
        interchanges = x12.parse(path.read_bytes())
    except FormatError as refused:
        assert refused.location
        return
    transactions = [found for interchange in interchanges for found in interchange.transactions]
    faults = [fault for transaction in transactions for fault in places(transaction, counted=False)]
    assert bool(faults) == (path.name in OFF_GUIDE), faults
    if path.name not in OFF_GUIDE:
        objections = [problem for transaction in transactions for problem in problems(transaction)]
        assert not [text for text in objections if "undefined" in text or "elements-too-many" in text]
