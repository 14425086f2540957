"""Code lists of a payer's files: what they refuse is not taken, and the 999 says so."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from careloom.formats import x12
from careloom.formats.x12 import CodeLists
from careloom.mapping.source import Settings as Source
from careloom.systems.payer.connector import Settings, connect
from careloom.testing.surroundings import World

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "x12" / "835_balanced.edi"


async def exchanged(world: World, folder: Path, source: Source) -> x12.GroupAnswer:
    """What the 999 says of the 835 that was dropped into the inbox."""
    for name in ("in", "out"):
        (folder / name).mkdir()
    kinds: tuple[Literal["999"], ...] = ("999",)
    batch = {"outbox": folder / "out", "inbox": folder / "in", "stable_seconds": 0, "acknowledge": kinds}
    settings = Settings(sender="EXAMPLEHOSP", receiver="EXAMPLEPAYER", batch=batch)
    payer = connect(settings, world.around("northplan", source=source))
    (folder / "in" / "remittance.edi").write_bytes(SAMPLE.read_bytes())
    await payer.poll()
    await payer.close()
    [reply] = (folder / "out").glob("999-*")
    return x12.read_acknowledgement(next(x12.parse(reply.read_bytes())[0].transactions))


async def test_a_code_that_is_not_listed_is_refused_and_told_in_the_999(world: World, tmp_path: Path) -> None:
    lists = CodeLists.load('[places]\n"835:CAS02" = ["45", "3", "1"]')
    answer = await exchanged(world, tmp_path, Source(code_lists=lists))
    [complaint] = answer.sets[0].complaints
    assert answer.verdict == "rejected"
    assert (complaint.segment_id, complaint.segment, complaint.element, complaint.code) == ("CAS", 21, 2, "7")
    assert world.intake.messages == []
    [refusal] = world.intake.refusals
    assert refusal.location == "2110[2]/CAS02, segment 23"
    assert list((tmp_path / "in" / "rejected").iterdir())


@pytest.mark.parametrize(
    "source", [Source(), Source(code_lists=CodeLists.load('[places]\n"CAS01" = ["CO", "PR"]'), strict=True)]
)
async def test_what_keeps_to_its_lists_is_taken_and_accepted(world: World, tmp_path: Path, source: Source) -> None:
    answer = await exchanged(world, tmp_path, source)
    assert answer.verdict == "accepted"
    assert [one.type for one in world.intake.messages] == ["x12:835"]
