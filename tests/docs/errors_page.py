"""Every error that a person or a program may meet: the tree, cases, problems of the HTTP API, codes of HL7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tests.docs.markdown import code, page, prose, table
from tests.docs.source import declared_kinds, error_tree, hl7_codes, problem_types

from careloom.core.errors import CareloomError

_INTRO = """\
An error says what happened, to what, and what to do. It never quotes personal data: it names the place (`PID-5.1`),
not the value. What a person does about each is in the [runbook](../operations/runbook.md)."""
_KINDS = """\
A *transient* error is tried again by policy, an *ambiguous* one is never sent again blindly, a *permanent* one waits
for a person. See [parking and retries](../explanation/parking-and-retries.md)."""
_PROBLEMS = """\
Each is `application/problem+json` (RFC 9457). `location` names the place in the message where there is one. An error
of the framework is named by its status: `not-found`, `method-not-allowed`."""
_CODES = """\
In the ERR segment of a negative acknowledgement: HL7 v2.5.1 table 0357. Which answer goes with which is in
[the README of MLLP](../../src/careloom/systems/mllp/README.md)."""
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
CASES = declared_kinds()


def errors_page() -> str:
    """docs/reference/errors.md"""
    errors = list(error_tree())
    names = Counter(one.__name__ for one, _ in errors)
    tree = [(f"{'&emsp;' * depth}{name_of(one, names)}", one.kind.value, meaning(one)) for one, depth in errors]
    cases = [(f"[`{name}`](../operations/runbook.md#case-{name})", opened) for name, opened in CASES.items()]
    problems = [(code(f"urn:careloom:problem:{kind}"), str(status), detail) for kind, status, detail in problem_types()]
    codes = [(str(number), HL7_CODES[name]) for name, number in hl7_codes().items()]
    return page(
        "Errors",
        _INTRO,
        f"## The error tree\n\n{_KINDS}",
        table(("error", "kind", "meaning"), tree),
        "## Kinds of cases",
        table(("kind", "opened when"), cases),
        f"## Problems of the HTTP API\n\n{_PROBLEMS}",
        table(("type", "status", "detail"), problems),
        f"## Codes in HL7 acknowledgements\n\n{_CODES}",
        table(("code", "sent when"), codes),
    )


def meaning(error: type[CareloomError]) -> str:
    """The first paragraph of its own docstring; a connector's copy of an error means what its parent means."""
    own = error.__dict__.get("__doc__")
    return prose(own).split("\n\n")[0] if own else f"the same, told by {error.__module__.split('.')[2].capitalize()}"


def name_of(error: type[CareloomError], names: Mapping[str, int]) -> str:
    """Its name; several kinds of systems have an error of one name, so theirs is added. `names` counts them."""
    package, _, kind = error.__module__.removeprefix("careloom.").partition(".")
    return (
        f"`{error.__name__}` of {kind.partition('.')[0]}"
        if package == "systems" and names[error.__name__] > 1
        else f"`{error.__name__}`"
    )
