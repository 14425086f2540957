"""Every error that a person or a program may meet: the tree, the cases, the problems of the HTTP API, the codes of HL7."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from http import HTTPStatus

import careloom
from careloom.core.errors import CareloomError
from careloom.systems.mllp import recognise
from tests.docs.markdown import ROOT, code, page, prose, table

SOURCE = ROOT / "src" / "careloom"
_INTRO = """\
An error says what happened, to what, and what to do. It never quotes personal data: it names the place (`PID-5.1`), not the value.
What a person does about each is in the [runbook](../operations/runbook.md)."""
_KINDS = """\
A *transient* error is tried again by policy, an *ambiguous* one is never sent again blindly, a *permanent* one waits for a
person. See [parking and retries](../explanation/parking-and-retries.md)."""
_TESTED_ONLY = ("sim", "testing")
# HL7 v2.5.1 table 0357, and when we use each code.
HL7_CODES = {
    "SEQUENCE_ERROR": "the message or its block is cut short, too large, too slow, or out of order",
    "FIELD_MISSING": "a field that must be there is missing, such as MSH-9 or MSH-10",
    "DATA_TYPE_ERROR": "a field cannot be read as what it should be",
    "UNSUPPORTED_TYPE": "a message type that cannot be taken",
    "UNSUPPORTED_PROCESSING_ID": "MSH-11 is not one of `processing_ids`",
    "UNSUPPORTED_VERSION": "MSH-12 is not one of `versions`",
    "DUPLICATE_KEY": "MSH-10 was used before for other bytes",
    "INTERNAL_ERROR": "nothing was stored: send it again",
}
CASES = {
    "mapping": "a message or event lacks what the next step needs; `field` names the place",
    "delivery": "a delivery failed for good, attempts ran out, a handler has a bug, or a sender used an id again for other content",
    "rejected-posting": "the target refused this data",
    "ambiguous-outcome": "it was sent and nothing tells whether it happened",
}


def errors_page() -> str:
    """docs/reference/errors.md"""
    tree = [(f"{'&emsp;' * depth}`{one.__name__}`", _kind(one), _doc(one)) for one, depth in error_tree()]
    cases = [(f"[`{name}`](../operations/runbook.md#case-{name})", meaning) for name, meaning in CASES.items()]
    problems = [(code(f"urn:careloom:problem:{kind}"), str(status), detail) for kind, status, detail in problem_types()]
    codes = [(str(number), HL7_CODES[name]) for name, number in hl7_codes().items()]
    return page(
        "Errors",
        _INTRO,
        "## The error tree",
        _KINDS,
        table(("error", "kind", "meaning"), tree),
        "## Kinds of cases",
        table(("kind", "opened when"), cases),
        "## Problems of the HTTP API",
        "Each is `application/problem+json` (RFC 9457). `location` names the place in the message where there is one.",
        table(("type", "status", "detail"), problems),
        "An error of the framework is named by its status: `not-found`, `method-not-allowed`.",
        "## Codes in HL7 acknowledgements",
        "In ERR-3 (ERR-1 before v2.5) of a negative acknowledgement: HL7 v2.5.1 table 0357. Which answer goes with which is in"
        " [the README of MLLP](../../src/careloom/systems/mllp/README.md).",
        table(("code", "sent when"), codes),
    )


def error_tree() -> Iterator[tuple[type[CareloomError], int]]:
    """Every error of the product with its depth, each once, children below their parent."""
    for module in pkgutil.walk_packages(careloom.__path__, "careloom."):
        if module.name.split(".")[1] not in (*_TESTED_ONLY, "__main__"):
            importlib.import_module(module.name)
    seen: set[type] = set()
    yield from _below(CareloomError, 0, seen)


def _below(error: type[CareloomError], depth: int, seen: set[type]) -> Iterator[tuple[type[CareloomError], int]]:
    if error in seen:
        return
    seen.add(error)
    yield error, depth
    children = [one for one in error.__subclasses__() if one.__module__.split(".")[1] not in _TESTED_ONLY]
    # Definition order in the tree itself, then by name: import order must not decide.
    for child in sorted(children, key=lambda one: (one.__module__ != "careloom.core.errors", _line(one), one.__name__)):
        # A connector's own copy of an error is listed under that error, not under its mix-in.
        if not (error.__name__ == "OdooFault" and len(child.__bases__) > 1):
            yield from _below(child, depth + 1, seen)


def case_kinds() -> set[str]:
    """The kinds of cases that the code opens, wherever it does."""
    return {kind for tree in _trees(SOURCE) for kind in _cases_in(tree)}


def _cases_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "case":
            yield from (one.value for one in ast.walk(node) if _is_text(one) and one is not _doc_of(node))  # type: ignore[attr-defined]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("NewCase", "Park"):
            yield from (k.value.value for k in node.keywords if k.arg in ("case", _kind_of(node)) and _is_text(k.value))  # type: ignore[attr-defined]


def _kind_of(call: ast.Call) -> str:
    return "kind" if getattr(call.func, "id", "") == "NewCase" else "case"


def _doc_of(node: ast.FunctionDef) -> ast.expr | None:
    first = node.body[0]
    return first.value if isinstance(first, ast.Expr) else None


def problem_types() -> list[tuple[str, int, str]]:
    """Each `ProblemError` of the gateway: its kind, status and detail."""
    found = {}
    for tree in _trees(SOURCE / "gateway"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ProblemError" and _is_text(node.args[1]):
                status, kind = (ast.literal_eval(argument) for argument in node.args[:2])
                found[kind] = (kind, int(status), _detail(node.args[2], int(status)))
    return sorted(found.values(), key=lambda one: (one[1], one[0]))


def _detail(node: ast.expr, status: int) -> str:
    if _is_text(node):
        return str(ast.literal_eval(node))
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
    return _DETAILS.get(status, HTTPStatus(status).phrase)


# Where the detail is computed.
_DETAILS = {409: "this key was used before for another message; send it under a new one", 422: "what is wrong with the message"}


def hl7_codes() -> dict[str, int]:
    """The codes of table 0357 that acknowledgements carry, by their names in the code."""
    names = [name for name, value in vars(recognise).items() if name.isupper() and isinstance(value, int)]
    return {name: vars(recognise)[name] for name in names if 100 <= vars(recognise)[name] < 300}


def _trees(folder: object) -> Iterator[ast.AST]:
    for path in sorted(folder.rglob("*.py")):  # type: ignore[attr-defined]
        if path.relative_to(SOURCE).parts[0] not in _TESTED_ONLY:
            yield ast.parse(path.read_text("utf-8"))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _line(error: type) -> int:
    source = (SOURCE.parent / (error.__module__.replace(".", "/") + ".py")).read_text("utf-8")
    return next(n for n, line in enumerate(source.splitlines()) if line.startswith(f"class {error.__name__}("))


def _kind(error: type[CareloomError]) -> str:
    return error.kind.value


def _doc(error: type[CareloomError]) -> str:
    own = error.__dict__.get("__doc__")
    if own:
        return prose(own).split("\n\n")[0]
    return f"the same, told by {error.__module__.split('.')[2].capitalize()}"
