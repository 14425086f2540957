"""Mails as another server reads them, and settings that cannot work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import Done
from careloom.systems.smtp.connector import Settings, connect
from careloom.systems.smtp.mailer import Mailer
from careloom.systems.trial import SURNAME, event
from careloom.testing.surroundings import World

GIVEN = {"host": "127.0.0.1", "security": "none", "sender": "hub@example.org", "recipients": ["desk@example.org"]}


class Kept:
    """An independent server's handler."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 kept"


@pytest.fixture
async def kept() -> AsyncIterator[tuple[Kept, int]]:
    handler = Kept()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, loop=asyncio.get_running_loop()), "127.0.0.1"
    )
    yield handler, server.sockets[0].getsockname()[1]
    server.close()


def mailer(tmp_path: Path, **settings: object) -> Mailer:
    return connect(Settings.model_validate({**GIVEN, **settings}), World(tmp_path).around())


async def test_a_mail_tells_where_to_look_and_nothing_of_the_patient(kept: tuple[Kept, int], tmp_path: Path) -> None:
    handler, port = kept
    desk = mailer(tmp_path, port=port, subject="Look: {type}", link="https://hub.example.org/trace/{id}")
    assert isinstance(await desk.post(event(1)), Done)
    [envelope] = handler.envelopes
    mail: Message = message_from_bytes(envelope.content)
    text = str(mail.get_payload(decode=True), "utf-8") if mail.get_payload() else ""
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hub@example.org", ["desk@example.org"])
    assert mail["Subject"] == "Look: patient.updated.v1"
    assert mail["Message-ID"] == f"<{event(1).id}@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert f"https://hub.example.org/trace/{event(1).id}" in text
    assert SURNAME not in text and "MRN" not in text


async def test_a_subject_cannot_bring_further_headers(kept: tuple[Kept, int], tmp_path: Path) -> None:
    handler, port = kept
    desk = mailer(tmp_path, port=port)
    await desk.send(desk.message("a\r\nBcc: thief@example.org", "text", key="k"))
    mail = message_from_bytes(handler.envelopes[0].content)
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "mail.example.org"}, "over TLS only"),
        ({"user": "x"}, "go together"),
        ({"sender": "no address"}, "sender"),
        ({"recipients": []}, "recipients"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings.model_validate({**GIVEN, **settings})


def test_without_the_library_the_settings_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    with pytest.raises(ConfigurationError, match=r"careloom\[mail\]"):
        mailer(tmp_path)


async def test_a_server_that_is_not_there_is_found_by_the_check(tmp_path: Path) -> None:
    [finding] = await mailer(tmp_path, port=1).check()
    assert "cannot be reached" in finding.problem
