"""The end of the day: what it says, and that it notices whatever is not as the script has it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from careloom.core.envelope import Position
from careloom.log.verification import Verdict
from careloom.sim import expected
from careloom.sim.cast import cast
from careloom.sim.evening import Evening, show
from careloom.sim.morning import morning
from careloom.sim.stories import Fate

MORNING = morning(30, 19)
CAST = cast(19, datetime(2026, 5, 4, tzinfo=UTC))


def _case(kind: str, **changes: Any) -> dict[str, Any]:
    made = {"kind": kind, "owner": "patient-access", "state": "open", "reason": "it lacks something"}
    return {**made, "age_seconds": 61.2, "due": "2026-05-05T09:30:00+00:00", **changes}


def _cases() -> list[dict[str, Any]]:
    done = {"state": "resolved", "resolved": "2026-05-04T10:00:00+00:00", "resolution": "supplied"}
    left = expected.left_open(CAST) + Counter(mapping=2, delivery=MORNING.fates()[Fate.CONFLICTING])
    return [
        *(_case(kind) for kind in left.elements()),
        *(_case(kind, **done, resolved_by="Anneke Thistle") for kind in expected.resolved(CAST).elements()),
    ]


def _runs() -> list[dict[str, str]]:
    must = expected.runs(CAST)
    must["intake.admit"] = must["intake.admit"] + MORNING.intakes()
    return [{"workflow": name, "state": state} for name, one in must.items() for state in one.elements()]


@pytest.fixture
def evening() -> Evening:
    """A day without a fault."""
    return Evening(
        morning=MORNING,
        cast=CAST,
        numbers={"holds": True, "in_flight": 0, "parked": MORNING.fates()[Fate.PARKED]},
        runs=_runs(),
        waits=Counter({"intake.admit waits for intake.decided": 1}),
        cases=_cases(),
        surprises=[],
        differences=[],
        verdict=Verdict(1_234),
        seconds=42.14,
    )


def _printed(evening: Evening) -> str:
    console = Console(file=StringIO(), width=200, highlight=False)
    show(evening, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_good_day_says_how_everything_came_out(evening: Evening) -> None:
    text = _printed(evening)
    assert (evening.problems(), "wrong" in text) == ([], False)
    owed, paid = expected.billed(CAST), expected.paid(CAST)
    assert f"invoices {owed} - payments {paid} = receivable {owed - paid}" in text
    assert "S-VALVE-26: 4, reserved 4" in text
    assert "1 x intake.admit waits for intake.decided" in text
    assert "2 x missing-payer-data: supplied by Anneke Thistle" in text
    assert "authorization-denied (patient-access): it lacks something; 61 s old, due 2026-05-05 09:30" in text
    assert "every hash chain holds: 1234 entries; took 42.1 s" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"differences": ["account 121000: the script has 5, and Odoo 4"]}, "account 121000"),
        ({"surprises": ["one person could approve a requisition twice"]}, "approve a requisition twice"),
        ({"numbers": {"holds": False, "in_flight": 0, "parked": 3}}, "do not add up"),
        ({"numbers": {"holds": True, "in_flight": 2, "parked": 3}}, "in flight: the day has 0, and 2"),
        ({"runs": _runs()[1:]}, "runs of intake.admit that are completed"),
        ({"runs": [*_runs(), {"workflow": "intake.admit", "state": "suspended"}]}, "that are suspended: the day has 0"),
        ({"cases": _cases()[1:]}, "open exceptions authorization-denied: the day has 1, and 0"),
        ({"cases": [*_cases(), _case("run-failed")]}, "open exceptions run-failed: the day has 0, and 1"),
        ({"cases": _cases()[:-1]}, "resolved exceptions"),
        ({"verdict": Verdict(7, Position(3, 8), "the entry was altered")}, "broken at 3:8: the entry was altered"),
    ],
)
def test_whatever_is_wrong_is_told(evening: Evening, change: dict[str, Any], told: str) -> None:
    broken = replace(evening, **change)
    assert any(told in problem for problem in broken.problems())
    assert "wrong:" in _printed(broken)


def test_books_that_differ_are_not_called_balanced(evening: Evening) -> None:
    assert "balanced" not in _printed(replace(evening, differences=["in stock of RG-220: 1, not 2"]))
