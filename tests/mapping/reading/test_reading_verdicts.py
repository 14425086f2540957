"""What is refused as it is read is what its acknowledgements reject, whatever befell the file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from careloom.core.errors import FormatError
from careloom.formats import x12
from careloom.formats.x12 import CodeLists
from careloom.mapping.reading import Unit
from careloom.mapping.reading.x12 import assess, units
from careloom.mapping.source import Settings

FOLDER = Path(__file__).resolve().parents[2] / "samples" / "x12"
SAMPLES = [path for path in sorted(FOLDER.glob("*.edi")) if not path.stem.startswith(("997", "999", "ta1"))]
NOW = datetime(2026, 3, 1, 10, 15)
SETTINGS = Settings(strict=False, code_lists=CodeLists.load('[places]\n"CAS02" = ["45", "3"]\n"2300/CLM05-1" = ["11"]'))


def spoilt(data: bytes, chance: Random) -> bytes:
    """The file with up to two octets replaced."""
    made = bytearray(data)
    for _ in range(chance.randint(0, 2)):
        made[chance.randrange(len(made))] = chance.choice(b"*~:A9 ")
    return bytes(made)


def acknowledged(assessment: x12.Assessment) -> int:
    """How many sets its 999s and TA1s accept."""
    notes = x12.acknowledge_interchange(assessment, time=NOW, control=1)
    if any(one.verdict == "rejected" for one in notes):
        return 0
    replies = x12.acknowledge(assessment, time=NOW, control=1)
    groups = [x12.read_acknowledgement(one) for reply in replies for one in x12.parse(reply.data)[0].transactions]
    return sum(one.verdict != "rejected" for group in groups if group.verdict != "rejected" for one in group.sets)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_set_is_taken_exactly_where_its_acknowledgement_accepts_it(sample: Path) -> None:
    chance, compared = Random(sample.stem), 0
    for _ in range(20):
        data = spoilt(sample.read_bytes(), chance)
        assessment = assess(data, SETTINGS)
        groups = [group for one in assessment.interchanges for group in one.groups]
        if len(assessment.interchanges) != 1 or any(group.functional == "FA" for group in groups):
            continue
        try:
            accepted = acknowledged(assessment)
        except FormatError:  # its ISA holds what no answer can be addressed to
            continue
        taken = [one for one in units(data, SETTINGS) if isinstance(one, Unit) and one.type != "TA1"]
        assert len(taken) == accepted, [(one.code, one.place) for one in assessment.findings]
        compared += 1
    assert compared > 5
