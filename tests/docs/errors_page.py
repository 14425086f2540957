"""Every error that a person or a program may meet: the tree, cases, problems of the HTTP API, codes of HL7."""

from __future__ import annotations

from tests.docs.markdown import code, page, prose, table
from tests.docs.source import error_tree, hl7_codes, problem_types

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
CASES = {
    "mapping": "a message or event lacks what the next step needs; `field` names the place",
    "delivery": "a delivery failed for good, attempts ran out, a handler has a bug, or a sender used an id again",
    "rejected-posting": "the target refused this data",
    "ambiguous-outcome": "it was sent and nothing tells whether it happened",
    "unroutable": "no rule of a routing table fits an event",
    "unanswered": "an answer that had to come did not come in time, or came with another amount",
    "file-refused": "a file was put aside: something in it cannot be read, or is other content under a known id",
    "file-unfinished": "a file has been written for very long, or is empty",
    "transmission-refused": "the other side refused a group or an interchange of X12 that we sent",
    "statement-gap": "a bank statement does not open with what the one before closed with",
    "record-refused": "a record of a broker was put aside: it cannot be read, or is other content under a known id",
    "stream-gap": "a broker no longer has records that were not read yet, or a stream was made anew",
    "list-failing": "a list of a REST API cannot be read",
    "list-conflict": "an item of a list came with other content under a version that was taken before",
    "webhook-missed": "a sender's list has events that its webhook did not bring",
    "sequence-gap": "numbers are missing in a sender's list of events",
    "endpoint-disabled": "an endpoint of outgoing webhooks only failed, or is gone: nothing more is sent to it",
    "subscription-gap": "notifications of a FHIR subscription did not come",
    "key-expiry": "the API key of an Odoo ends in 30, 7 or 1 days",
    "feed-restored": "an Odoo that is followed is another database, or went back to a backup",
    "feed-unreadable": "a model of Odoo that is followed cannot be read",
    "fhir-search": "resources that a search of a FHIR server gave could not be taken",
}


def errors_page() -> str:
    """docs/reference/errors.md"""
    tree = [(f"{'&emsp;' * depth}{name_of(one)}", one.kind.value, meaning(one)) for one, depth in error_tree()]
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


def name_of(error: type[CareloomError]) -> str:
    """Its name; several kinds of systems have an error of one name, so theirs is added."""
    package, _, kind = error.__module__.removeprefix("careloom.").partition(".")
    same = sum(one.__name__ == error.__name__ for one, _ in error_tree())
    return (
        f"`{error.__name__}` of {kind.partition('.')[0]}"
        if package == "systems" and same > 1
        else f"`{error.__name__}`"
    )
