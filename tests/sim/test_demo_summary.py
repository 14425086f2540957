"""The end of the demo: what it says, and that it notices when something is not as it must be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from careloom.sim.morning import Morning, morning
from careloom.sim.playing import Tally
from careloom.sim.stories import TAKEN, Fate
from careloom.sim.summary import Report, go_on, show


@pytest.fixture(scope="module")
def script() -> Morning:
    return morning(30, 19)


@pytest.fixture
def report(script: Morning) -> Report:
    """A run without a fault."""
    fates = script.fates()
    received = sum(fates[fate] for fate in TAKEN) + script.asked()
    numbers = {str(fate): fates[fate] for fate in TAKEN}
    numbers[str(Fate.DELIVERED)] += script.asked()
    refused = fates[Fate.REFUSED] + fates[Fate.CONFLICTING]
    return Report(
        morning=script,
        tally=Tally(
            sent=len(script.messages),
            acknowledged=received - script.asked() + fates[Fate.REPEATED],
            refused=refused,
            during_outage=5,
        ),
        repeated=fates[Fate.REPEATED],
        conflicting=fates[Fate.CONFLICTING],
        numbers={**numbers, "received": received, "in_flight": 0, "refused": fates[Fate.REFUSED], "holds": True},
        refusals=Counter({"MSH-10: the control id is missing": 1, "line 1: no MSH segment opens the message": 3}),
        filtered=[{"subscription": "translate", "reason": "no [mapping] for it", "messages": 2}],
        parked=[
            {"type": "hl7v2:ADT^A04", "field": "PID-7", "reason": "PID-7: no date", "behind": 1},
            {"type": "hl7v2:ADT^A04", "field": None, "reason": "who knows", "behind": fates[Fate.PARKED] - 3},
        ],
        differences=[],
    )


def _numbers(report: Report, **changes: Any) -> Report:
    return replace(report, numbers={**report.numbers, **changes})


def _printed(report: Report, config: Path | None = None) -> str:
    console = Console(file=StringIO(), width=80, highlight=False)
    show(report, console)
    if config is not None:
        go_on(report.morning.star, console, config)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_good_run_has_no_problems(report: Report) -> None:
    assert report.problems() == []


def test_the_equation_stands_first_and_every_reason_follows(report: Report) -> None:
    text = _printed(report)
    numbers = report.numbers
    assert (
        f"received {numbers['received']} = delivered {numbers['delivered']} + filtered {numbers['filtered']}"
        f" + parked {numbers['parked']} + in flight 0"
    ) in text.splitlines()
    lines = [one.strip() for one in text.splitlines()]
    assert lines.index("3 x line 1: no MSH segment opens the message") < lines.index(
        "1 x MSH-10: the control id is missing"
    )
    assert "2 x no [mapping] for it" in lines
    assert "ADT^A04 PID-7: no date; 1 behind it" in lines
    assert "acknowledged while Odoo was down: 5" in lines
    assert "wrong" not in text and "--config" not in text


def test_filtered_messages_without_a_delivery_are_told_as_the_rest(report: Report) -> None:
    rest = report.numbers["filtered"] - 2
    assert f"{rest} x visits ended or called off, which no subscription asks for" in _printed(report)
    explained = replace(report, filtered=[{"reason": "known", "messages": report.numbers["filtered"]}])
    assert "no subscription asks for" not in _printed(explained)


def test_it_ends_with_the_commands_to_go_on(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["careloom"])
    monkeypatch.delenv("CARELOOM_DATABASE_URL", raising=False)
    last = _printed(report, Path("/a very long way to/" + "x" * 60 + "/careloom.toml")).splitlines()[-4:]
    config = f"'/a very long way to/{'x' * 60}/careloom.toml'"
    assert [one.strip() for one in last] == [
        f"careloom trace {report.morning.star} --config {config}",
        f"careloom parked list --config {config}",
        f"careloom case list --config {config}",
        f"careloom workflow list --unfinished --config {config}",
    ]


def test_numbers_that_do_not_add_up_are_shown_and_told(report: Report) -> None:
    broken = _numbers(report, received=report.numbers["received"] + 1, holds=False)
    assert "≠" in _printed(broken)
    assert "the four numbers do not add up to what was received" in broken.problems()


@pytest.mark.parametrize("name", ["received", "delivered", "filtered", "parked", "in_flight", "refused"])
def test_a_number_that_the_morning_does_not_have_is_told(report: Report, name: str) -> None:
    problems = _numbers(report, **{name: report.numbers[name] + 1}).problems()
    assert any(problem.endswith(f"{report.numbers[name] + 1} were counted") for problem in problems)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"repeated": 99}, "repeats"),
        ({"conflicting": 99}, "other content"),
        ({"differences": ["res.partner/7: phone is wrong"]}, "phone is wrong"),
        ({"parked": []}, "parked with a reason"),
    ],
)
def test_whatever_else_is_wrong_is_told(report: Report, change: dict[str, Any], told: str) -> None:
    broken = replace(report, **change)
    assert any(told in problem for problem in broken.problems())
    assert "wrong:" in _printed(broken)


@pytest.mark.parametrize("name", ["sent", "acknowledged", "refused"])
def test_what_the_ehr_counts_must_agree(report: Report, name: str) -> None:
    tally = replace(report.tally, **{name: getattr(report.tally, name) - 1})
    assert len(replace(report, tally=tally).problems()) == 1


def test_an_outage_in_which_nothing_was_acknowledged_shows_nothing(report: Report) -> None:
    idle = replace(report, tally=replace(report.tally, during_outage=0))
    assert idle.problems() == ["nothing was acknowledged while Odoo was down"]


def test_many_problems_are_counted_and_not_all_listed(report: Report) -> None:
    broken = replace(report, differences=[f"res.partner/{number}: name is wrong" for number in range(50)])
    text = _printed(broken)
    assert text.count("wrong: ") == 10
    assert "and 40 more" in text
    assert "accounts that it must" not in text
