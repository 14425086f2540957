"""The picture of a process as nodes and arrows, from its own code; with a run, how far that has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.rehearsal import UNDO
from careloom.workflow.shape import Choice, Flow, Fork, Guarded, Item, Jump, Loop, Op, shape_of
from careloom.workflow.standing import RunStory, StepShown, WaitShown
from careloom.workflow.states import ENDED

_WORDS: Final[Mapping[str, str]] = {
    "wait_for": "wait for ", "sleep": "wait ", "case": "ask: ", "approval": "approve: ", "child": "run ",
    "emit": "tell ", "hold": "hold ", "release": "release ", "notify": "notify ",
}  # fmt: skip
MARKS: Final = ("done", "undone", "failed", "now")
"""What a step of a run may be, the weightiest last."""
_MARK_OF: Final = {
    "done": "done",
    "failed": "failed",
    "tried": "now",
    "retry": "now",
    "undone": "undone",
    "left": "failed",
}
Ends = list[tuple[str, str]]
"""Nodes that lead on, each with what is written at the arrow."""


@dataclass(frozen=True, slots=True)
class Node:
    """One box. `sort` is the call of the run that it stands for, or start, end, question, fork, met, caught, failure or
    undo."""

    id: str
    sort: str
    label: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another. `sort` is next, undo (what undoes it), or error (what is done when it fails)."""

    start: str
    end: str
    label: str = ""
    sort: str = "next"


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes and arrows in the order of the code; `marks` are those of MARKS that boxes have in a run."""

    parts: tuple[Node | Arrow, ...]
    marks: Mapping[str, str]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The boxes."""
        return tuple(one for one in self.parts if isinstance(one, Node))

    @property
    def arrows(self) -> tuple[Arrow, ...]:
        """The arrows."""
        return tuple(one for one in self.parts if isinstance(one, Arrow))


def graph_of(
    workflow: Workflow,
    registry: Registry | None = None,
    story: RunStory | None = None,
    lines: Mapping[str, tuple[int, ...]] | None = None,
) -> Graph:
    """With a run's `story` its steps are marked; `lines` are the places of the code that they were asked for from, as a
    rehearsal tells them, which tells apart steps of one name. Raises NotPossible where the source cannot be read."""
    drawing = _Drawing()
    drawing.parts.append(Node("start", "start", f"{workflow.name} v{workflow.version}"))
    ends = drawing.flow(shape_of(workflow, registry), [("start", "")])
    if ends or drawing.returned:
        drawing.parts.append(Node("done", "end", "completed"))
        drawing.join([*ends, *drawing.returned], "done")
    marks = {} if story is None else _marks(drawing, story, lines or {})
    return Graph(tuple(drawing.parts), marks)


@dataclass
class _Drawing:
    """The parts so far. `loops` holds, for each loop that is open, its node and what breaks out of it."""

    parts: list[Node | Arrow] = field(default_factory=list)
    nodes: dict[str, Op] = field(default_factory=dict)
    undos: dict[str, str] = field(default_factory=dict)
    returned: Ends = field(default_factory=list)
    loops: list[tuple[str, Ends]] = field(default_factory=list)
    made: int = 0

    def node(self, sort: str, label: str) -> str:
        self.made += 1
        made = Node(f"n{self.made}", sort, label)
        self.parts.append(made)
        return made.id

    def join(self, ends: Ends, target: str) -> None:
        self.parts.extend(Arrow(one, target, why) for one, why in ends)

    def flow(self, flow: Flow, ends: Ends) -> Ends:
        for one in flow:
            ends = self.item(one, ends)
        return ends

    def item(self, one: Item, ends: Ends) -> Ends:
        match one:
            case Op():
                return self.op(one, ends)
            case Choice():
                asked = self.node("question", one.question)
                self.join(ends, asked)
                return [end for why, way in one.ways for end in self.flow(way, [(asked, why)])]
            case Loop():
                return self.loop(one, ends)
            case Fork():
                fork, met = self.node("fork", "side by side"), self.node("met", "all of them")
                self.join(ends, fork)
                for branch in one.branches:
                    self.join(self.flow(branch, [(fork, "")]), met)
                return [(met, "")]
            case Guarded():
                return self.guarded(one, ends)
            case Jump():
                return self.jump(one, ends)

    def op(self, one: Op, ends: Ends) -> Ends:
        name = self.node(one.call, f"{_WORDS.get(one.call, '')}{one.label}")
        self.nodes[name] = one
        self.join(ends, name)
        if one.undo:
            undo = self.undos[name] = self.node("undo", one.undo)
            self.parts.append(Arrow(name, undo, "undo", "undo"))
        return [(name, "")]

    def loop(self, one: Loop, ends: Ends) -> Ends:
        again = self.node("question", one.why)
        self.join(ends, again)
        self.loops.append((again, []))
        self.join(self.flow(one.body, [(again, "next")]), again)
        return [(again, "done"), *self.loops.pop()[1]]

    def guarded(self, one: Guarded, ends: Ends) -> Ends:
        first = self.made
        ends = self.flow(one.body, ends)
        may_fail = [name for name in self.nodes if first < int(name[1:]) <= self.made]
        for why, way in one.handlers if may_fail else ():
            caught = self.node("caught", why)
            self.parts.extend(Arrow(name, caught, "", "error") for name in may_fail)
            ends = [*ends, *self.flow(way, [(caught, "")])]
        return self.flow(one.after, ends)

    def jump(self, one: Jump, ends: Ends) -> Ends:
        if one.sort == "return":
            self.returned.extend(ends)
        elif one.sort == "raise":
            self.join(ends, self.node("failure", f"failed: {one.label}" if one.label else "failed"))
        elif self.loops and one.sort == "break":
            self.loops[-1][1].extend(ends)
        elif self.loops:
            self.join(ends, self.loops[-1][0])
        return []


# ------------------------------------------------------------------ how far a run is


def _marks(drawing: _Drawing, story: RunStory, lines: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    marks: dict[str, str] = {}
    at: dict[str, str] = {}
    for step in story.steps:
        if not step.path.startswith(UNDO) and (node := _find(drawing.nodes, step, lines.get(step.path, ()), at)):
            at[step.path] = node
            _mark(marks, node, _MARK_OF[step.state])
    if story.run.state not in ENDED:
        for wait in story.waits:
            if node := at.get(wait.path) or _find(drawing.nodes, wait, lines.get(wait.path, ()), at):
                _mark(marks, node, "now")
    for step in story.steps:
        node = at.get(step.path.removeprefix(UNDO))
        if step.path.startswith(UNDO) and node in drawing.undos:
            _mark(marks, drawing.undos[node], _MARK_OF[step.state])
            if step.state == "undone":
                marks[node] = "undone"
    if story.run.state == "completed":
        marks["done"] = "done"
    return marks


def _mark(marks: dict[str, str], node: str, mark: str) -> None:
    """A step that is done several times is as its worst one."""
    marks[node] = max(marks.get(node, mark), mark, key=MARKS.index)


def _find(
    nodes: Mapping[str, Op], one: StepShown | WaitShown, lines: tuple[int, ...], taken: Mapping[str, str]
) -> str | None:
    """The node of a step or a wait: by name and sort, then by where the code asked for it, else by its branch; of
    those that are left the first that has none yet."""
    fitting = [name for name, op in nodes.items() if _fits(op, one)]
    if lines:
        fitting = [name for name in fitting if nodes[name].lines[-len(lines) :] == lines] or fitting
    branch = tuple(int(part) for part in one.path.split(".")[1::2] if part.isdigit())
    fitting = [name for name in fitting if nodes[name].branch == branch] or fitting
    free = [name for name in fitting if name not in taken.values()]
    return next(iter(free or fitting[-1:]), None)


def _fits(op: Op, one: StepShown | WaitShown) -> bool:
    if isinstance(one, StepShown):
        return op.sort == one.sort and (op.name == one.name or not op.name)
    sorts = {"hold": ("step",), "case": ("case", "step"), "time": ("time", "step")}.get(one.sort, (one.sort,))
    return op.sort in sorts and (op.sort in ("step", "time", "run") or op.name in (one.name, ""))
