"""Our own samples: strictly valid, placed wholly, and accepted by two readers that are not ours."""

from __future__ import annotations

import warnings
from pathlib import Path

import hl7kit
import hl7types
import pytest

from careloom.formats import hl7v2
from careloom.formats.hl7v2 import inspecting

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "hl7v2"
# The others are of older families, some with deviations on purpose; each is valid in lenient mode.
STRICT = sorted(path for path in FOLDER.glob("*.hl7") if not path.name[1].isdigit())
FAMILIES = {
    "SIU^S12", "SIU^S13", "SIU^S14", "SIU^S15", "SIU^S17", "SIU^S26", "SRM^S01", "SRR^S01", "ORM^O01", "OML^O21",
    "ORL^O22", "ORR^O02", "ORU^R01", "OUL^R22", "OMP^O09", "DFT^P03", "DFT^P11", "BAR^P01", "RDE^O11", "RDS^O13",
    "RAS^O17", "RGV^O15", "MDM^T02", "MFN^M02", "MFN^M04", "MFN^M05", "QBP^Q22", "RSP^K22", "VXU^V04", "ADT^A02",
    "ADT^A03", "ADT^A05", "ADT^A28", "ADT^A31", "ADT^A47", "ACK^A04",
}  # fmt: skip


def test_every_family_has_a_sample() -> None:
    assert {hl7v2.parse(path.read_bytes()).type.name for path in STRICT} == FAMILIES


@pytest.mark.parametrize("path", STRICT, ids=lambda path: path.stem)
def test_a_sample_is_strictly_valid_and_in_its_place(path: Path) -> None:
    seen = inspecting.inspect(path.read_bytes(), strict=True)
    assert [one for one in seen.findings if one.severity == "error"] == []
    assert seen.identical
    assert not hl7v2.view(hl7v2.parse(path.read_bytes())).strays


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.hl7")), ids=lambda path: path.stem)
def test_every_sample_is_valid_in_lenient_mode(path: Path) -> None:
    assert inspecting.inspect(path.read_bytes()).valid


@pytest.mark.parametrize("path", STRICT, ids=lambda path: path.stem)
def test_independent_readers_accept_it(path: Path) -> None:
    text = path.read_bytes().decode()
    hl7kit.parse(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if text.count("\rORC") > 1 and "^OML_O21" in text:
            return  # hl7types reads the second order of an OML as a prior result of the first, for ORC may open either
        hl7types.decode_er7(text)
