"""How the API shows cases, and what it takes about them."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field

from careloom.cases.desk import LONGEST_TEXT
from careloom.cases.kinds import CaseKind
from careloom.cases.standing import Entry, Group, Standing
from careloom.gateway.examples import EVENT_ID, MESSAGE_ID, TIME
from careloom.gateway.shapes import Because, Shape

CASE_ID: Final = "019cbd0a-6a10-7b44-8f5e-2c9d1e7a3b55"
CAUSE: Final = "7d1f0a52-2f3c-4e0e-9d55-1d6c0a4be9c1"


ActionName = Literal["supply", "edit", "retry", "resolve", "approve", "reject", "waive", "discard"]
StateName = Literal["open", "claimed", "waiting", "resolved", "waived", "discarded"]
CategoryName = Literal["schema", "mapping", "authentication", "throttling", "business", "network", "unknown"]


class CaseShown(Shape):
    """An exception: work for a person. It names no patient."""

    id: str = Field(description="its id")
    kind: str = Field(description="what it is; see /v1/case-kinds")
    category: CategoryName = Field(description="what sort of failure it is: who is to be asked first")
    state: str = Field(description="open, claimed, waiting, resolved, waived or discarded")
    priority: int = Field(ge=1, le=4, description="1 is worked first")
    owner: str = Field(description="the role that answers for it")
    assignee: str | None = Field(default=None, description="who has it")
    reason: str = Field(description="what is wrong")
    field: str | None = Field(default=None, description="where, in the format's own terms")
    system: str = Field(description="where it came from")
    subscription: str | None = Field(default=None, description="the reader of the log whose event is parked")
    run: str | None = Field(default=None, description="the run that waits for it")
    type: str = Field(description="the type of the message or event it is about; empty: about none")
    event: str | None = Field(default=None, description="the entry it is about")
    message: str | None = Field(default=None, description="the message that everything came from")
    cause: str = Field(description="the group it belongs to; see /v1/case-groups")
    opened: str = Field(description="since when")
    due: str = Field(description="by when it is to be over")
    overdue: bool = Field(description="whether that has passed")
    age_seconds: float = Field(description="for how long it has waited, or did")
    escalated: int = Field(description="the share of its time that was told of: 0, 50 or 100 percent")
    resolved: str | None = Field(default=None, description="when it ended")
    resolution: str | None = Field(default=None, description="how")
    resolved_by: str | None = Field(default=None, description="by whom")
    asked_by: str = Field(description="who asked for what is to be approved, who may not approve it; empty: nobody")
    resumes: str = Field(description="what goes on when it ends: subscription, run or nothing")
    runbook: str = Field(description="the section of the runbook")
    actions: list[str] = Field(description="what may be decided, what is suggested first")
    revision: int = Field(description="grows with each change")


class CasesShown(Shape):
    """Some cases, the most urgent first."""

    cases: list[CaseShown] = Field(description="of those that have ended, the newest first")
    next: str | None = Field(default=None, description="the `after` of the next page; absent on the last")


class EntryShown(Shape):
    """Something that happened to a case."""

    number: int = Field(description="grows")
    at: str = Field(description="when")
    by: str = Field(description="who")
    what: str = Field(description="opened, moved, assigned, escalated, commented, supplied, edited, looked or approved")
    before: str | None = Field(default=None, description="the state it left")
    after: str | None = Field(default=None, description="the state it came to")
    owner: str = Field(description="the role that it was with then")
    assignee: str | None = Field(default=None, description="who had it then")
    share: int | None = Field(default=None, description="how much of its time had passed, in percent")
    why: str = Field(description="the reason that was given")
    entry: str | None = Field(default=None, description="the entry of the log that was looked at, or made by an edit")
    text: str | None = Field(default=None, description="a comment; what was supplied only with the scope read:phi")


class HistoryShown(Shape):
    """What happened to a case."""

    entries: list[EntryShown] = Field(description="oldest first")


class PayloadShown(Shape):
    """What a case is about, as it would be handled now."""

    entry: str = Field(description="the entry of the log that has it")
    type: str = Field(description="its type")
    contenttype: str = Field(description="its media type")
    edited: bool = Field(description="whether it is an edit; the original stays where it was")
    masked: bool = Field(description="true: only its shape is shown")
    text: str = Field(description="the payload")


class GroupShown(Shape):
    """Cases of one cause."""

    cause: str = Field(description="names the group")
    cases: int = Field(description="how many wait")
    unclaimed: int = Field(description="those that nobody has")
    overdue: int = Field(description="those whose time has passed")
    kind: str = Field(description="what they are")
    system: str = Field(description="where they came from")
    subscription: str | None = Field(default=None, description="whose events are parked")
    type: str = Field(description="the type of what they are about")
    owner: str = Field(description="the role that answers for them")
    field: str | None = Field(default=None, description="where it is wrong")
    reason: str = Field(description="what is wrong, in the words of one of them")
    priority: int = Field(description="of the most urgent one")
    oldest: str = Field(description="since when the oldest waits")
    due: str = Field(description="by when the first is to be over")


class GroupsShown(Shape):
    """Groups, the largest first."""

    groups: list[GroupShown] = Field(description="at most as many as were asked for")


class MemberShown(Shape):
    """A case of a set."""

    id: str = Field(description="its id")
    kind: str = Field(description="what it is")
    system: str = Field(description="where it came from")
    type: str = Field(description="the type of what it is about")
    opened: str = Field(description="since when")


class SetShown(Shape):
    """What a retry with this token would touch, and nothing else."""

    token: str = Field(description="names this set; good for one retry")
    cause: str = Field(description="the group")
    members: list[MemberShown] = Field(description="oldest first")
    more: bool = Field(description="the group has others, which are not in this set")


class SetOutcome(Shape):
    """What came of the retry of a set."""

    retried: int = Field(description="how many will be handled again")
    left: int = Field(description="those that had ended meanwhile, or that somebody else has")
    seconds: float = Field(description="when the last of them is taken up")


class KindShown(Shape):
    """A kind of case."""

    name: str = Field(description="its name")
    meaning: str = Field(description="when it is opened")
    owner: str = Field(description="the role that answers for it, unless a flow says otherwise")
    sla_seconds: float = Field(description="the time until it is overdue")
    criticality: str = Field(description="low, normal, high or critical")
    runbook: str = Field(description="the section of the runbook")
    actions: list[str] = Field(description="what may be decided, as far as what waits for it understands it")
    data: dict[str, Any] = Field(description="the JSON Schema of the data of each action that needs some")


class KindsShown(Shape):
    """All kinds of cases."""

    kinds: list[KindShown] = Field(description="ours, and those of the deployment")


class Assignment(Because):
    """To whom it goes."""

    person: str | None = Field(default=None, min_length=1, max_length=200, description="who has it from now on")
    role: str | None = Field(default=None, min_length=1, max_length=200, description="the role that answers for it now")


class Comment(Shape):
    """A remark."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, description="kept sealed; for all who may read cases")


class Decided(Because):
    """What is decided."""

    action: ActionName = Field(description="one of the case's `actions`")
    data: dict[str, Any] | None = Field(default=None, description="what the action needs; see /v1/case-kinds")
    payload: str | None = Field(default=None, max_length=16 * 1024 * 1024, description="of `edit`: the whole payload")


class SetRetry(Because):
    """Which set is retried."""

    token: str = Field(pattern=r"^[0-9a-f-]{36}$", description="of the preview")


def shown(one: Standing) -> CaseShown:
    """A case."""
    return CaseShown(**one.as_dict())


def entry_shown(one: Entry) -> EntryShown:
    """An entry of a history."""
    return EntryShown(**one.as_dict())


def group_shown(one: Group) -> GroupShown:
    """A group."""
    return GroupShown(**one.as_dict())


def kind_shown(kind: CaseKind) -> KindShown:
    """A kind."""
    return KindShown(
        name=kind.name,
        meaning=kind.meaning,
        owner=kind.owner,
        sla_seconds=kind.sla.total_seconds(),
        criticality=kind.criticality,
        runbook=kind.runbook,
        actions=[action.value for action in kind.actions],
        data=dict(kind.schemas),
    )


_WHAT: Final[dict[str, Any]] = {
    "kind": "mapping",
    "owner": "integration",
    "reason": "PID-3: no number of the patient",
    "field": "PID-3",
    "system": "ehr",
    "subscription": "translate",
    "type": "hl7v2:ADT^A04",
    "cause": CAUSE,
}
CASE: Final = CaseShown(
    **_WHAT,
    id=CASE_ID,
    category="mapping",
    state="claimed",
    priority=3,
    assignee="ward-desk",
    event=MESSAGE_ID,
    message=MESSAGE_ID,
    opened=TIME,
    due="2026-03-05T05:06:07Z",
    overdue=False,
    age_seconds=61.5,
    escalated=0,
    asked_by="",
    resumes="subscription",
    runbook="case-mapping",
    actions=["edit", "retry", "waive", "discard"],
    revision=2,
)
ENTRY: Final = EntryShown(
    number=4711, at=TIME, by="ward-desk", what="moved", before="open", after="claimed", owner="integration", why="",
    assignee="ward-desk",
)  # fmt: skip
PAYLOAD: Final = PayloadShown(
    entry=EVENT_ID, type="hl7v2:ADT^A04", contenttype="x-application/hl7-v2+er7", edited=False, masked=True,
    text="MSH|^~\\&|XXX|XXXXX\nPID|9||",
)  # fmt: skip
GROUP: Final = GroupShown(
    **_WHAT,
    cases=12,
    unclaimed=11,
    overdue=0,
    priority=3,
    oldest=TIME,
    due="2026-03-05T05:06:07Z",
)
SET: Final = SetShown(
    token=EVENT_ID,
    cause=CAUSE,
    members=[MemberShown(id=CASE_ID, kind="mapping", system="ehr", type="hl7v2:ADT^A04", opened=TIME)],
    more=False,
)
