"""What an X12 set travels in over HTTP: the two envelopes of CAQH CORE (Phase II Connectivity Rule, version 2.2.0), a
JSON object, or nothing.

A CORE message says beside its payload what it is (`X12_270_Request_005010X279A1`), who sends it to whom and when, and
has an id of its own; the answer also whether the envelope was understood.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from typing import Final, NamedTuple
from uuid import UUID
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from careloom.core.errors import CareloomError, ContractBroken, Rejected, Unavailable
from careloom.systems.http.calls import CredentialsRefused
from careloom.systems.payer.settings import Style

RULE: Final = "2.2.0"
SUCCESS: Final = "Success"
_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_CORE: Final = "http://www.caqh.org/SOAP/WSDL/CORERule2.2.0.xsd"
_SECURITY: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_X12: Final = "application/edi-x12"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the envelope says beside the payload. `set_id` and `version` are those of the set in it."""

    set_id: str
    version: str
    sender: str
    receiver: str
    id: UUID
    time: datetime
    user: str = ""
    password: str = ""

    @property
    def type(self) -> str:
        return f"X12_{self.set_id}_Request_{self.version}"

    def fields(self) -> dict[str, str]:
        """In the order of the rule, without the credentials and the payload."""
        return {
            "PayloadType": self.type,
            "ProcessingMode": "RealTime",
            "PayloadID": str(self.id),
            "TimeStamp": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "SenderID": self.sender,
            "ReceiverID": self.receiver,
            "CORERuleVersion": RULE,
        }


class Wrapped(NamedTuple):
    """A body with its headers."""

    headers: Mapping[str, str]
    body: bytes


class Wire(NamedTuple):
    """One way to wrap a set, and to unwrap the answer."""

    wrap: Callable[[bytes, Note], Wrapped]
    unwrap: Callable[[str, bytes, str], bytes]


def wire(style: Style) -> Wire:
    """`unwrap(media type, body, origin)` gives the X12 in an answer. It raises ContractBroken for what is none, and
    what the envelope's own error means."""
    return _WIRES[style]


def _mime(payload: bytes, note: Note) -> Wrapped:
    boundary = f"careloom-{note.id.hex}"
    fields = {**note.fields(), **({"UserName": note.user, "Password": note.password} if note.user else {})}
    parts = [_part(boundary, name, value.encode()) for name, value in fields.items()]
    parts.append(_part(boundary, "Payload", payload))
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return Wrapped({"content-type": f"multipart/form-data; boundary={boundary}"}, body)


def _part(boundary: str, name: str, value: bytes) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def _from_mime(media_type: str, body: bytes, origin: str) -> bytes:
    head = f"Content-Type: {media_type}\r\n\r\n".encode("latin-1", "replace")
    try:
        message = email.message_from_bytes(head + body, _class=EmailMessage, policy=email.policy.HTTP)
        parts = list(message.iter_parts()) if message.is_multipart() else []
        found = {_named(part): _content(part) for part in parts}
    except (ValueError, LookupError, RecursionError, AttributeError):
        raise ContractBroken(f"{origin}: the answer is no MIME form of CORE") from None
    if not found:
        raise ContractBroken(f"{origin}: the answer is no MIME form of CORE")
    return _payload({name: value.decode("latin-1") for name, value in found.items()}, origin)


def _named(part: MIMEPart) -> str:
    return str(part.get_param("name", "", "content-disposition"))


def _content(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _soap(payload: bytes, note: Note) -> Wrapped:
    values = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in note.fields().items())
    text = payload.decode("utf-8", "replace").replace("]]>", "]]]]><![CDATA[>")
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_SOAP}" xmlns:cor="{_CORE}">'
        f"<soapenv:Header>{_security(note)}</soapenv:Header><soapenv:Body><cor:COREEnvelopeRealTimeRequest>"
        f"{values}<Payload><![CDATA[{text}]]></Payload>"
        "</cor:COREEnvelopeRealTimeRequest></soapenv:Body></soapenv:Envelope>"
    )
    return Wrapped({"content-type": 'application/soap+xml; charset=utf-8; action="RealTimeTransaction"'}, body.encode())


def _security(note: Note) -> str:
    if not note.user:
        return ""
    token = f"<wsse:Username>{escape(note.user)}</wsse:Username><wsse:Password>{escape(note.password)}</wsse:Password>"
    return f'<wsse:Security xmlns:wsse="{_SECURITY}"><wsse:UsernameToken>{token}</wsse:UsernameToken></wsse:Security>'


def _from_soap(media_type: str, body: bytes, origin: str) -> bytes:  # noqa: ARG001 - one of _WIRES
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise ContractBroken(f"{origin}: the answer is no SOAP envelope of CORE") from None
    found = next((one for one in root.iter() if _local(one) == "COREEnvelopeRealTimeResponse"), None)
    if found is None:
        raise ContractBroken(f"{origin}: the answer is no SOAP envelope of CORE")
    return _payload({_local(one): (one.text or "").strip() for one in found}, origin)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _payload(fields: Mapping[str, str], origin: str) -> bytes:
    """The payload of a CORE answer. Texts of the other side are not repeated: they may name a person."""
    code = fields.get("ErrorCode", "").strip() or SUCCESS
    if code != SUCCESS:
        raise _error(code, origin)
    payload = fields.get("Payload", "").strip()
    if not payload:
        raise ContractBroken(f"{origin}: the CORE envelope of the answer has no payload")
    return payload.encode("latin-1") if payload.isascii() else payload.encode()


def _error(code: str, origin: str) -> CareloomError:
    """What an error code of the envelope means; only those of the rule are repeated."""
    if code == "UnAuthorized":
        return CredentialsRefused(f"{origin}: UnAuthorized; correct user and password")
    if code == "Receiver":
        return Unavailable(f"{origin}: the payer says that it cannot process anything now")
    known = code if code.isascii() and code.isalpha() and len(code) <= 40 else "an error of its own"
    return Rejected(f"{origin}: the CORE envelope was refused: {known}; correct the settings of this system")


def _json(payload: bytes, note: Note) -> Wrapped:  # noqa: ARG001 - one of _WIRES
    body = msgspec.json.encode({"x12": payload.decode("utf-8", "replace")})
    return Wrapped({"content-type": "application/json", "accept": "application/json"}, body)


def _from_json(media_type: str, body: bytes, origin: str) -> bytes:  # noqa: ARG001 - one of _WIRES
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    text = found.get("x12") if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise ContractBroken(f'{origin}: the answer is no JSON object with "x12"')
    return text.encode()


def _raw(payload: bytes, note: Note) -> Wrapped:  # noqa: ARG001 - one of _WIRES
    return Wrapped({"content-type": _X12, "accept": _X12}, payload)


def _from_raw(media_type: str, body: bytes, origin: str) -> bytes:  # noqa: ARG001 - one of _WIRES
    return body


_WIRES: Final[Mapping[Style, Wire]] = {
    "core-mime": Wire(_mime, _from_mime),
    "core-soap": Wire(_soap, _from_soap),
    "json": Wire(_json, _from_json),
    "raw": Wire(_raw, _from_raw),
}
