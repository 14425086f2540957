"""A second opinion: pyx12, which has 005010 maps of its own for some sets, finds our samples valid too."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

pyx12_document = pytest.importorskip("pyx12.x12n_document")
pyx12_params = pytest.importorskip("pyx12.params")

SAMPLES = Path(__file__).resolve().parents[3] / "tests" / "samples" / "x12"
KNOWN = ("277ca_*", "820_premium", "834_*", "835_two_claims", "837p_*", "837i_*", "999_accepted", "999_rejected")
FILES = sorted(path for pattern in KNOWN for path in SAMPLES.glob(f"{pattern}.edi"))


def valid(path: Path) -> bool:
    """Whether pyx12 finds nothing wrong in a file."""
    return bool(pyx12_document.x12n_document(pyx12_params.params(), str(path), StringIO(), None))


def test_there_are_samples_to_judge() -> None:
    assert len(FILES) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_referee_finds_our_sample_valid(path: Path) -> None:
    assert valid(path)


def test_the_referee_does_find_faults(tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.edi"
    text = (SAMPLES / "837p_office_visit.edi").read_text()
    spoiled.write_text(text.replace("CLM*ENC-88101*500*", "CLM*ENC-88101*5OO*"))
    assert not valid(spoiled)
