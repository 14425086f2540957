"""A payer on a real socket: it answers by the member's number, in each of the styles."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self, TypeAlias
from xml.sax.saxutils import escape, unescape

import msgspec

from careloom.formats import x12
from careloom.formats.x12 import Draft, DraftLoop, loop, segment
from careloom.systems.http.fake import FakeTarget, Request
from careloom.systems.payer.settings import Style

_NOW: Final = datetime(2026, 3, 10, 9, 20, tzinfo=UTC)


class Member(StrEnum):
    """How members fare, by the beginning of their number."""

    ACTIVE = "A"
    INACTIVE = "I"
    UNKNOWN = "N"
    REFUSED = "R"  # the set is refused by a 999
    STRANGE = "S"  # the answer is somebody else's


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a member: whether it is covered (None: unknown), whether leave is to be asked for first, and
    what becomes of a request for it (HCR01, with the number of a grant)."""

    active: bool | None = True
    leave: bool = False
    decision: str = "A1"
    number: str = "AUTH-1"


Decide: TypeAlias = Callable[[x12.Transaction], Verdict]


def by_number(question: x12.Transaction) -> Verdict:
    """By the beginning of the member's number."""
    member = member_of(question)
    if member.startswith(Member.UNKNOWN):
        return Verdict(active=None)
    return Verdict(active=False, decision="A3") if member.startswith(Member.INACTIVE) else Verdict()


class FakePayer:
    """Keeps `asked`, the sets that took effect, each once; a repeat of an interchange gets the same answer. `decide`
    says what that is."""

    def __init__(self, style: Style = "raw", decide: Decide = by_number) -> None:
        self.style: Style = style
        self._decide = decide
        self.asked: list[x12.Transaction] = []
        self.target = FakeTarget(self.answer)
        self._answers: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """Where it listens, once it is entered."""
        return f"http://127.0.0.1:{self.target.port}/core"

    async def __aenter__(self) -> Self:
        await self.target.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.target.__aexit__(None, None, None)

    def take(self, request: Request) -> bytes:
        """Act on a request, and give the X12 that answers it."""
        data = unwrapped(self.style, request.body)
        [interchange] = x12.parse(data)
        known = self._answers.get(interchange.control_number)
        if known is not None:
            return known
        question = next(interchange.transactions)
        self.asked.append(question)
        answer = self._answers[interchange.control_number] = answered(question, self._decide(question))
        return answer

    def answer(self, request: Request) -> bytes | None:
        """The whole HTTP answer; tests may put another in its place."""
        return http(*wrapped(self.style, self.take(request)))


def http(media_type: str, body: bytes, status: int = 200) -> bytes:
    """An HTTP answer."""
    head = f"HTTP/1.1 {status} Fake\r\ncontent-type: {media_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def unwrapped(style: Style, body: bytes) -> bytes:
    """The set in a request. Each style is read by its shape alone, not by the code that wrote it."""
    text = body.decode()
    if style == "json":
        return str(msgspec.json.decode(body)["x12"]).encode()
    if style == "core-soap":
        found = re.search(r"<Payload><!\[CDATA\[(.*)\]\]></Payload>", text, re.DOTALL)
        assert found is not None and "<ProcessingMode>RealTime</ProcessingMode>" in text
        return unescape(found[1]).encode()
    if style == "core-mime":
        parts: dict[str, str] = dict(re.findall(r'name="(\w+)"\r\n\r\n(.*?)\r\n--', text, re.DOTALL))
        assert parts["ProcessingMode"] == "RealTime" and parts["CORERuleVersion"] == "2.2.0"
        return parts["Payload"].encode()
    return body


def wrapped(style: Style, payload: bytes, error: str = "Success") -> tuple[str, bytes]:
    """Media type and body of an answer."""
    if style == "json":
        return "application/json", msgspec.json.encode({"x12": payload.decode()})
    fields = {
        "PayloadType": "X12_Response",
        "ProcessingMode": "RealTime",
        "ErrorCode": error,
        "Payload": payload.decode(),
    }
    if style == "core-soap":
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
        body = (
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
            '<c:COREEnvelopeRealTimeResponse xmlns:c="http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd">'
            f"{inner}</c:COREEnvelopeRealTimeResponse></s:Body></s:Envelope>"
        )
        return "application/soap+xml; charset=utf-8", body.encode()
    if style == "core-mime":
        parts = "".join(
            f'--fake\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        return 'multipart/form-data; boundary="fake"', f"{parts}--fake--\r\n".encode()
    return "application/edi-x12", payload


def answered(question: x12.Transaction, verdict: Verdict) -> bytes:
    """What this payer says to a question, as an interchange back to its sender."""
    number = member_of(question)
    header, group = question.interchange.header, question.group.header
    parties = x12.Parties(
        sender=header[8].strip(), receiver=header[6].strip(), sender_qualifier=header[7], receiver_qualifier=header[5],
        application_sender=group[3], application_receiver=group[2],
    )  # fmt: skip
    control = int(question.interchange.control_number) % 900_000_000 + 1
    built = _refusal(question) if number.startswith(Member.REFUSED) else _BUILDERS[question.set_id](question, verdict)
    return x12.write([built], parties, time=_NOW, control=control, usage="T")


def member_of(question: x12.Transaction) -> str:
    """NM109 of the subscriber."""
    return next((one[9] for one in question.find("NM1") if one[1] == "IL"), "")


def _echo(question: x12.Transaction, structure: str) -> list[Draft]:
    reference = "ANOTHER" if member_of(question).startswith(Member.STRANGE) else question.get("BHT03")
    purpose = {"270": "11", "276": "08", "278": "11"}[question.set_id]
    kind = {"276": "DG", "278": "18"}.get(question.set_id)
    return [segment("BHT", structure, purpose, reference, _NOW.date(), _NOW.time(), kind)]


def _trace(question: x12.Transaction) -> Draft | None:
    asked = next(question.find("TRN"), None)
    if asked is None:
        return None
    value = "ANOTHER-1" if member_of(question).startswith(Member.STRANGE) else asked[2]
    return segment("TRN", 2, value, asked[3] or None)


def _party(code: str, question: x12.Transaction, asked: tuple[str, ...]) -> Draft:
    """NM1 as the question has it."""
    found = next(one for one in question.find("NM1") if one[1] in asked)
    return segment("NM1", code, *found.elements[1:])


def _level(code: str) -> Draft:
    return segment("HL", None, None, code)


def _eligibility(question: x12.Transaction, verdict: Verdict) -> x12.BuiltSet:
    person: list[Draft | DraftLoop | None] = [_party("IL", question, ("IL",))]
    if verdict.active is None:
        person.append(segment("AAA", "N", None, "75", "C"))
    else:
        first = *[None] * 7, "Y" if verdict.leave else "N"
        person.append(loop("2110C", segment("EB", "1" if verdict.active else "6", None, "30", *first)))
    subscriber = loop("2000C", _level("22"), _trace(question), loop("2100C", *person))
    provider = loop("2000B", _level("21"), loop("2100B", _party("1P", question, ("1P",))), subscriber)
    payer = loop("2000A", _level("20"), loop("2100A", _party("PR", question, ("PR",))), provider)
    return x12.build("271", "005010X279A1", [*_echo(question, "0022"), payer], purpose="11")


def _status(question: x12.Transaction, verdict: Verdict) -> x12.BuiltSet:
    state = ("F1", "65") if verdict.active else ("F2", "109")
    claim = next((one[2] for one in question.find("REF") if one[1] == "EJ"), "")
    told = loop(
        "2200D", _trace(question), segment("STC", state, _NOW.date(), None, 100, 80),
        segment("REF", "EJ", claim), segment("DTP", "472", "D8", "20260201"),
    )  # fmt: skip
    subscriber = loop("2000D", _level("22"), loop("2100D", _party("IL", question, ("IL",))), told)
    provider = loop("2000C", _level("19"), loop("2100C", _party("1P", question, ("1P",))), subscriber)
    receiver = loop("2000B", _level("21"), loop("2100B", _party("41", question, ("41",))), provider)
    payer = loop("2000A", _level("20"), loop("2100A", _party("PR", question, ("PR",))), receiver)
    return x12.build("277", "005010X212", [*_echo(question, "0010"), payer], purpose="08")


def _authorization(question: x12.Transaction, verdict: Verdict) -> x12.BuiltSet:
    granted = verdict.decision == "A1"
    hcr = segment("HCR", "A1", verdict.number) if granted else segment("HCR", verdict.decision, None, "0V")
    event = loop("2000E", _level("EV"), _trace(question), segment("UM", "HS", "I"), hcr)
    subscriber = loop("2000C", _level("22"), loop("2010C", _party("IL", question, ("IL",))), event)
    asker = loop("2000B", _level("21"), loop("2010B", _party("1P", question, ("1P",))), subscriber)
    payer = loop("2000A", _level("20"), loop("2010A", _party("X3", question, ("X3",))), asker)
    return x12.build("278", "005010X217", [*_echo(question, "0007"), payer], purpose="11")


def _refusal(question: x12.Transaction) -> x12.BuiltSet:
    group = question.group
    content: list[Draft | DraftLoop] = [
        segment("AK1", group.functional, group.control_number, group.version),
        loop(
            "2000", segment("AK2", question.set_id, question.control_number, question.version), segment("IK5", "R", "5")
        ),
        segment("AK9", "R", 1, 1, 0),
    ]
    return x12.build("999", "005010X231A1", content)


_BUILDERS: Final[Mapping[str, Callable[[x12.Transaction, Verdict], x12.BuiltSet]]] = {
    "270": _eligibility, "276": _status, "278": _authorization,
}  # fmt: skip
