"""Orders out, answers in: each once, whatever is repeated and whoever restarts in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError
from tests.systems.trading_partner.conftest import Open

from careloom.core.errors import Unavailable
from careloom.core.ids import Uuid7
from careloom.core.outcomes import Done, Park, Retry, Skip
from careloom.formats import x12
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import reader
from careloom.mapping.source import Settings as Sender
from careloom.model import decode, encode
from careloom.systems.trading_partner.connector import Settings
from careloom.systems.trading_partner.fake import FakePartner
from careloom.systems.trading_partner.trials import PARTIES, Folder, SftpServer, answer, ordered
from careloom.systems.trial import Behaviour, event
from careloom.testing.clock import VirtualClock
from careloom.testing.surroundings import World

FIXTURES = Path(__file__).resolve().parents[3] / "src" / "careloom" / "systems" / "trading_partner" / "fixtures"
DAY = 86_400.0


def waiting(world: World) -> list[str]:
    return sorted(one.kind for one in world.expectations.waiting)


def taken(world: World) -> list[str]:
    return sorted(message.type for message in world.intake.messages)


def events_of(world: World) -> list[Any]:
    """What the log's messages become."""
    found: list[Any] = []
    for message in world.intake.messages:
        mapping = mapping_for("x12", message.type.removeprefix("x12:"))
        assert mapping is not None
        found += mapping.translate(reader("x12").parse(message.body, Sender()), Sender()).events
    return found


async def test_an_order_and_its_answers_each_once(opened: Open, partner: FakePartner, world: World) -> None:
    buyer = opened(shipped_within=14 * DAY, billed_within=30 * DAY, ask_ta1=True)
    assert await buyer.check() == []
    order = ordered(1)
    assert isinstance(await buyer.post(order), Done)
    [sent] = partner.files()
    assert x12.validate(sent, strict=True).findings == []
    assert waiting(world) == ["810", "855", "856", "999", "TA1"]
    assert {one.message for one in world.expectations.waiting} == {order.correlation}

    buyer = opened(shipped_within=14 * DAY, billed_within=30 * DAY, ask_ta1=True)  # a restart, and the event again
    assert isinstance(await buyer.post(order), Done)
    assert partner.files() == [sent]

    partner.acknowledge(sent, with_ta1=True)
    [heard] = partner.received()
    answers = partner.answers(heard)
    for data in answers:
        partner.leave(data)
    await buyer.poll()
    assert waiting(world) == []
    for data in answers:  # the partner repeats itself
        partner.leave(data)
    await opened().poll()
    assert taken(world) == ["x12:810", "x12:855", "x12:856", "x12:997", "x12:TA1"]
    assert world.troubles.told == []
    promised, announced, billed = (next(one for one in events_of(world) if one.type.startswith(kind))
                                   for kind in ("purchase_order", "shipment", "supplier_invoice"))  # fmt: skip
    number = decode(order.type, order.data).order.identifier[0].value  # type: ignore[attr-defined]
    assert promised.response.order.value == announced.delivery.order[0].value == billed.invoice.order[0].value == number
    assert [one.status for one in promised.response.line] == ["accepted", "accepted"]
    assert [one.order_line for one in announced.delivery.item] == ["1", "2"]
    acknowledged = [one for one in partner.received() if one.type == "transmission.acknowledged.v1"]
    assert [one.acknowledgement.outcome for one in acknowledged] == ["accepted"] * len(acknowledged)
    assert len({one.acknowledgement.transmission.value for one in acknowledged}) == 3, (
        "855, 856 and 810; no 997, no TA1"
    )


async def test_a_process_that_ends_before_it_noted_the_file_writes_the_same_again(
    opened: Open, partner: FakePartner, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = world.memory.put

    async def end(key: str, value: bytes) -> None:
        if key.startswith("sent/"):
            raise Unavailable("the store is away")
        await keep(key, value)

    monkeypatch.setattr(world.memory, "put", end)
    assert isinstance(await opened().post(ordered(1)), Retry)
    before = {file.name: file.read_bytes() for file in partner.incoming.iterdir()}
    monkeypatch.setattr(world.memory, "put", keep)
    assert isinstance(await opened().post(ordered(1)), Done)
    assert {file.name: file.read_bytes() for file in partner.incoming.iterdir()} == before
    assert len(before) == 1
    for file in partner.incoming.iterdir():
        file.unlink()  # the partner took it
    assert isinstance(await opened().post(ordered(1)), Done)
    assert partner.files() == []


async def test_files_about_one_subject_sort_as_they_were_posted(opened: Open, partner: FakePartner) -> None:
    buyer = opened()
    for number in range(1, 9):
        await buyer.post(ordered(number))
    sets = [one for data in partner.files() for one in x12.parse(data)[0].transactions]
    assert [one.get("BEG03") for one in sets] == [f"PO-{number}" for number in range(1, 9)]
    assert len({x12.parse(data)[0].control_number for data in partner.files()}) == 8


async def test_we_may_be_the_supplier_too(opened: Open, partner: FakePartner, world: World) -> None:
    """A distributor takes an order, and answers it in kind."""
    supplier = opened()
    partner.leave((FIXTURES / "850_order.edi").read_bytes())
    await supplier.poll()
    [order] = events_of(world)
    assert order.type == "purchase_order.placed.v1"
    world.intake.messages.clear()
    for number, data in enumerate(FakePartner(partner.folder).answers(order), 1):
        [told] = list(_events(data))
        posted = msgspec.structs.replace(event(number), source="odoo", type=told.type, data=encode(told))
        assert isinstance(await supplier.post(posted), Done)
    kinds = [one.set_id for data in partner.files() for one in x12.parse(data)[0].transactions]
    assert sorted(kinds) == ["810", "855", "856", "997"]
    assert waiting(world) == ["999", "999", "999"]


def _events(data: bytes) -> list[Any]:
    [unit] = reader("x12").units(data, Sender())
    mapping = mapping_for("x12", unit.type)  # type: ignore[union-attr]
    assert mapping is not None
    return list(mapping.translate(reader("x12").parse(unit.body, Sender()), Sender()).events)


async def test_what_came_from_the_partner_does_not_go_back(opened: Open, partner: FakePartner) -> None:
    order = ordered(1)
    assert isinstance(await opened().post(msgspec.structs.replace(order, source="supplier")), Skip)
    assert isinstance(await opened().post(event(1)), Skip), "X12 has no form for patients"
    assert partner.files() == []


async def test_an_event_that_lacks_what_the_set_needs_is_parked_by_its_place(
    opened: Open, partner: FakePartner, world: World
) -> None:
    order = ordered(1)
    lacking = msgspec.json.decode(order.data)
    del lacking["order"]["line"][1]["quantity"]["unit"]
    outcome = await opened().post(msgspec.structs.replace(order, data=msgspec.json.encode(lacking)))
    assert isinstance(outcome, Park) and outcome.field == "order.line[1].quantity.unit"
    assert (partner.files(), waiting(world)) == ([], [])


async def test_a_half_written_file_is_left_until_it_is_whole(
    opened: Open, partner: FakePartner, world: World, clock: VirtualClock
) -> None:
    buyer = opened(stable_seconds=5, unfinished_seconds=60)
    whole = answer(1)
    half = partner.leave(whole[:150], "answer.edi")
    partner.leave(b"", "empty.edi")
    for _ in range(10):
        await buyer.poll()
        await clock.advance(4)
        half.write_bytes(whole[: 150 + half.stat().st_size % 7 + 1])
    assert world.intake.messages == []
    half.write_bytes(whole)
    await buyer.poll()
    await clock.advance(30)
    await buyer.poll()
    assert taken(world) == ["x12:855"]
    assert [trouble.kind for trouble in world.troubles.open.values()] == ["file-unfinished"], "the empty one"


async def test_what_cannot_be_read_is_put_aside_and_the_rest_goes_on(
    opened: Open, partner: FakePartner, world: World
) -> None:
    partner.leave(b"ISA-spoiled", "a.edi")
    partner.leave(answer(2), "b.edi")
    await opened().poll()
    assert taken(world) == ["x12:855"]
    assert [trouble.kind for trouble in world.troubles.told] == ["file-refused"]
    assert len(list((partner.outgoing / "rejected").iterdir())) == 1


async def test_a_refusal_is_a_case_with_its_places_and_codes_and_an_acceptance_closes_it(
    opened: Open, partner: FakePartner, world: World
) -> None:
    buyer = opened()
    await buyer.post(ordered(1))
    [sent] = partner.files()
    control = str(int(x12.parse(sent)[0].control_number))
    refusal = (FIXTURES / "997_rejected.edi").read_bytes().replace(b"AK1*PO*701", f"AK1*PO*{control}".encode())
    partner.leave(refusal)
    await buyer.poll()
    [trouble] = world.troubles.told
    assert (trouble.kind, trouble.place) == ("transmission-refused", f"group PO {control}")
    assert trouble.reason == "the group was refused: set 0001: PO103 at segment 8, code 7"
    assert waiting(world) == ["855"], "it was acknowledged, if not as we hoped"
    partner.acknowledge(sent, "999")
    await buyer.poll()
    assert world.troubles.open == {}


async def test_a_refused_interchange_is_a_case(opened: Open, partner: FakePartner, world: World) -> None:
    buyer = opened(ask_ta1=True)
    await buyer.post(ordered(1))
    [sent] = partner.files()
    damaged = sent.replace(b"IEA*1*", b"IEA*7*")
    [reply] = x12.acknowledge_interchange(x12.validate(damaged), time=world.clock.now(), control=9)
    assert reply.verdict == "rejected"
    partner.leave(reply.data)
    await buyer.poll()
    [trouble] = world.troubles.told
    assert trouble.place == f"interchange {x12.parse(sent)[0].control_number}"
    assert trouble.reason.startswith("the interchange was refused: TA1 ")


@pytest.mark.parametrize(("acknowledge", "sets"), [(["999"], ["999"]), (["997", "TA1"], ["997", "TA1"]), ([], [])])
async def test_what_comes_is_acknowledged_as_the_settings_say(
    opened: Open, partner: FakePartner, world: World, acknowledge: list[str], sets: list[str]
) -> None:
    buyer = opened(acknowledge=acknowledge)
    partner.leave(answer(1).replace(b"ACK*IA", b"ACK*"))
    await buyer.poll()
    replies = [x12.parse(data)[0] for data in partner.files()]
    found = [one.set_id for reply in replies for one in reply.transactions]
    found += ["TA1" for reply in replies if reply.acknowledgements]
    assert sorted(found) == sets
    for reply in replies:
        assert x12.validate(reply.encode(), strict=True).findings == []
        for one in reply.transactions:
            told = x12.read_acknowledgement(one)
            assert (told.verdict, told.sets[0].complaints[0].segment_id) == ("rejected", "ACK")
            assert (told.sets[0].complaints[0].element, told.sets[0].complaints[0].code) == (1, "1")


async def test_a_timer_of_no_seconds_waits_for_nothing(opened: Open, world: World) -> None:
    await opened(acknowledged_within=0, answered_within=0, ask_ta1=True).post(ordered(1))
    assert waiting(world) == []


async def test_a_place_that_is_away_is_told_and_loses_nothing(
    opened: Open, place: Folder | SftpServer, partner: FakePartner
) -> None:
    await place.behave(Behaviour.DOWN)
    buyer = opened()
    assert await buyer.check() != []
    assert isinstance(await buyer.post(ordered(1)), Retry)
    await place.behave(Behaviour.WILLING)
    assert isinstance(await opened().post(ordered(1)), Done)
    assert len(partner.files()) == 1


async def test_what_was_sent_long_ago_is_forgotten(opened: Open, world: World, clock: VirtualClock) -> None:
    buyer = opened()
    order: Any = msgspec.structs.replace(ordered(1), id=Uuid7(clock)(), time=clock.now())
    await buyer.post(order)
    await clock.advance(31 * DAY)
    await buyer.poll()
    assert [key.partition("/")[0] for key in await world.memory.keys()] == ["control"]
    await clock.advance(120 * DAY)
    await buyer.poll()
    assert await world.memory.keys() == []


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="997 and 999 say the same"):
        Settings.model_validate({**PARTIES, "outbox": "out", "acknowledge": ["997", "999"]})
    with pytest.raises(ValidationError, match="give `outbox`"):
        Settings.model_validate(PARTIES)
