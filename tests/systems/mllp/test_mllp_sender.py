"""The sender against a fake receiver: every way in which a message may end."""

from __future__ import annotations

import asyncio
import socket

import pytest

from careloom.core.errors import AmbiguousError, FormatError, Rejected, Unavailable
from careloom.formats import hl7v2
from careloom.systems.mllp.fake import FakeReceiver, answering
from careloom.systems.mllp.framing import frame
from careloom.systems.mllp.sender import MllpSender


@pytest.fixture
async def receiver():
    async with FakeReceiver() as lab:
        yield lab


@pytest.fixture
async def sender(receiver: FakeReceiver):
    sender = MllpSender("127.0.0.1", receiver.port)
    yield sender
    await sender.close()


@pytest.mark.parametrize("code", ["AA", "CA"])
async def test_a_positive_answer_is_returned(receiver, sender, message, code: str) -> None:
    receiver.reply = answering(code)
    answer = await sender.send(message("S1"))
    assert (answer.code, answer.control_id) == (code, "S1")
    assert receiver.messages == [message("S1")]


@pytest.mark.parametrize("code", ["AE", "CE"])
async def test_an_error_is_rejected_with_its_place_and_no_words_of_the_receiver(receiver, sender, message, code):
    receiver.reply = answering(code, hl7v2.Fault(101, "QUILLFEATHER has no payer", "PID-3"))
    with pytest.raises(Rejected, match=code) as caught:
        await sender.send(message())
    assert caught.value.field == "PID[1]-3"
    assert "QUILLFEATHER" not in str(caught.value)


@pytest.mark.parametrize("code", ["AR", "CR"])
async def test_a_reject_is_transient(receiver, sender, message, code) -> None:
    receiver.reply = answering(code)
    with pytest.raises(Unavailable, match=code):
        await sender.send(message())


async def test_one_connection_serves_many_messages(receiver, sender, message) -> None:
    for n in range(5):
        await sender.send(message(f"S{n}"))
    assert receiver.connections == 1


async def test_nobody_listening_is_unavailable(message) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot connect"):
        await MllpSender("127.0.0.1", port).send(message())


async def test_no_answer_in_time_is_ambiguous_and_a_late_one_disturbs_nothing(receiver, message) -> None:
    receiver.reply = lambda _: None
    sender = MllpSender("127.0.0.1", receiver.port, answer_timeout=0.05)
    with pytest.raises(AmbiguousError, match="no answer"):
        await sender.send(message("S1"))
    receiver.reply = answering("AA")
    sender._answer_timeout = 30.0
    assert (await sender.send(message("S2"))).control_id == "S2"
    assert receiver.connections == 2
    await sender.close()


async def test_a_line_lost_before_the_answer_is_ambiguous_and_the_next_send_connects_anew(receiver, sender, message):
    receiver.reply = lambda _: None
    sending = asyncio.ensure_future(sender.send(message("S1")))
    await receiver.until(1)
    receiver.hang_up()
    with pytest.raises(AmbiguousError, match="lost after sending"):
        await sending
    receiver.reply = answering("AA")
    assert (await sender.send(message("S2"))).code == "AA"


async def test_an_answer_to_another_message_is_not_taken_for_ours(receiver, message) -> None:
    ours = answering("AA")
    receiver.reply = lambda body: ours(body.replace(b"|S1|", b"|OTHER|"))
    sender = MllpSender("127.0.0.1", receiver.port, answer_timeout=0.05)
    with pytest.raises(AmbiguousError):
        await sender.send(message("S1"))
    await sender.close()


@pytest.mark.parametrize(
    "answer", [b"what", b"MSH|^~\\&|||||||ACK|1|P|2.5\r", b"MSH|^~\\&|||||||ACK|1|P|2.5\rMSA|ZZ|S1\r"]
)
async def test_an_answer_that_is_none_is_ambiguous(receiver, sender, message, answer: bytes) -> None:
    receiver.reply = lambda _: answer
    with pytest.raises(AmbiguousError, match="no acknowledgement"):
        await sender.send(message("S1"))


async def test_an_answer_with_an_unknown_character_set_still_counts(receiver, sender, message) -> None:
    receiver.reply = lambda _: b"MSH|^~\\&|||||||ACK|1|P|2.5||||||KLINGON\rMSA|AA|S1\r"
    assert (await sender.send(message("S1"))).code == "AA"


async def test_a_window_has_several_messages_under_way_and_matches_their_answers(receiver, message) -> None:
    held: list[bytes] = []
    acknowledge = answering("AA")

    def last_first(body: bytes) -> bytes | None:
        held.append(acknowledge(body) or b"")
        return b"\x1c\r\x0b".join(reversed(held)) if len(held) == 3 else None

    receiver.reply = last_first
    sender = MllpSender("127.0.0.1", receiver.port, window=3)
    answers = await asyncio.gather(*(sender.send(message(f"S{n}")) for n in range(3)))
    assert [one.control_id for one in answers] == ["S0", "S1", "S2"]
    assert receiver.messages == [message(f"S{n}") for n in range(3)]
    await sender.close()


async def test_one_at_a_time_by_default(receiver, sender, message) -> None:
    receiver.reply = lambda _: None
    first, second = (asyncio.ensure_future(sender.send(message(f"S{n}"))) for n in range(2))
    await receiver.until(1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(receiver.messages) == 1
    first.cancel()
    await receiver.until(2)
    receiver.hang_up()
    with pytest.raises(AmbiguousError):
        await second


async def test_the_same_id_twice_at_a_time_waits(receiver, message) -> None:
    receiver.reply = lambda _: None
    sender = MllpSender("127.0.0.1", receiver.port, window=2)
    first = asyncio.ensure_future(sender.send(message("S1")))
    await receiver.until(1)
    with pytest.raises(Unavailable, match="same control id"):
        await sender.send(message("S1"))
    await sender.close()
    with pytest.raises(AmbiguousError):
        await first


async def test_a_message_without_control_id_is_not_sent(receiver, sender, message) -> None:
    with pytest.raises(FormatError, match="MSH-10"):
        await sender.send(message(""))
    assert receiver.messages == []


async def test_a_broken_block_as_answer_is_ambiguous(receiver, sender, message) -> None:
    receiver.reply = lambda _: b"x" + frame(b"y")[:-1]
    with pytest.raises(AmbiguousError, match="broken block"):
        await sender.send(message("S1"))
