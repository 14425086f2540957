"""Loops judged at one stroke: the same findings, at the same places, as segment by segment."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from x12_files import SAMPLES, sample

from careloom.formats import x12
from careloom.formats.x12 import checking
from careloom.formats.x12.quick import QuickLoop


def repeated(name: str, begin: bytes, end: bytes, times: int) -> list[bytes]:
    """The lines of a sample with a stretch of it (a loop) many times over."""
    lines = sample(name).split(b"~\n")
    first = next(at for at, line in enumerate(lines) if line.startswith(begin))
    last = next(at for at, line in enumerate(lines) if at > first and line.startswith(end))
    return [*lines[:first], *lines[first:last] * times, *lines[last:]]


def damaged(lines: list[bytes], order: random.Random) -> bytes:
    """A few segments left out, doubled, swapped or spoilt."""
    lines = list(lines)
    for _ in range(order.randint(1, 8)):
        at = order.randrange(5, len(lines) - 4)
        match order.randrange(5):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at], lines[at + 1] = lines[at + 1], lines[at]
            case 3:
                lines[at] = lines[at].replace(b"1", b"7", 1)
            case _:
                lines[at] = lines[at].replace(b"*", b"**", 1)
    return b"~\n".join(lines)


FILES = {
    "835": repeated("835_balanced", b"CLP*C0000417", b"CLP*C0000418", 90),
    "837": repeated("837p_patient", b"CLM*C0000418", b"HL*3", 90),
    "837I": repeated("837i_inpatient", b"CLM*", b"SE*", 90),
    "834": repeated("834_family", b"INS*N", b"SE*", 90),
}


def _claims() -> Any:
    """The benchmark's invented files, whose claims all differ."""
    file = Path(__file__).resolve().parents[3] / "benchmarks" / "x12_claims.py"
    spec = importlib.util.spec_from_file_location("x12_claims", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_MADE = _claims()
VARIED = {
    "835": _MADE.remittance, "837P": _MADE.professional, "837I": _MADE.institutional,
}  # fmt: skip
FILES |= {f"varied {name}": make(150).split(b"~\n") for name, make in VARIED.items()}
SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "corpora" / "open" / "x12"


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Turns whole loops off within `slowly.context()`."""
    yield monkeypatch


def both_ways(data: bytes, slowly: pytest.MonkeyPatch) -> x12.Assessment:
    """Validated at one stroke and segment by segment: the same findings, counts and envelopes."""
    quick = x12.validate(data, strict=True)
    with slowly.context() as patch:
        patch.setattr(checking.SetChecker, "_quick_loop", lambda *_: None)
        patch.setattr(checking.SetChecker, "_pattern", lambda *_: None)
        long = x12.validate(data, strict=True)
    assert quick.findings == long.findings
    assert (quick.segments, quick.omitted, quick.interchanges) == (long.segments, long.omitted, long.interchanges)
    return quick


@pytest.mark.parametrize("name", sorted(FILES))
def test_findings_are_those_of_the_long_way(name: str, slowly: pytest.MonkeyPatch) -> None:
    order = random.Random(name)
    lines = FILES[name]
    for _ in range(3):
        x12.validate(b"~\n".join(lines))
    for _ in range(12):
        both_ways(damaged(lines, order), slowly)


@pytest.mark.parametrize("name", sorted(VARIED))
def test_varied_claims_are_valid_and_judged_at_one_stroke(name: str, slowly: pytest.MonkeyPatch) -> None:
    assert not both_ways(VARIED[name](300), slowly).findings
    taken = 0

    def counted(checker: checking.SetChecker, quick: QuickLoop, text: bytes, start: int) -> int:
        nonlocal taken
        end = real(checker, quick, text, start)
        taken += text.count(b"~\nCL", start - 2, end)
        return end

    real = checking.SetChecker._at_once
    slowly.setattr(checking.SetChecker, "_at_once", counted)
    x12.validate(VARIED[name](300, seed=418))
    assert taken > 250


@pytest.mark.parametrize("name", sorted(VARIED))
@pytest.mark.parametrize("spoilt", [1, 20, 90])
def test_a_rule_that_refuses_some_claims_is_heard_for_each(name: str, spoilt: int, slowly: pytest.MonkeyPatch) -> None:
    x12.validate(VARIED[name](300))
    lines = VARIED[name](200, seed=spoilt).split(b"~\n")
    claims = [at for at, line in enumerate(lines) if line.startswith((b"CLM*", b"CLP*"))]
    for at in random.Random(spoilt).sample(claims, spoilt):
        parts = lines[at].split(b"*")
        number = 2 if parts[0] == b"CLM" else 3
        parts[number] = b"1" + parts[number]
        lines[at] = b"*".join(parts)
    found = both_ways(b"~\n".join(lines), slowly)
    code = "claim-out-of-balance" if name == "835" else "claim-total-differs"
    assert sum(finding.code == code for finding in found.findings) == spoilt


def test_a_span_of_days_that_ends_too_soon_is_found_among_good_claims(slowly: pytest.MonkeyPatch) -> None:
    x12.validate(VARIED["837I"](300))
    data = VARIED["837I"](200).replace(b"DTP*434*RD8*", b"DTP*434*RD8*20261231-20260101~\nDTP*434*RD8*", 1)
    assert "dates-reversed" in {finding.code for finding in both_ways(data, slowly).findings}


@pytest.mark.corpora
@pytest.mark.skipif(not SHARED.exists(), reason="the shared corpora are not here")
def test_corpora_have_the_same_findings_both_ways(slowly: pytest.MonkeyPatch) -> None:
    for path in sorted(path for path in SHARED.rglob("*") if path.is_file()):
        both_ways(path.read_bytes(), slowly)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.edi")), ids=lambda path: path.stem)
def test_samples_have_the_same_findings_both_ways(path: Path, slowly: pytest.MonkeyPatch) -> None:
    both_ways(path.read_bytes(), slowly)


def test_it_is_used_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    data, most = b"~\n".join(FILES["835"]), 0
    real = checking.SetChecker._at_once

    def counted(checker: checking.SetChecker, quick: QuickLoop, text: bytes, start: int) -> int:
        nonlocal most
        end = real(checker, quick, text, start)
        most = max(most, text.count(b"~\nCLP*", start - 2, end))
        return end

    for _ in range(3):
        x12.validate(data)
    monkeypatch.setattr(checking.SetChecker, "_at_once", counted)
    x12.validate(data)
    assert most > 50


def corrections(share: int, *, named: bool) -> bytes:
    """An 837P of which some claims correct others (CLM05-3 is 7 or 8), naming them in a REF F8 or not."""
    lines: list[bytes] = []
    for number, line in enumerate(_MADE.professional(200).split(b"~\n")):
        corrects = line.startswith(b"CLM*") and number % share == 0
        lines.append(line.replace(b":B:1*", b":B:%d*" % (7 + number % 2)) if corrects else line)
        if corrects and named:
            lines.append(b"REF*F8*NHP417")
    counted = next(at for at, line in enumerate(lines) if line.startswith(b"SE*"))
    lines[counted] = b"SE*%d*0001" % (counted - 1)
    return b"~\n".join(lines)


def test_claims_that_correct_others_and_name_them_are_judged_at_one_stroke(slowly: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        found = both_ways(corrections(3, named=True), slowly)
    assert "original-reference-missing" not in {finding.code for finding in found.findings}


def test_a_claim_that_names_none_that_it_corrects_is_found_among_good_claims(slowly: pytest.MonkeyPatch) -> None:
    data = corrections(5, named=False)
    expected = sum(data.count(b":B:%d*" % kind) for kind in (7, 8))
    for _ in range(3):
        found = both_ways(data, slowly)
    codes = [finding.code for finding in found.findings]
    assert codes.count("original-reference-missing") == expected > 0


@pytest.mark.parametrize("before", [b"XX*", b"XX*XX*"])
def test_an_npi_with_a_wrong_check_digit_is_found_among_good_claims(before: bytes, slowly: pytest.MonkeyPatch) -> None:
    lines = _MADE.remittance(120).split(b"~\n")
    at = [place for place, line in enumerate(lines) if line.startswith(b"NM1*82*") and b"XX*" in line][-2]
    lines[at] = lines[at].rpartition(b"XX*")[0] + before + b"1999999993"
    found = both_ways(b"~\n".join(lines), slowly)
    assert ("npi-check-digit", f"segment {at + 1}") in {
        (finding.code, finding.place.rpartition(", ")[2]) for finding in found.findings
    }
