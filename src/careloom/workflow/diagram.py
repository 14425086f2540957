"""Draws a process as a Mermaid flowchart, from its own code; with a run, how far that has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from careloom.workflow.declaration import Registry, Workflow
from careloom.workflow.graph import Arrow, Graph, Node, graph_of
from careloom.workflow.standing import RunStory

_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "step": ('["', '"]'), "notify": ('["', '"]'), "wait_for": ('{{"', '"}}'), "sleep": ('(["', '"])'),
    "case": ('[/"', '"/]'), "approval": ('[/"', '"/]'), "child": ('[["', '"]]'), "emit": ('>"', '"]'),
    "hold": ('["', '"]'), "release": ('["', '"]'), "again": ('[["', '"]]'),
    "start": ('(["', '"])'), "end": ('(["', '"])'), "question": ('{"', '"}'), "fork": ('{{"', '"}}'),
    "met": ('{{"', '"}}'), "caught": ('(("', '"))'), "failure": ('(["', '"])'), "undo": ('["', '"]'),
}  # fmt: skip
CLASSES: Final[Mapping[str, str]] = {
    "done": "fill:#d7f0dd,stroke:#1b7f3b",
    "now": "fill:#fff2c2,stroke:#a66b00,stroke-width:3px",
    "failed": "fill:#fbd9d7,stroke:#b3261e",
    "undone": "fill:#e7e7ee,stroke:#5f6070,stroke-dasharray:4",
}
"""What a step of a run may be, and how it looks."""


def diagram(
    workflow: Workflow,
    registry: Registry | None = None,
    story: RunStory | None = None,
    lines: Mapping[str, tuple[int, ...]] | None = None,
) -> str:
    """Mermaid text. With a run's `story` each step is marked `done`, `now`, `failed` or `undone`; `lines` are the
    places of the code that its steps were asked for from, as a rehearsal tells them, which tells apart steps of one
    name. Raises NotPossible where the source cannot be read."""
    return drawn(graph_of(workflow, registry, story, lines))


def drawn(graph: Graph) -> str:
    """Mermaid text of boxes and arrows."""
    rows = [_node(one) if isinstance(one, Node) else _arrow(one) for one in graph.parts]
    return "\n".join(["flowchart TD", *rows, *_classes(graph.marks)]) + "\n"


def escaped(text: str) -> str:
    """As Mermaid takes it between quotes."""
    named = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;"}
    return "".join(named.get(one, one) for one in " ".join(text.split()))


def _node(one: Node) -> str:
    before, after = _SHAPES[one.sort]
    return f"    {one.id}{before}{escaped(one.label)}{after}"


def _arrow(one: Arrow) -> str:
    if one.sort == "undo":
        return f'    {one.start} -. "undo" .-> {one.end}'
    if one.sort == "error":
        return f"    {one.start} -.-> {one.end}"
    return f'    {one.start} -->|"{escaped(one.label)}"| {one.end}' if one.label else f"    {one.start} --> {one.end}"


def _classes(marks: Mapping[str, str]) -> Iterable[str]:
    if not marks:
        return
    for name, style in CLASSES.items():
        yield f"    classDef {name} {style}"
        nodes: Sequence[str] = [node for node, mark in marks.items() if mark == name]
        if nodes:
            yield f"    class {','.join(nodes)} {name}"
