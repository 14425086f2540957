"""Which branches of the flows their tests drive: each call of a run, each way that it comes out, each word of a person.

    python -m tests.flows.branches

plays tests/flows and prints what no test drives. What must be driven is read from the flows themselves: each call in
their code, what it may come out as by how it is called, and each action that a case offered to whoever was asked.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from careloom.model import CanonicalEvent
from careloom.workflow.answers import Answer
from careloom.workflow.ballots import Approval
from careloom.workflow.desk import RunResolver
from careloom.workflow.errors import StepFailed
from careloom.workflow.ground import numbering
from careloom.workflow.run import Run

ROOT: Final = Path(__file__).parents[2]
FLOWS: Final = ROOT / "src" / "careloom" / "flows"
FOLDER: Final = "CARELOOM_TEST_BRANCHES"
"""The folder that processes of tests write to what they saw."""
ASKS: Final = frozenset({"case", "case_unless"})
CALLS: Final = ASKS | {"step", "wait_for", "approval", "sleep", "emit", "child", "each", "hold", "release", "notify"}


class Way(NamedTuple):
    """One way that a call comes out: where it stands, which call it is, and as what."""

    place: str
    call: str
    outcome: str


class Word(NamedTuple):
    """One action of a kind of case in a flow."""

    flow: str
    kind: str
    action: str


@dataclass
class Seen:
    """What tests drove; `offered` is what persons could have said."""

    ways: set[Way] = field(default_factory=set)
    offered: set[Word] = field(default_factory=set)
    said: set[Word] = field(default_factory=set)

    def write(self, folder: Path) -> None:
        """For `read`, under a name of this process."""
        (folder / f"{os.getpid()}.json").write_text(
            json.dumps({name: sorted(getattr(self, name)) for name in ("ways", "offered", "said")})
        )

    @classmethod
    def read(cls, folder: Path) -> Seen:
        """What all processes wrote."""
        seen = cls()
        for file in folder.glob("*.json"):
            found = json.loads(file.read_text())
            seen.ways |= {Way(*one) for one in found["ways"]}
            seen.offered |= {Word(*one) for one in found["offered"]}
            seen.said |= {Word(*one) for one in found["said"]}
        return seen


# ------------------------------------------------------------------ while tests run


@contextmanager
def watched() -> Iterator[Seen]:
    """Have each call on a run from the code of a flow put down how it comes out."""
    seen = Seen()
    kept = {name: getattr(Run, name) for name in CALLS if hasattr(Run, name)}
    for name, original in kept.items():
        setattr(Run, name, _watching(seen, name, original))
    try:
        yield seen
    finally:
        for name, original in kept.items():
            setattr(Run, name, original)


def _watching(seen: Seen, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(run: Any, *arguments: Any, **named: Any) -> Any:
        frame = sys._getframe(1)
        made = original(run, *arguments, **named)
        if not frame.f_code.co_filename.startswith(str(FLOWS)):
            return made
        place = f"{Path(frame.f_code.co_filename).relative_to(FLOWS)}:{frame.f_lineno}"
        if name in ASKS:
            _offer(seen, run, arguments[0], named.get("actions"))
        return _followed(seen, run, Way(place, name, ""), made, arguments)

    return call


async def _followed(seen: Seen, run: Any, way: Way, made: Any, arguments: tuple[Any, ...]) -> Any:
    standing = numbering.get()
    path = f"{standing.prefix}{standing.last + 1}"
    try:
        given = await made
    except StepFailed:
        seen.ways.add(way._replace(outcome="failed"))
        raise
    outcome = _outcome(way.call, given, waived=run._journal.steps[path].body is None)
    seen.ways.add(way._replace(outcome=outcome))
    if isinstance(given, Answer):
        seen.said.add(Word(_flow(run), arguments[0], given.action.value))
    return given


def _offer(seen: Seen, run: Any, kind: str, actions: Iterable[Any] | None) -> None:
    declared = run._around.kinds.of(kind).actions
    able = [one for one in actions or declared if one in RunResolver.actions]
    seen.offered |= {Word(_flow(run), kind, one.value) for one in able}


def _flow(run: Any) -> str:
    return str(run._workflow.name.partition(".")[0])


def _outcome(call: str, given: Any, *, waived: bool) -> str:
    if call == "step":
        return "waived" if waived else "done"
    if isinstance(given, Approval):
        return "approved" if given.approved else "expired" if given.expired else "rejected"
    if isinstance(given, Answer):
        return "answered"
    if call in ASKS | {"wait_for"}:
        return "event" if isinstance(given, CanonicalEvent) else "nothing"
    return "done"


# ------------------------------------------------------------------ what there is to drive


def declared() -> set[Way]:
    """Each call on a run in the code of the flows, with each way that it may come out."""
    return {way for path in sorted(FLOWS.rglob("*.py")) for way in _ways(path)}


def _ways(path: Path) -> Iterator[Way]:
    tree = ast.parse(path.read_text())
    tried = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Try) and node.handlers
             for one in node.body for inner in ast.walk(one)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (call := _call_of_run(node)):
            place = f"{path.relative_to(FLOWS)}:{node.lineno}"
            yield from (Way(place, call, one) for one in _outcomes(node, call, id(node) in tried))


def _call_of_run(node: ast.Call) -> str:
    called = node.func
    on_run = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "run"
    return called.attr if on_run and isinstance(called, ast.Attribute) and called.attr in CALLS else ""


def _outcomes(node: ast.Call, call: str, tried: bool) -> Iterator[str]:
    named = {one.arg: one.value for one in node.keywords}
    if call == "step":
        yield "done"
        if isinstance(failure := named.get("on_failure"), ast.Constant) and failure.value == "case":
            yield "waived"
        if tried:
            yield "failed"
    elif call == "wait_for":
        within = named.get("within")
        yield "event"
        if within is not None:
            yield "nothing"
    elif call == "approval":
        yield from ("approved", "rejected")
        if "within" in named:
            yield "expired"
    elif call in ASKS:
        yield "answered"
        if call == "case_unless":
            yield "event"
    else:
        yield "done"


# ------------------------------------------------------------------ the command


def main() -> int:
    """0 when everything that there is was driven; pytest's own code when a test failed."""
    with tempfile.TemporaryDirectory(prefix="careloom-branches-") as folder:
        command = [sys.executable, "-m", "pytest", "-q", "tests/flows", "-p", "no:cacheprovider", *sys.argv[1:]]
        settings = {FOLDER: folder, "CARELOOM_TEST_FAILURES": "all"}
        ended = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False)
        seen, ways = Seen.read(Path(folder)), declared()
    undriven, unsaid = sorted(ways - seen.ways), sorted(seen.offered - seen.said)
    for way in undriven:
        print(f"careloom/flows/{way.place}: run.{way.call} never came out as {way.outcome!r}")
    for word in unsaid:
        print(f"{word.flow}: nobody said {word.action} to {word.kind}")
    print(
        f"{len(ways) - len(undriven)} of {len(ways)} ways of the calls of runs, "
        f"{len(seen.offered) - len(unsaid)} of {len(seen.offered)} words on cases are driven"
    )
    return ended.returncode or bool(undriven or unsaid)


if __name__ == "__main__":
    sys.exit(main())
