"""What a person decided about something that a run waits for, as the run sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from careloom.cases.kinds import Action, CaseKinds, Supplied


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer as it is kept."""

    action: str
    by: str
    why: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Answer:
    """`action` is what was decided, `data` what was supplied with it: the class that the kind of case declares."""

    action: Action
    by: str
    why: str
    data: Any

    @property
    def given_up(self) -> bool:
        """Whether the run is to end here."""
        return self.action in (Action.DISCARD, Action.REJECT)


def kept(action: Action, by: str, why: str, data: Supplied | None) -> bytes:
    """As bytes."""
    raw = msgspec.Raw(msgspec.json.encode(data))
    return msgspec.json.encode(Kept(action=action.value, by=by, why=why, data=raw))


def answer_of(body: bytes, kind: str, kinds: CaseKinds) -> Answer:
    """And back."""
    known = msgspec.json.decode(body, type=Kept)
    action = Action(known.action)
    shape = kinds.of(kind).data.get(action)
    data = None if shape is None or bytes(known.data) == b"null" else msgspec.json.decode(known.data, type=shape)
    return Answer(action, known.by, known.why, data)


def goes_on(body: bytes) -> bool:
    """Whether a person had the run itself go on, not given up."""
    return Action(msgspec.json.decode(body, type=Kept).action) not in (Action.DISCARD, Action.REJECT)
