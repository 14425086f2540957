"""Topic-based subscriptions on R4: the Subscriptions R5 Backport guide 1.1.0, notifications read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, cast

from careloom.core.errors import FormatError
from careloom.formats.fhir.bundles import bundle
from careloom.formats.fhir.dates import instant
from careloom.formats.fhir.reading import Resource
from careloom.formats.fhir.references import BundleIndex, entries_of, reference_of
from careloom.formats.fhir.structure import refuse_misshapen

NotificationKind: TypeAlias = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]
Content: TypeAlias = Literal["empty", "id-only", "full-resource"]

_GUIDE: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_KINDS: Final = ("handshake", "heartbeat", "event-notification", "query-status", "query-event")
_FILTER: Final = _GUIDE + "backport-filter-criteria"
_CONTENT: Final = _GUIDE + "backport-payload-content"
_HEARTBEAT: Final = _GUIDE + "backport-heartbeat-period"
_LARGEST: Final = 2**63 - 1
_STATUS_PLACE: Final = "Bundle.entry[0].resource"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a subscription. `number` counts from 1; `focus` and `context` are references, `""` when left out."""

    number: int
    focus: str = ""
    context: Sequence[str] = ()
    time: str = ""


@dataclass(frozen=True)
class Notification:
    """A notification. `since_start` is how many events the subscription has had, None when the sender does not say.

    `resources` are those that came with it, by fullUrl.
    """

    subscription: str
    kind: NotificationKind
    status: str = "active"
    topic: str = ""
    since_start: int | None = None
    events: Sequence[Event] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)

    def missed(self, last: int) -> range:
        """The numbers of the events that were never seen, when `last` is the highest that was: between it and the
        first of this notification, or, for a heartbeat, up to all there have been. Empty when there is no gap.
        """
        upto = min((event.number for event in self.events), default=None)
        if upto is None:
            upto = (self.since_start or 0) + 1
        return range(last + 1, max(upto, last + 1))

    @property
    def last(self) -> int:
        """The highest event number it tells of, 0 for none."""
        return max((event.number for event in self.events), default=self.since_start or 0)


def is_notification(resource: Resource) -> bool:
    """Whether a resource is a notification Bundle: its first entry is a subscription's status."""
    if resource.get("resourceType") != "Bundle" or resource.get("type") not in ("history", "subscription-notification"):
        return False
    status = next((inner for _, inner in entries_of(resource)), {})
    named = {str(one.get("name")) for one in _parameters(status)}
    return status.get("resourceType") == "Parameters" and {"subscription", "type"} <= named


def parse_notification(resource: Resource) -> Notification:
    """What a notification Bundle says. FormatError, with its place, when its status cannot be read."""
    if not is_notification(resource):
        raise FormatError("no notification: the first entry must be the status, as Parameters", _STATUS_PLACE)
    refuse_misshapen(resource, "Bundle")
    _, status = next(entries_of(resource))
    refuse_misshapen(status, _STATUS_PLACE)
    by_name = {str(one.get("name")): one for one in _parameters(status) if one.get("name") != "notification-event"}
    kind = _text(by_name, "type")
    if kind not in _KINDS:
        raise FormatError("no kind of notification", f"{_STATUS_PLACE}.parameter")
    events = [_event(one) for one in _parameters(status) if one.get("name") == "notification-event"]
    others = {str(entry.get("fullUrl", "")): inner for entry, inner in entries_of(resource) if inner is not status}
    since = _text(by_name, "events-since-subscription-start")
    return Notification(
        subscription=_text(by_name, "subscription"),
        kind=cast(NotificationKind, kind),
        status=_text(by_name, "status"),
        topic=_text(by_name, "topic"),
        since_start=_number(since, "events-since-subscription-start") if since else None,
        events=tuple(events),
        resources=others,
    )


def focus_of(notification: Notification, event: Event) -> Resource | None:
    """The resource an event is about, None when it did not come with it (`id-only`, `empty`)."""
    entries = [{"fullUrl": url, "resource": inner} for url, inner in notification.resources.items()]
    return BundleIndex({"entry": entries}).get(event.focus) if event.focus else None


def notification_bundle(notification: Notification, *, key: str, time: datetime) -> Resource:
    """The Bundle of a notification. `key` is a fresh UUID, the id of its status."""
    status = {
        "resourceType": "Parameters",
        "id": key,
        "meta": {"profile": [_GUIDE + "backport-subscription-status-r4"]},
        "parameter": [*_head(notification), *(_written(event) for event in notification.events)],
    }
    ask = {"method": "GET", "url": f"{notification.subscription}/$status"}
    entries: list[dict[str, Any]] = [
        {"fullUrl": f"urn:uuid:{key}", "resource": status, "request": ask, "response": {"status": "200"}}
    ]
    for url, inner in notification.resources.items():
        request = {"method": "PUT", "url": f"{inner['resourceType']}/{inner['id']}"}
        entries.append({"fullUrl": url, "resource": inner, "request": request, "response": {"status": "200"}})
    meta = {"profile": [_GUIDE + "backport-subscription-notification-r4"]}
    return bundle("history", entries, time=time, meta=meta)


def subscription(
    topic: str,
    endpoint: str,
    *,
    reason: str,
    filters: Iterable[str] = (),
    content: Content = "id-only",
    headers: Iterable[str] = (),
    heartbeat: int = 0,
) -> Resource:
    """A request to be told of a topic at a URL. `filters` are searches (`Appointment?patient=Patient/1`), `heartbeat`
    is in seconds, 0 for none. Headers may hold a secret: keep the resource out of logs.
    """
    channel: dict[str, Any] = {"type": "rest-hook", "endpoint": endpoint, "payload": "application/fhir+json"}
    channel["_payload"] = {"extension": [{"url": _CONTENT, "valueCode": content}]}
    if heartbeat:
        channel["extension"] = [{"url": _HEARTBEAT, "valueUnsignedInt": heartbeat}]
    listed, criteria = list(headers), [{"url": _FILTER, "valueString": one} for one in filters]
    made: Resource = {
        "resourceType": "Subscription",
        "meta": {"profile": [_GUIDE + "backport-subscription"]},
        "status": "requested",
        "reason": reason,
        "criteria": topic,
    }
    if criteria:
        made["_criteria"] = {"extension": criteria}
    return made | {"channel": channel | ({"header": listed} if listed else {})}


def filters_of(resource: Resource) -> list[str]:
    """The searches that limit a topic-based Subscription."""
    extensions = (resource.get("_criteria") or {}).get("extension") or ()
    return [str(one.get("valueString", "")) for one in extensions if one.get("url") == _FILTER]


def content_of(resource: Resource) -> Content:
    """How much of a resource a Subscription wants to be sent; `empty` when it does not say."""
    extensions = (resource.get("channel", {}).get("_payload") or {}).get("extension") or ()
    asked = next((one.get("valueCode") for one in extensions if one.get("url") == _CONTENT), "empty")
    return cast(Content, asked) if asked in ("id-only", "full-resource") else "empty"


def _head(notification: Notification) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": notification.subscription}},
        {"name": "status", "valueCode": notification.status},
        {"name": "type", "valueCode": notification.kind},
    ]
    if notification.topic:
        made.insert(1, {"name": "topic", "valueCanonical": notification.topic})
    if notification.since_start is not None:
        made.append({"name": "events-since-subscription-start", "valueString": str(notification.since_start)})
    return made


def _written(event: Event) -> dict[str, Any]:
    part: list[dict[str, Any]] = [{"name": "event-number", "valueString": str(event.number)}]
    if event.time:
        part.append({"name": "timestamp", "valueInstant": event.time})
    if event.focus:
        part.append({"name": "focus", "valueReference": {"reference": event.focus}})
    part += [{"name": "additional-context", "valueReference": {"reference": one}} for one in event.context]
    return {"name": "notification-event", "part": part}


def event(number: int, focus: str = "", *, time: datetime | None = None, context: Sequence[str] = ()) -> Event:
    """An event to tell of."""
    return Event(number, focus, tuple(context), instant(time) if time else "")


def _event(parameter: Mapping[str, Any]) -> Event:
    parts = [one for one in parameter.get("part") or () if isinstance(one, dict)]
    by_name = {str(one.get("name")): one for one in parts}
    number = _number(_text(by_name, "event-number"), "event-number")
    context = [_value(one) for one in parts if one.get("name") == "additional-context"]
    return Event(number, _text(by_name, "focus"), tuple(context), _text(by_name, "timestamp"))


def _parameters(resource: Resource) -> list[dict[str, Any]]:
    found = resource.get("parameter")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(by_name: Mapping[str, Mapping[str, Any]], name: str) -> str:
    return _value(by_name.get(name, {}))


def _value(parameter: Mapping[str, Any]) -> str:
    """The value of a parameter as text, whatever its type."""
    for name, value in parameter.items():
        if name.startswith("value"):
            return reference_of(value) if isinstance(value, dict) else str(value)
    return ""


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > _LARGEST:
        raise FormatError("must be a whole number from 0", f"{_STATUS_PLACE}.parameter({name})")
    return int(text)
