"""What happened to a run, and what it waits for, in one list as people read it: by time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from careloom.console.visiting import BASE
from careloom.workflow.standing import RunStory, StepShown, WaitShown

_LOOKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "done": "good", "retry": "warn", "failed": "bad", "left": "bad", "undone": "quiet", "tried": "warn",
        "completed": "good", "cancelled": "warn", "waits": "warn", "open": "warn", "claimed": "warn",
        "waiting": "warn", "resolved": "good", "suspended": "warn", "compensating": "bad",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One line: when, what it is, how it stands as a word with its class, and more of it. `path` is its place in the
    code, `link` the page that has it."""

    at: datetime
    sort: str
    what: str
    state: str
    detail: str
    path: str = ""
    link: str = ""

    @property
    def look(self) -> str:
        """The class of the state."""
        return look_of(self.state)


def look_of(state: str) -> str:
    """The class of a state of a run, a step or a case; none where it is neither good nor bad."""
    return _LOOKS.get(state, "")


def timeline(story: RunStory) -> Sequence[Moment]:
    """All of a run: steps, what it waits for, cases, the runs that it began, and what people did."""
    return sorted(_moments(story), key=lambda one: one.at)


def _moments(story: RunStory) -> Iterator[Moment]:
    yield from (_step(one) for one in story.steps)
    known = {one.path for one in story.steps}
    yield from (_wait(one) for one in story.waits if one.path not in known)
    for case in story.cases:
        with_whom = case.assignee or case.owner
        said = f"{case.reason}; with {with_whom}" if case.resolution is None else f"{case.reason}; {case.resolution}"
        yield Moment(case.opened, "exception", case.kind, case.state, said, case.path or "", f"{BASE}/cases/{case.id}")
    for child in story.children:
        name = f"{child.workflow} v{child.version}"
        yield Moment(child.begun, "run", name, child.state, "", "", f"{BASE}/runs/{child.id}")
    for act in story.acts:
        yield Moment(act.at, "act", f"{act.what} by {act.by}", "", act.why)


def _step(one: StepShown) -> Moment:
    tries = f"{one.attempts} attempts" if one.attempts > 1 else ""
    again = f"again at {one.due:%Y-%m-%d %H:%M:%S} UTC" if one.state == "retry" and one.due else ""
    detail = "; ".join(part for part in (one.error or "", tries, again) if part)
    return Moment(one.began, one.sort, one.name, one.state, detail, one.path)


def _wait(one: WaitShown) -> Moment:
    until = f"until {one.due:%Y-%m-%d %H:%M:%S} UTC" if one.due else ""
    return Moment(one.since, one.sort, one.name or one.sort, "answered" if one.answered else "waits", until, one.path)
