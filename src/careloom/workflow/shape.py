"""The shape of a process, read from its own code: which calls of the run it makes, in which order and under what."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from careloom.cases.catalogue import APPROVAL
from careloom.core.errors import ConfigurationError
from careloom.model import CanonicalEvent
from careloom.workflow.declaration import Registry, Signal, Workflow
from careloom.workflow.errors import NotPossible

LONGEST: Final = 60
SORTS: Final = {
    "step": "step", "wait_for": "event", "sleep": "time", "now": "time", "case": "case", "approval": "case",
    "case_unless": "case", "child": "run", "emit": "event out", "notify": "step", "hold": "hold", "release": "hold",
}  # fmt: skip
"""The calls of a run, and the sort under which each is recorded."""
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_QUIET: Final = frozenset({"now"})


@dataclass(frozen=True, slots=True)
class Op:
    """One call of the run. `lines` are where it stands, that of the helper that makes it last; `branch` the numbers of
    the branches that it is in, None where that is known only when it runs."""

    call: str
    sort: str
    name: str
    label: str
    lines: tuple[int, ...]
    branch: tuple[int, ...] | None
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several ways: each with what leads to it."""

    question: str
    ways: tuple[tuple[str, Flow], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """Again and again, `why`."""

    why: str
    body: Flow


@dataclass(frozen=True, slots=True)
class Fork:
    """Side by side."""

    branches: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Guarded:
    """`body`, and what is done for each error that it may end in; `after` in any case."""

    body: Flow
    handlers: tuple[tuple[str, Flow], ...]
    after: Flow


@dataclass(frozen=True, slots=True)
class Jump:
    """`return`, `raise`, `break` or `continue`; `label` says what is raised."""

    sort: str
    label: str = ""


Item: TypeAlias = Op | Choice | Loop | Fork | Guarded | Jump
Flow: TypeAlias = tuple[Item, ...]


def shape_of(workflow: Workflow, registry: Registry | None = None) -> Flow:
    """What the function of a workflow does. Raises NotPossible where its source cannot be read."""
    function = inspect.unwrap(workflow.function)
    code = getattr(function, "__code__", None)
    if code is None:
        raise NotPossible(f"{workflow.name} is no plain function; there is nothing to draw")
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        tree = ast.Module([], [])
    known = [node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)]
    found = next((node for node in known if node.name == code.co_name and _first(node) == code.co_firstlineno), None)
    if found is None or not found.args.args:
        raise NotPossible(f"the source of {workflow.name} cannot be read; there is nothing to draw")
    return _Reader(workflow.name, function, known, registry or Registry()).function(found, found.args.args[0].arg)


def _first(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


@dataclass(frozen=True)
class _Place:
    """Where the reader is: the name of the run here, the calls it came through, the branches it is in."""

    run: str
    lines: tuple[int, ...] = ()
    through: tuple[str, ...] = ()
    branch: tuple[int, ...] | None = ()


class _Reader:
    def __init__(
        self,
        workflow: str,
        function: Callable[..., Any],
        known: Sequence[ast.FunctionDef | ast.AsyncFunctionDef],
        registry: Registry,
    ) -> None:
        self._workflow = workflow
        self._names = {**getattr(function, "__globals__", {}), **_closure(function)}
        self._known = {node.name: node for node in reversed(known)}
        self._registry = registry

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, run: str) -> Flow:
        return self._block(node.body, _Place(run, through=(node.name,)))

    # ------------------------------------------------------------------ statements

    def _block(self, body: Sequence[ast.stmt], at: _Place) -> Flow:
        made: list[Item] = []
        for statement in body:
            made.extend(self._statement(statement, at))
            if made and isinstance(made[-1], Jump):
                break
        return tuple(made)

    def _statement(self, node: ast.stmt, at: _Place) -> Iterator[Item]:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            return
        if isinstance(node, ast.If):
            yield from self._calls(node.test, at)
            ways = (("yes", self._block(node.body, at)), ("no", self._block(node.orelse, at)))
            yield from _choice(_said(node.test), ways)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            yield from self._calls(node.iter, at)
            yield from _loop(f"each {_said(node.target)} of {_said(node.iter)}", self._block(node.body, at))
            yield from self._block(node.orelse, at)
        elif isinstance(node, ast.While):
            body = (*self._calls(node.test, at), *self._block(node.body, at))
            yield from _loop(f"while {_said(node.test)}", body)
            yield from self._block(node.orelse, at)
        elif isinstance(node, ast.Try):
            yield from self._guarded(node, at)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                yield from self._calls(item.context_expr, at)
            yield from self._block(node.body, at)
        elif isinstance(node, ast.Match):
            yield from self._calls(node.subject, at)
            cases = [(_said(case.pattern), self._block(case.body, at)) for case in node.cases]
            otherwise: list[tuple[str, Flow]] = [] if cases[-1][0] == "_" else [("else", ())]
            yield from _choice(_said(node.subject), (*cases, *otherwise))
        else:
            yield from self._calls(node, at)
            yield from _jump(node)

    def _guarded(self, node: ast.Try, at: _Place) -> Iterator[Item]:
        body = (*self._block(node.body, at), *self._block(node.orelse, at))
        after = self._block(node.finalbody, at)
        handlers = tuple(
            ("any error" if one.type is None else _said(one.type), self._block(one.body, at)) for one in node.handlers
        )
        if body or after or any(way for _, way in handlers):
            yield Guarded(body, handlers, after)

    # ------------------------------------------------------------------ expressions

    def _calls(self, node: ast.AST, at: _Place) -> Iterator[Item]:
        """The calls in an expression, in the order in which they are made."""
        if isinstance(node, ast.IfExp):
            yield from self._calls(node.test, at)
            ways = (("yes", tuple(self._calls(node.body, at))), ("no", tuple(self._calls(node.orelse, at))))
            yield from _choice(_said(node.test), ways)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            body = tuple(item for part in parts for item in self._calls(part, at))
            each = node.generators[0]
            yield from _loop(f"each {_said(each.target)} of {_said(each.iter)}", body)
        elif isinstance(node, ast.Call):
            yield from self._call(node, at)
        elif not isinstance(node, ast.Lambda):
            for inner in ast.iter_child_nodes(node):
                yield from self._calls(inner, at)

    def _call(self, node: ast.Call, at: _Place) -> Iterator[Item]:
        called = node.func
        on_run = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == at.run
        if on_run and isinstance(called, ast.Attribute) and called.attr == "parallel":
            yield from self._fork(node, at)
            return
        given = [*node.args, *(one.value for one in node.keywords)]
        for one in given:
            yield from self._calls(one, at)
        if on_run and isinstance(called, ast.Attribute) and called.attr in SORTS:
            if called.attr not in _QUIET:
                yield self._op(called.attr, node, at)
        elif isinstance(called, ast.Name) and called.id in self._known:
            yield from self._helper(self._known[called.id], node, at)

    def _helper(self, known: ast.FunctionDef | ast.AsyncFunctionDef, node: ast.Call, at: _Place) -> Iterator[Item]:
        """What a function of the same module does with the run that it is given."""
        names = [one.arg for one in (*known.args.posonlyargs, *known.args.args, *known.args.kwonlyargs)]
        places = dict(zip(names, node.args, strict=False)) | {one.arg: one.value for one in node.keywords if one.arg}
        run = next((name for name, one in places.items() if isinstance(one, ast.Name) and one.id == at.run), None)
        if run is None:
            return
        if known.name in at.through:
            yield Op("again", "", known.name, f"{known.name} again", (*at.lines, node.lineno), at.branch)
            return
        within = replace(at, run=run, lines=(*at.lines, node.lineno), through=(*at.through, known.name))
        # To return from a helper is to go on behind it.
        yield from _without_return(self._block(known.body, within))

    def _fork(self, node: ast.Call, at: _Place) -> Iterator[Item]:
        branches: list[Flow] = []
        known = at.branch
        for number, one in enumerate(node.args, 1):
            if isinstance(one, ast.Starred):
                known = None
            within = None if known is None else (*known, number)
            branches.append(tuple(self._calls(one, replace(at, branch=within))))
        yield Fork(tuple(branches))

    def _op(self, call: str, node: ast.Call, at: _Place) -> Op:
        named = {one.arg: one.value for one in node.keywords if one.arg}
        first = node.args[0] if node.args else None
        name, label = self._named(call, first, named)
        if (within := named.get("within")) is not None:
            label += f" within {_said(within).strip(chr(39))}"
        undo = self._name(named["undo"]) if "undo" in named else ""
        return Op(call, SORTS[call], name, label, (*at.lines, node.lineno), at.branch, undo)

    def _named(self, call: str, first: ast.expr | None, named: dict[str, ast.expr]) -> tuple[str, str]:
        """Under which name it is recorded, empty where only the run knows; and what people read."""
        if call in ("sleep", "emit"):
            shown = first.func if isinstance(first, ast.Call) else first
            return call, "" if shown is None else _said(shown).strip("'")
        if first is None:
            return "", call
        if call == "approval":
            label = _said(first)
            return APPROVAL, label[2:-1] if isinstance(first, ast.JoinedStr) else label.strip("'")
        if isinstance(given := named.get("name"), ast.Constant):
            return str(given.value), str(given.value)
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return (f"{call} {first.value}" if call in ("hold", "release") else first.value), first.value
        if isinstance(first, ast.Name) and isinstance(kept := self._names.get(first.id), str):
            return kept, kept
        name = self._name(first)
        return ("" if "name" in named else name), name

    def _name(self, node: ast.expr) -> str:
        """What a name of the code stands for: a function's own name, a workflow's, a signal's."""
        value = self._names.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(value, (Workflow, Signal)):
            return value.name
        if isinstance(value, type) and issubclass(value, CanonicalEvent):
            with suppress(ConfigurationError):
                return self._registry.signal_for(value, self._workflow).name
        own = getattr(value, "__name__", None)
        return str(own) if own else (node.attr if isinstance(node, ast.Attribute) else _said(node))


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    made: dict[str, Any] = {}
    for name, cell in cells:
        try:
            made[name] = cell.cell_contents
        except ValueError:  # not bound yet
            continue
    return made


def _choice(question: str, ways: tuple[tuple[str, Flow], ...]) -> Iterator[Item]:
    if any(way for _, way in ways):
        yield Choice(question, ways)


def _loop(why: str, body: Flow) -> Iterator[Item]:
    if any(not isinstance(one, Jump) for one in body):
        yield Loop(why[:LONGEST], body)


def _jump(node: ast.stmt) -> Iterator[Item]:
    if isinstance(node, ast.Return):
        yield Jump("return")
    elif isinstance(node, ast.Raise):
        yield Jump(
            "raise", "" if node.exc is None else _said(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        )
    elif isinstance(node, ast.Break):
        yield Jump("break")
    elif isinstance(node, ast.Continue):
        yield Jump("continue")


def _without_return(flow: Flow) -> Iterator[Item]:
    for one in flow:
        if isinstance(one, Choice):
            yield replace(one, ways=tuple((why, tuple(_without_return(way))) for why, way in one.ways))
        elif not (isinstance(one, Jump) and one.sort == "return"):
            yield one


def _said(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
