"""The inspector of bank statements: each format by name, located findings, values at paths, hostile bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careloom.core.errors import FormatError
from careloom.formats.bank import inspecting, parse

SAMPLES = {
    path.name: path.read_bytes() for path in (Path(__file__).resolve().parents[2] / "samples" / "bank").iterdir()
}
FORMATS = {
    "statement_camt053_v02.xml": "camt.053",
    "statement_mt940.sta": "mt940",
    "statement_ofx1.ofx": "ofx",
    "statement_ofx2.ofx": "ofx",
    "statement_bai2.txt": "bai2",
}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_each_sample_is_known_by_its_content_and_right(name: str) -> None:
    assert inspecting.recognises(SAMPLES[name], "statement")
    inspection = inspecting.inspect(SAMPLES[name])
    assert (inspection.format, inspection.valid) == (FORMATS[name], True)
    assert inspection.counts["entries"] >= 1


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"MSH|^~\\&|", b"ISA*00*", b"{}", b"<html/>", b"01,2,3\n4,5,6\n"])
def test_other_files_are_left_alone(data: bytes) -> None:
    assert not inspecting.recognises(data, "statement.csv")
    with pytest.raises(FormatError):
        parse(data)


def test_values_stand_at_the_asked_paths() -> None:
    paths = ["account", "closing", "entry.amount", "entry[2].remittance", "entry[9].amount"]
    values = inspecting.inspect(SAMPLES["statement_mt940.sta"], paths=paths).values
    assert list(values.values()) == [
        ("10010010/0930711860",),
        ("1109.50",),
        ("150.00", "-30.50", "-10"),
        ("Paper and toner second line",),
        (),
    ]


@pytest.mark.parametrize("path", ["", "entries", "entry.details", "entry.nothing", "amount", "__class__"])
def test_a_path_that_is_none_is_a_finding(path: str) -> None:
    inspection = inspecting.inspect(SAMPLES["statement_bai2.txt"], paths=[path])
    assert [(finding.code, finding.place) for finding in inspection.findings] == [("path-unknown", path)]


def test_a_cut_off_file_is_a_located_finding() -> None:
    inspection = inspecting.inspect(SAMPLES["statement_camt053_v02.xml"][:900])
    assert inspection.format == "camt.053"
    assert [finding.code for finding in inspection.findings] == ["unreadable"]
    assert inspection.findings[0].place.startswith("line ")


def test_another_namespace_is_an_error_only_when_strict() -> None:
    data = SAMPLES["statement_camt053_v02.xml"].replace(b"camt.053.001.02", b"camt.053.draft")
    assert inspecting.inspect(data).valid
    assert not inspecting.inspect(data, strict=True).valid


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_damage_never_raises(name: str, data: st.DataObject) -> None:
    sample = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        if not sample:
            break
    inspecting.recognises(bytes(sample), name)
    for finding in inspecting.inspect(bytes(sample)).findings:
        assert finding.place
        assert finding.text
