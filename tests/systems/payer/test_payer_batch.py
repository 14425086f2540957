"""Claims as files, and files that come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from careloom.core.errors import CareloomError, Unavailable
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Park, Skip
from careloom.formats import x12
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.source import Settings as Sender
from careloom.model import ClaimSubmitted, encode
from careloom.systems.payer.connector import Payer, Settings, connect
from careloom.systems.payer.trials import report
from careloom.systems.trial import event
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

Sample = Callable[[str], list[Any]]
DAY = 86_400.0


@pytest.fixture
def clock(world: World) -> VirtualClock:
    assert isinstance(world.clock, VirtualClock)
    return world.clock


@pytest.fixture
def new_id(clock: VirtualClock) -> Callable[[], UUID]:
    return Uuid7(clock)


@pytest.fixture
def open_payer(world: World, tmp_path: Path) -> Callable[..., Payer]:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()

    def run(**more: Any) -> Payer:
        batch = {
            "outbox": tmp_path / "out",
            "inbox": tmp_path / "in",
            "stable_seconds": 0,
            "claims": 3,
            "wait": 60,
            **more,
        }
        settings = Settings(
            sender="EXAMPLEHOSP", receiver="EXAMPLEPAYER", submitter="EXAMPLE GENERAL HOSPITAL",
            submitter_number="EXHOSP", submitter_phone="6145550141", batch=batch,
        )  # fmt: skip
        return connect(settings, world.around("northplan"))

    return run


@pytest.fixture
def claim(sample: Sample, new_id: Callable[[], UUID]) -> Callable[[str], Any]:
    """A claim with this number, as an event of the log."""

    def run(number: str) -> Any:
        [first, _] = sample("837p_office_visit.edi")
        identifier = (msgspec.structs.replace(first.claim.identifier[0], value=number),)
        submitted = msgspec.structs.replace(first, claim=msgspec.structs.replace(first.claim, identifier=identifier))
        return msgspec.structs.replace(event(1), id=new_id(), type=ClaimSubmitted.type, data=encode(submitted))

    return run


def written(folder: Path) -> list[list[str]]:
    """The numbers of the claims in each file, in the order in which the files were written."""
    files = sorted((folder / "out").glob("837-*.edi"), key=lambda file: file.stat().st_mtime_ns)
    return [[one[1] for one in next(x12.parse(file.read_bytes())[0].transactions).find("CLM")] for file in files]


async def test_claims_go_out_together_when_they_are_enough(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], tmp_path: Path
) -> None:
    payer = open_payer()
    for number in ("C1", "C2", "C3", "C4"):
        assert isinstance(await payer.post(claim(number)), Done)
    await payer.poll()
    assert written(tmp_path) == [["C1", "C2", "C3"]]
    assert x12.validate(next((tmp_path / "out").iterdir()).read_bytes(), strict=True).findings == []


async def test_or_when_the_first_has_waited(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], clock: VirtualClock, tmp_path: Path
) -> None:
    payer = open_payer()
    await payer.post(claim("C1"))
    await clock.advance(59)
    await payer.poll()
    assert written(tmp_path) == []
    await clock.advance(1)
    await payer.poll()
    await payer.poll()
    assert written(tmp_path) == [["C1"]]


async def test_what_comes_back_is_waited_for_and_settled(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], world: World, tmp_path: Path
) -> None:
    payer = open_payer(claims=1)
    await payer.post(claim("C1"))
    await payer.poll()
    assert sorted(one.kind for one in world.expectations.waiting) == ["277CA", "835", "999", "TA1"]
    [file] = (tmp_path / "out").iterdir()
    sent = file.read_bytes()
    assessment = x12.validate(sent)
    now = world.clock.now()
    replies = [
        *x12.acknowledge(assessment, time=now, control=8),
        *x12.acknowledge_interchange(assessment, time=now, control=9),
    ]
    for reply in replies:
        (tmp_path / "in" / f"{reply.kind}.edi").write_bytes(reply.data)
    await payer.poll()
    assert sorted(one.kind for one in world.expectations.waiting) == ["277CA", "835"]
    assert sorted(message.type for message in world.intake.messages) == ["x12:999", "x12:TA1"]
    assert world.troubles.told == []


async def test_a_repeat_after_the_batch_went_is_no_second_claim(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], tmp_path: Path
) -> None:
    payer = open_payer(claims=1)
    one = claim("C1")
    await payer.post(one)
    await payer.poll()
    assert isinstance(await payer.post(one), Done)
    await payer.poll()
    assert written(tmp_path) == [["C1"]]


async def test_a_process_that_ends_in_between_writes_the_same_file_again(
    open_payer: Callable[..., Payer],
    claim: Callable[[str], Any],
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payer = open_payer(claims=2)
    for number in ("C1", "C2"):
        await payer.post(claim(number))
    forget = world.memory.delete

    async def end(key: str) -> None:
        raise Unavailable(f"the store is away: {key}")

    monkeypatch.setattr(world.memory, "delete", end)
    with pytest.raises(Unavailable):
        await payer.poll()
    [first] = (tmp_path / "out").iterdir()
    before = first.read_bytes()
    monkeypatch.setattr(world.memory, "delete", forget)
    later = open_payer_again(open_payer)
    await later.post(claim("C3"))
    await later.poll()
    assert written(tmp_path) == [["C1", "C2"]]
    assert first.read_bytes() == before
    assert await world.memory.keys("batch") == []
    assert len(await world.memory.keys("claim/")) == 1


def open_payer_again(open_payer: Callable[..., Payer]) -> Payer:
    return open_payer(claims=2)


async def test_an_outbox_that_is_away_loses_nothing(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], tmp_path: Path
) -> None:
    payer = open_payer(claims=1)
    (tmp_path / "out").rmdir()
    await payer.post(claim("C1"))
    with pytest.raises(CareloomError):
        await payer.poll()
    assert [one.problem for one in await payer.check()] != []
    (tmp_path / "out").mkdir()
    await payer.poll()
    assert written(tmp_path) == [["C1"]]
    assert await payer.check() == []


async def test_a_claim_that_no_837_can_carry_is_parked_at_once(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], tmp_path: Path
) -> None:
    payer = open_payer(claims=1)
    whole = claim("C1")
    lacking = msgspec.json.decode(whole.data)
    del lacking["claim"]["provider"]["address"]
    outcome = await payer.post(msgspec.structs.replace(whole, data=msgspec.json.encode(lacking)))
    assert isinstance(outcome, Park) and outcome.field == "claim.provider.address"
    await payer.poll()
    assert written(tmp_path) == []


async def test_files_are_acknowledged_as_the_settings_say(
    open_payer: Callable[..., Payer], world: World, tmp_path: Path
) -> None:
    payer = open_payer(acknowledge=["999", "TA1"])
    (tmp_path / "in" / "report.edi").write_bytes(report(1))
    await payer.poll()
    kinds = sorted(file.name.partition("-")[0] for file in (tmp_path / "out").iterdir())
    assert kinds == ["999", "TA1"]
    [reply] = (tmp_path / "out").glob("999-*")
    transaction = next(x12.parse(reply.read_bytes())[0].transactions)
    assert x12.read_acknowledgement(transaction).control == "1"
    mapping = mapping_for("x12", "999")
    assert mapping is not None
    [told] = mapping.translate(transaction, Sender()).events
    assert told.acknowledgement.outcome == "accepted"  # type: ignore[attr-defined]
    assert len(world.intake.messages) == 1


async def test_claims_need_a_way_out(world: World) -> None:
    settings = Settings(sender="A", receiver="B", realtime={"url": "http://127.0.0.1:9/"})
    payer = connect(settings, world.around())
    outcome = await payer.post(msgspec.structs.replace(event(1), type=ClaimSubmitted.type))
    assert isinstance(outcome, Park)
    assert isinstance(await payer.post(event(1)), Skip)
    await payer.poll()
    await payer.close()


async def test_what_was_sent_long_ago_is_forgotten(
    open_payer: Callable[..., Payer], claim: Callable[[str], Any], world: World, clock: VirtualClock
) -> None:
    payer = open_payer(claims=1)
    await payer.post(claim("C1"))
    await payer.poll()
    assert len(await world.memory.keys("sent/")) == 1
    await clock.advance(31 * DAY)
    await payer.poll()
    assert await world.memory.keys("sent/") == []
    assert len(await world.memory.keys("control/")) == 1
    await clock.advance(120 * DAY)
    await payer.poll()
    assert await world.memory.keys("control/") == []
