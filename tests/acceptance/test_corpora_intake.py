"""Every file of the corpora through a real listener and the real log: stored or refused with a place, never lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hub.hospital import END, START, Ack, Hospital, Running, adt, line

from careloom.core.errors import FormatError
from careloom.formats import hl7v2
from careloom.mapping.triggers import MERGES, RULES

CORPORA = Path(__file__).resolve().parents[2] / ".." / "shared" / "corpora" / "open" / "hl7v2"
LARGEST = 16 * 1024 * 1024
LINES = 16
SILENCE = Ack("", "", "")

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.exists(), reason="the corpora do not stand beside the project"),
]


def frames() -> Iterator[bytes]:
    """Each file as one message, and each message that can be split out of it, if it is sent at all."""
    for file in sorted(path for path in CORPORA.rglob("*") if path.is_file()):
        data = file.read_bytes()
        pieces = [piece.data for piece in hl7v2.split(data)] if data else []
        for body in (data, *(piece for piece in pieces if piece != data)):
            if body and START not in body and END not in body and len(body) <= LARGEST:
                yield body


def always_answered(body: bytes) -> bool:
    """Whether the sender wants to hear of every outcome (MSH-15 and MSH-16, HL7 v2.5.1 chapter 2.9.2)."""
    try:
        wanted = hl7v2.wanted_acknowledgements(hl7v2.peek(body))
    except FormatError:
        return True
    return None not in (wanted.code(verdict) for verdict in hl7v2.Verdict)


async def sent(hub: Running, bodies: list[bytes]) -> list[Ack]:
    """Over many connections; a line that is closed is made anew, as a sender would."""

    async def one_line(number: int) -> list[Ack]:
        answers = []
        async with line(hub.node.ports["ehr"]) as sender:
            for place, body in enumerate(bodies[number::LINES]):
                sender.write(START + body + END)
                if always_answered(body):
                    answers.append(await sender.answer())
                    continue
                answers.append(SILENCE)
                probe = f"PROBE-{number}-{place}"
                sender.write(START + adt("A04", probe, "PROBE") + END)
                answer = await sender.answer()
                if answer.about != probe:
                    answers[-1], answer = answer, await sender.answer()
                assert (answer.code, answer.about) == ("AA", probe)
        return answers

    shares = await asyncio.gather(*(one_line(number) for number in range(LINES)))
    return [answer for share in shares for answer in share]


@pytest.mark.timeout(300)
async def test_every_file_is_stored_or_refused_with_a_place(hospital: Hospital, capsys: pytest.CaptureFixture) -> None:
    bodies = list(frames())
    async with hospital.running() as hub:
        answers = await sent(hub, bodies)
        codes = Counter(answer.code for answer in answers)
        assert len(answers) == len(bodies) > 500
        assert set(codes) <= {"AA", "AE", "AR", "CA", "CE", "CR", ""}
        assert codes[""] < len(bodies) / 20
        for answer in answers:
            if answer.code not in ("AA", "CA", ""):
                assert "\rERR|" in answer.text, answer.text
        numbers = await hub.eventually(lambda: _handled(hub))
        assert numbers.holds
        await _outcomes(hub, numbers.received)
        types = await hub.rows("select type, count(*) from event where kind = 'm' group by 1 order by 2 desc")
        reasons = await hub.rows("select reason, count(*) from delivery where outcome = 'skipped' group by 1")
    with capsys.disabled():
        print(f"\n{len(bodies)} frames: {dict(codes)}; {numbers}; {len(types)} types, {len(reasons)} reasons to filter")


async def _handled(hub: Running) -> object:
    numbers = await hub.numbers()
    return numbers if not numbers.in_flight else None


async def _outcomes(hub: Running, received: int) -> None:
    """Each ADT message of a known event became events or a case, and each other one was filtered with a reason."""
    rows = await hub.rows(
        "select m.type, d.outcome, d.reason, p.state, c.field, c.reason as why,"
        " (select count(*) from event e where e.correlation = m.id and e.kind = 'e') as made"
        " from event m left join delivery d on d.event = m.id and d.subscription = 'translate'"
        " left join parked p on p.event = m.id and p.subscription = 'translate' and p.state <> 'join'"
        " left join work_case c on c.event = m.id and c.state = 'open' and c.subscription = 'translate'"
        " where m.kind = 'm'"
    )
    assert len(rows) == received
    known = {f"hl7v2:ADT^{event}" for event in RULES.keys() | MERGES}
    for row in rows:
        if row["state"] == "case":
            assert row["why"], row
        elif row["state"] is None and row["outcome"] == "skipped":
            assert row["reason"], row
            assert row["type"] not in known or "merges external numbers" in row["reason"], row
        elif row["state"] is None:
            assert row["outcome"] == "done" and row["made"] > 0, row
        else:
            assert row["state"] in ("behind", "waiting"), row
