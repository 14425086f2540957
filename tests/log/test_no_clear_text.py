"""Nothing in the database names a person: no name and no record number, in no column and no form that we know of."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from careloom.core.envelope import Recorded
from careloom.core.outcomes import Done, Retry
from careloom.core.receipts import Received, Refusal
from careloom.log.handling import Handled, RetryPolicy, Subscription
from careloom.log.operators import Act

Message = Callable[..., Received]
Make = Callable[..., Subscription]
NAME, NUMBER = "Quillfeather", "MRN7304455"
SUBJECT = f"Patient/GENHOSP/{NUMBER}"


async def _dump(log: Any) -> bytes:
    """Every column of every row of every table, as text and, for bytes, as they are."""
    tables = await log.rows("select table_name as name from information_schema.tables where table_schema = 'public'")
    parts: list[bytes] = []
    for table in tables:
        for row in await log.rows(f'select * from "{table["name"]}"'):
            parts.extend(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    return b"\n".join(parts)


def _forms(text: str) -> list[bytes]:
    plain = text.encode()
    digests = [hashlib.new(name, plain).digest() for name in ("md5", "sha1", "sha256", "sha512")]
    digests += [hashlib.blake2b(plain, digest_size=16).digest()]
    forms = [
        plain,
        plain.lower(),
        plain.upper(),
        plain[::-1],
        plain.hex().encode(),
        base64.b64encode(plain).rstrip(b"=")[:-1],
    ]
    return forms + digests + [digest.hex().encode() for digest in digests] + [digests[0][:16], digests[2][:16]]


async def test_no_name_and_no_record_number_stands_in_any_column(
    log: Any, message: Message, translate: Make, deliver: Make, act: Act
) -> None:
    async def handler(event: Recorded) -> Handled:
        if event.data.endswith(b"bug"):
            raise ValueError(f"{event.subject} {event.data.decode()}")
        return Handled(Retry("not yet") if event.data.endswith(b"retry") else Done("res.partner/1"))

    node = await log.node(translate(), deliver(handler, retry=RetryPolicy(attempts=2, first_seconds=0.001)))
    for place, end in enumerate(("done", "retry", "bug")):
        subject = SUBJECT if place == 0 else f"{SUBJECT}{place}"
        await node.intake.accept(
            message(f"M{place}", subject, f"PID|1||{NUMBER}||{NAME} {end}", others=(f"{SUBJECT}9",))
        )
    await node.intake.accept(message("M0", SUBJECT, f"{NAME} again"))
    node.intake.refuse(Refusal("ehr", "MSH-9 is empty", "MSH-9", f"{NAME} {NUMBER}".encode()))
    await log.eventually(lambda: log.value("select count(*) = 3 from work_case"))
    await log.operators(node).erase(SUBJECT, act)
    await node.intake.close()
    dump = await _dump(log)
    assert b"res.partner/1" in dump and b"GENHOSP" in dump
    found = [form for text in (NAME, NUMBER, SUBJECT) for form in _forms(text) if form in dump]
    assert found == []


async def test_the_check_would_notice(log: Any) -> None:
    await log.node()
    await log.value("insert into subject_space values ($1)", NAME)
    await log.value(
        "insert into subscription (name, bank, reason) values ('x', 'm', $1)",
        hashlib.sha256(SUBJECT.encode()).hexdigest(),
    )
    dump = await _dump(log)
    assert all(any(form in dump for form in _forms(text)) for text in (NAME, SUBJECT))


async def test_a_record_number_with_slashes_does_not_end_up_among_the_assigners(log: Any, message: Message) -> None:
    node = await log.node()
    for subject in (f"Patient/G/{NUMBER}/A/1", f"Account/{NUMBER}", NUMBER, f"System/{NUMBER}"):
        await node.intake.accept(message(subject, subject))
    spaces = {row["space"] for row in await log.rows("select space from subject_space")}
    assert spaces == {"Patient/G", "Account", "System", ""}
