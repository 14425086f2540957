"""Events as CloudEvents 1.0.2 over HTTP (the HTTP protocol binding, sections 3.1 binary and 3.2 structured mode)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from careloom.core.envelope import Recorded

Mode = Literal["binary", "structured"]
Subject = Literal["token", "natural", "none"]

# Binding section 3.1.3.2: percent-encode all but printable ASCII, and of that the blank, quote and percent sign.
_PRINTABLE: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_PLAIN: Final = frozenset(_PRINTABLE)


def attributes(event: Recorded, subject: Subject) -> dict[str, str]:
    """The context attributes. `subject` says what stands for the patient: the keyed digest, the natural key, nothing.

    `correlation`, `causation` and `position` are our extension attributes.
    """
    found = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.type,
        "time": _timestamp(event.time),
        "correlation": str(event.correlation),
        "position": str(event.position),
    }
    if event.causation is not None:
        found["causation"] = str(event.causation)
    if subject != "none":
        found["subject"] = str(event.token) if subject == "token" else event.subject
    return found


def binary(event: Recorded, subject: Subject = "token") -> tuple[dict[str, str], bytes]:
    """Headers and body with the attributes as `ce-` headers and the data as the body."""
    headers = {f"ce-{name}": _header(value) for name, value in attributes(event, subject).items()}
    headers["content-type"] = event.datacontenttype
    return headers, event.data


def structured(event: Recorded, subject: Subject = "token") -> tuple[dict[str, str], bytes]:
    """Headers and body with everything in one JSON document; data that is no JSON goes as `data_base64`."""
    document: dict[str, object] = {**attributes(event, subject), "datacontenttype": event.datacontenttype}
    if is_json(event.datacontenttype):
        document["data"] = msgspec.Raw(event.data)
    else:
        document["data_base64"] = base64.b64encode(event.data).decode("ascii")
    return {"content-type": "application/cloudevents+json; charset=UTF-8"}, msgspec.json.encode(document)


def message(event: Recorded, mode: Mode, subject: Subject) -> tuple[dict[str, str], bytes]:
    """Headers and body in the mode asked for."""
    return binary(event, subject) if mode == "binary" else structured(event, subject)


def is_json(content_type: str) -> bool:
    """Whether a media type is JSON or built on it (CloudEvents JSON format, section 3.1)."""
    media = content_type.partition(";")[0].strip().lower()
    return media in {"application/json", "text/json"} or media.endswith("+json")


def _timestamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _header(value: str) -> str:
    return value if _PLAIN.issuperset(value) else quote(value, safe=_PRINTABLE)
