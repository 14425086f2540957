"""X12 as `careloom inspect` sees it, and the corpora beside the project."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from x12_files import changed, sample

from careloom.core.errors import FormatError
from careloom.formats import inspection, x12
from careloom.formats.x12 import inspecting

SHARED = Path(__file__).resolve().parents[3].parent / "shared"
CORPUS = SHARED / "corpora"


def test_the_module_is_an_inspector() -> None:
    inspector: inspection.Inspector = inspecting
    assert inspector.recognises(sample("835_balanced"), "x")


def test_a_good_file() -> None:
    found = inspecting.inspect(sample("835_balanced"), paths=["835:2100/CLP04", "2100[2]/CLP01", "ISA13", "837:CLM01"])
    assert (found.format, found.type, found.version, found.valid, found.identical) == (
        "x12",
        "835",
        "005010X221A1",
        True,
        True,
    )
    assert found.counts["interchanges"] == found.counts["groups"] == found.counts["sets"] == 1
    assert found.counts["segments"] == sample("835_balanced").count(b"~")
    assert found.values == {
        "835:2100/CLP04": ("110.25", "120"), "2100[2]/CLP01": ("C0000418",), "ISA13": ("000000417",), "837:CLM01": (),
    }  # fmt: skip


def test_several_types_are_joined() -> None:
    found = inspecting.inspect(sample("270_dependent") + sample("850_gloves") + sample("ta1_accepted"))
    assert found.type == "270,850,TA1" and found.version == "005010X279A1,005010" and found.identical is True


def test_a_path_that_is_none_is_a_finding() -> None:
    found = inspecting.inspect(sample("835_balanced"), paths=["PID-3.1", "BPR02"])
    assert [(one.code, one.place) for one in found.findings] == [("path-unknown", "PID-3.1")]
    assert found.values == {"BPR02": ("205.25",)} and not found.valid


def test_strict_makes_errors_of_deviations() -> None:
    data = changed(sample("837p_patient"), ("SBR*P*18*G417******CI", "SBR*P*18*G417***Y***CI"))
    assert inspecting.inspect(data).valid and not inspecting.inspect(data, strict=True).valid


@pytest.mark.parametrize("data", [b"", b"ISA*00*", b"hello", b"\xff\xfe\x00"])
def test_what_cannot_be_read_is_said_once(data: bytes) -> None:
    found = inspecting.inspect(data, paths=["ISA13"])
    assert not found.valid and found.identical is None and found.values == {"ISA13": ()}
    assert len(found.findings) == 1


def test_recognition() -> None:
    assert inspecting.recognises(b"\xef\xbb\xbf\n ISA|00|", "data.txt") and inspecting.recognises(b"GS*HP", "A.835")
    assert not inspecting.recognises(b"MSH|^~\\&|", "x.txt") and not inspecting.recognises(b"ISAAC NEWTON", "x.txt")
    assert not inspecting.recognises(b"UNA:+.? 'UNB+", "order.edi")


def _corpus() -> list[tuple[str, bool]]:
    manifest = CORPUS / "MANIFEST.tsv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        (row["file"], "invalid" in row["note"])
        for row in rows
        if row["kind"] == "x12" and not row["file"].endswith(".xml") and (CORPUS / row["file"]).exists()
    ]


@pytest.mark.corpora
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not here")
@pytest.mark.parametrize(("file", "invalid"), _corpus())
def test_real_files_are_read_to_the_byte_or_refused_with_a_place(file: str, invalid: bool) -> None:
    data = (CORPUS / file).read_bytes()
    start = time.thread_time()
    found = inspecting.inspect(data)
    assert time.thread_time() - start < 1
    assert inspecting.recognises(data, file) and all(one.place for one in found.findings)
    if found.identical is None:
        with pytest.raises(FormatError) as caught:
            x12.parse(data)
        assert caught.value.location
    else:
        assert found.identical and found.counts["segments"] > 2
    assert not (invalid and found.valid)
    pieces = list(x12.pieces(data))
    assert (
        len([piece for piece in pieces if piece.set_id and not piece.error])
        <= found.counts["sets"] + found.counts["acknowledgements"]
    )
    for piece in pieces:
        if piece.error is None:
            assert b"".join(one.encode() for one in x12.parse(piece.data)) == piece.data
