"""What the demo says at its end, and whether all of it is as it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from careloom.sim.morning import Morning
from careloom.sim.playing import Tally
from careloom.sim.stage import command
from careloom.sim.stories import TAKEN, Fate

_SHOWN = 10
_UNWANTED = "visits ended or called off, which no subscription asks for"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found when nothing was in flight any more. `differences` are those between Odoo and the morning."""

    morning: Morning
    tally: Tally
    repeated: int
    conflicting: int
    numbers: Mapping[str, Any]
    refusals: Counter[str]
    filtered: Sequence[Mapping[str, Any]]
    parked: Sequence[Mapping[str, Any]]
    differences: Sequence[str]

    def problems(self) -> list[str]:
        """Everything that is not as the morning says it must be; empty when the demo has shown what it promises."""
        found = [*self.tally.surprises, *self.differences]
        if not self.numbers["holds"]:
            found.append("the four numbers do not add up to what was received")
        for name, wanted, seen in self._counts():
            if wanted != seen:
                found.append(f"{name}: the morning has {wanted}, and {seen} were counted")
        if not self.tally.during_outage:
            found.append("nothing was acknowledged while Odoo was down")
        return found

    def _counts(self) -> Iterator[tuple[str, int, int]]:
        fates, numbers = self.morning.fates(), self.numbers
        answers = {Fate.DELIVERED: self.morning.asked()}  # the insurer's, one for each visit
        yield "received", sum(fates[fate] for fate in TAKEN) + self.morning.asked(), numbers["received"]
        for fate in sorted(TAKEN):
            yield fate, fates[fate] + answers.get(fate, 0), numbers[fate]
        yield "parked with a reason", numbers["parked"], sum(1 + row["behind"] for row in self.parked)
        yield "in flight", 0, numbers["in_flight"]
        yield "refused at the door", fates[Fate.REFUSED], numbers["refused"]
        yield "repeats", fates[Fate.REPEATED], self.repeated
        yield "other content under an old control id", fates[Fate.CONFLICTING], self.conflicting
        taken = numbers["received"] - self.morning.asked()
        yield "acknowledged", taken + self.repeated, self.tally.acknowledged
        yield "refused in all", fates[Fate.REFUSED] + fates[Fate.CONFLICTING], self.tally.refused
        yield "sent", len(self.morning.messages), self.tally.sent


def show(report: Report, console: Console) -> None:
    """Print it."""
    numbers = report.numbers
    console.rule("[bold]the morning is over[/]", align="left")
    console.print(_equation(numbers), style="bold")
    console.print(f"acknowledged while Odoo was down: {report.tally.during_outage}")
    console.print(f"repeats that got their first acknowledgement again: {report.repeated}")
    console.print(f"refused, other content under an old control id: {report.conflicting}")
    _list(console, f"refused at the door: {numbers['refused']}", _counted(report.refusals))
    _list(console, f"filtered: {numbers['filtered']}", _counted(_filtered(report)))
    _list(console, f"parked for a person: {numbers['parked']}", _parked(report.parked))
    _verdict(report, console)


def _equation(numbers: Mapping[str, Any]) -> str:
    sign = "=" if numbers["holds"] else "≠"
    parts = (f"{name.replace('_', ' ')} {numbers[name]}" for name in ("delivered", "filtered", "parked", "in_flight"))
    return f"received {numbers['received']} {sign} {' + '.join(parts)}"


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(title)
    for one in lines:
        console.print(f"  {one}", markup=False)


def _counted(reasons: Mapping[str, int]) -> list[str]:
    return [f"{count} x {reason}" for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))]


def _filtered(report: Report) -> Counter[str]:
    reasons = Counter({str(row["reason"]): int(row["messages"]) for row in report.filtered})
    # What became events that no subscription asks for leaves no delivery that could give a reason.
    reasons[_UNWANTED] += max(0, report.numbers["filtered"] - reasons.total())
    return +reasons


def _parked(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = []
    for row in rows:
        field = row["field"] or ""
        reason = str(row["reason"]).removeprefix(f"{field}: ")
        behind = f"; {row['behind']} behind it" if row["behind"] else ""
        found.append(f"{row['type'].rpartition(':')[2]} {field}: {reason}{behind}")
    return found


def _verdict(report: Report, console: Console) -> None:
    accounts = report.morning.expected()
    archived = sum(not account.active for account in accounts.values())
    if not report.differences:
        console.print(f"Odoo holds the {len(accounts)} patient accounts that it must, {archived} of them archived")
    wrong(report.problems(), console)


def wrong(problems: Sequence[str], console: Console) -> None:
    """What is not as it must be."""
    for problem in problems[:_SHOWN]:
        console.print(f"[bold red]wrong:[/] {escape(problem)}")
    if len(problems) > _SHOWN:
        console.print(f"[bold red]and {len(problems) - _SHOWN} more[/]")


def go_on(star: str, console: Console, config: Path) -> None:
    """How to look around."""
    console.print("\nfollow one invented patient, and see what waits for a person:")
    for words in (("trace", star), ("parked", "list"), ("case", "list"), ("workflow", "list", "--unfinished")):
        text = Text(f"  {command(*words, '--config', config)}", style="cyan")
        console.print(text, soft_wrap=True)
