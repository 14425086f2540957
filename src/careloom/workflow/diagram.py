"""Draws a process as a Mermaid flowchart, from its own code; with a run, how far that has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.rehearsal import UNDO
from careloom.workflow.shape import Choice, Flow, Fork, Guarded, Item, Jump, Loop, Op, shape_of
from careloom.workflow.standing import RunStory, StepShown, WaitShown
from careloom.workflow.states import ENDED

_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "step": ('["', '"]'), "notify": ('["', '"]'), "wait_for": ('{{"', '"}}'), "sleep": ('(["', '"])'),
    "case": ('[/"', '"/]'), "approval": ('[/"', '"/]'), "child": ('[["', '"]]'), "emit": ('>"', '"]'),
    "hold": ('["', '"]'), "release": ('["', '"]'), "again": ('[["', '"]]'),
}  # fmt: skip
_WORDS: Final[Mapping[str, str]] = {
    "wait_for": "wait for ", "sleep": "wait ", "case": "ask: ", "approval": "approve: ", "child": "run ",
    "emit": "tell ", "hold": "hold ", "release": "release ", "notify": "notify ",
}  # fmt: skip
CLASSES: Final[Mapping[str, str]] = {
    "done": "fill:#d7f0dd,stroke:#1b7f3b",
    "now": "fill:#fff2c2,stroke:#a66b00,stroke-width:3px",
    "failed": "fill:#fbd9d7,stroke:#b3261e",
    "undone": "fill:#e7e7ee,stroke:#5f6070,stroke-dasharray:4",
}
"""What a step of a run may be, and how it looks."""
_RANK: Final = ("done", "undone", "failed", "now")
_MARKS: Final = {
    "done": "done",
    "failed": "failed",
    "tried": "now",
    "retry": "now",
    "undone": "undone",
    "left": "failed",
}
Ends = list[tuple[str, str]]
"""Nodes that lead on, each with what is written at the arrow."""


def diagram(
    workflow: Workflow,
    registry: Registry | None = None,
    story: RunStory | None = None,
    lines: Mapping[str, tuple[int, ...]] | None = None,
) -> str:
    """Mermaid text. With a run's `story` each step is marked `done`, `now`, `failed` or `undone`; `lines` are the
    places of the code that its steps were asked for from, as a rehearsal tells them, which tells apart steps of one
    name. Raises NotPossible where the source cannot be read."""
    drawing = _Drawing()
    drawing.text(f'start(["{escaped(workflow.name)} v{workflow.version}"])')
    ends = drawing.flow(shape_of(workflow, registry), [("start", "")])
    if ends or drawing.returned:
        drawing.text('done(["completed"])')
        drawing.join([*ends, *drawing.returned], "done")
    marks = {} if story is None else _marks(drawing, story, lines or {})
    return "\n".join(["flowchart TD", *drawing.rows, *_classes(marks)]) + "\n"


def escaped(text: str) -> str:
    """As Mermaid takes it between quotes."""
    named = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    return "".join(named.get(one, one) for one in " ".join(text.split()))


@dataclass
class _Drawing:
    """The rows so far. `loops` holds, for each loop that is open, its node and what breaks out of it."""

    rows: list[str] = field(default_factory=list)
    nodes: dict[str, Op] = field(default_factory=dict)
    undos: dict[str, str] = field(default_factory=dict)
    returned: Ends = field(default_factory=list)
    loops: list[tuple[str, Ends]] = field(default_factory=list)
    made: int = 0

    def text(self, row: str) -> None:
        self.rows.append(f"    {row}")

    def node(self, shape: tuple[str, str], label: str) -> str:
        self.made += 1
        name = f"n{self.made}"
        self.text(f"{name}{shape[0]}{escaped(label)}{shape[1]}")
        return name

    def join(self, ends: Ends, target: str) -> None:
        for one, why in ends:
            self.text(f'{one} -->|"{escaped(why)}"| {target}' if why else f"{one} --> {target}")

    def flow(self, flow: Flow, ends: Ends) -> Ends:
        for one in flow:
            ends = self.item(one, ends)
        return ends

    def item(self, one: Item, ends: Ends) -> Ends:
        match one:
            case Op():
                return self.op(one, ends)
            case Choice():
                asked = self.node(('{"', '"}'), one.question)
                self.join(ends, asked)
                return [end for why, way in one.ways for end in self.flow(way, [(asked, why)])]
            case Loop():
                return self.loop(one, ends)
            case Fork():
                fork, met = self.node(('{{"', '"}}'), "side by side"), self.node(('{{"', '"}}'), "all of them")
                self.join(ends, fork)
                for branch in one.branches:
                    self.join(self.flow(branch, [(fork, "")]), met)
                return [(met, "")]
            case Guarded():
                return self.guarded(one, ends)
            case Jump():
                return self.jump(one, ends)

    def op(self, one: Op, ends: Ends) -> Ends:
        name = self.node(_SHAPES[one.call], f"{_WORDS.get(one.call, '')}{one.label}")
        self.nodes[name] = one
        self.join(ends, name)
        if one.undo:
            undo = self.undos[name] = self.node(('["', '"]'), one.undo)
            self.text(f'{name} -. "undo" .-> {undo}')
        return [(name, "")]

    def loop(self, one: Loop, ends: Ends) -> Ends:
        again = self.node(('{"', '"}'), one.why)
        self.join(ends, again)
        self.loops.append((again, []))
        self.join(self.flow(one.body, [(again, "next")]), again)
        return [(again, "done"), *self.loops.pop()[1]]

    def guarded(self, one: Guarded, ends: Ends) -> Ends:
        first = self.made
        ends = self.flow(one.body, ends)
        may_fail = [name for name in self.nodes if first < int(name[1:]) <= self.made]
        for why, way in one.handlers if may_fail else ():
            caught = self.node(('(("', '"))'), why)
            for name in may_fail:
                self.text(f"{name} -.-> {caught}")
            ends = [*ends, *self.flow(way, [(caught, "")])]
        return self.flow(one.after, ends)

    def jump(self, one: Jump, ends: Ends) -> Ends:
        if one.sort == "return":
            self.returned.extend(ends)
        elif one.sort == "raise":
            self.join(ends, self.node(('(["', '"])'), f"failed: {one.label}" if one.label else "failed"))
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
            _mark(marks, node, _MARKS[step.state])
    if story.run.state not in ENDED:
        for wait in story.waits:
            if node := at.get(wait.path) or _find(drawing.nodes, wait, lines.get(wait.path, ()), at):
                _mark(marks, node, "now")
    for step in story.steps:
        node = at.get(step.path.removeprefix(UNDO))
        if step.path.startswith(UNDO) and node in drawing.undos:
            _mark(marks, drawing.undos[node], _MARKS[step.state])
            if step.state == "undone":
                marks[node] = "undone"
    if story.run.state == "completed":
        marks["done"] = "done"
    return marks


def _mark(marks: dict[str, str], node: str, mark: str) -> None:
    """A step that is done several times is as its worst one."""
    marks[node] = max(marks.get(node, mark), mark, key=_RANK.index)


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


def _classes(marks: Mapping[str, str]) -> Iterable[str]:
    if not marks:
        return
    for name, style in CLASSES.items():
        yield f"    classDef {name} {style}"
        nodes: Sequence[str] = [node for node, mark in marks.items() if mark == name]
        if nodes:
            yield f"    class {','.join(nodes)} {name}"
