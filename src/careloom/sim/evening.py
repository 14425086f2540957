"""What the demo says when the day is over: books, stock, runs, exceptions, and whether all is as it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from careloom.hub.node import Node
from careloom.log.conservation import conservation
from careloom.log.verification import Verdict, verify
from careloom.sim import expected
from careloom.sim.books import wrong_books
from careloom.sim.cast import Cast
from careloom.sim.comparison import differences
from careloom.sim.morning import Account, Morning
from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.staff import Staff
from careloom.sim.stories import Fate
from careloom.sim.summary import wrong

_INTAKE = "intake.admit"
_ENDED = ("resolved", "waived")


@dataclass(frozen=True, slots=True)
class Evening:
    """What was found when the day had come to rest. `waits` says what the open runs wait for, `surprises` what was not
    as it had to be on the way, `differences` those between the books and the script."""

    morning: Morning
    cast: Cast
    numbers: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]
    waits: Counter[str]
    cases: Sequence[Mapping[str, Any]]
    surprises: Sequence[str]
    differences: Sequence[str]
    verdict: Verdict
    seconds: float

    def problems(self) -> list[str]:
        """Everything that is not as the script says it must be."""
        found = [*self.surprises, *self.differences]
        if not self.numbers["holds"]:
            found.append("the four numbers do not add up to what was received")
        for name, must, is_ in self._counts():
            if must != is_:
                found.append(f"{name}: the day has {must}, and {is_} were counted")
        if self.verdict.broken_at is not None:
            found.append(f"the hash chain is broken at {self.verdict.broken_at}: {self.verdict.problem}")
        return found

    def open(self) -> list[Mapping[str, Any]]:
        """The exceptions that nobody has resolved, the most urgent first."""
        return [one for one in self.cases if not one.get("resolved")]

    def _counts(self) -> Iterator[tuple[str, int, int]]:
        yield "in flight", 0, self.numbers["in_flight"]
        yield "parked", self.morning.fates()[Fate.PARKED], self.numbers["parked"]
        yield from self._run_counts()
        yield from self._case_counts()

    def _run_counts(self) -> Iterator[tuple[str, int, int]]:
        must = expected.runs(self.cast)
        must[_INTAKE] = must[_INTAKE] + self.morning.intakes()
        seen = Counter((str(one["workflow"]), str(one["state"])) for one in self.runs)
        wanted = Counter({(name, state): many for name, states in must.items() for state, many in states.items()})
        for name, state in sorted({*wanted, *seen}):
            yield f"runs of {name} that are {state}", wanted[name, state], seen[name, state]

    def _case_counts(self) -> Iterator[tuple[str, int, int]]:
        seen = Counter(str(one["kind"]) for one in self.open())
        wanted = expected.left_open(self.cast) + _of_the_morning(self.morning)
        for kind in sorted({*wanted, *seen}):
            yield f"open exceptions {kind}", wanted[kind], seen[kind]
        done = Counter(str(one["kind"]) for one in self.cases if one["state"] in _ENDED)
        must = expected.resolved(self.cast)
        for kind in sorted({*must, *done}):
            yield f"resolved exceptions {kind}", must[kind], done[kind]


async def evening_of(
    morning: Morning,
    cast: Cast,
    odoo: SimulatedOdoo,
    node: Node,
    staff: Staff,
    surprises: Sequence[str],
    seconds: float,
) -> Evening:
    """Look at everything once the day has come to rest."""
    accounts = {**morning.expected(), **{one.mrn: Account(one, active=True) for one in cast.everybody}}
    runs = await staff.runs()
    ended = [one for state in _ENDED for one in await staff.cases(state=state)]
    return Evening(
        morning=morning,
        cast=cast,
        numbers=(await conservation(node.store.database)).as_dict(),
        runs=runs,
        waits=await _waits(staff, runs),
        cases=[*await staff.cases(), *ended],
        surprises=surprises,
        differences=[*differences(accounts, odoo), *wrong_books(cast, morning.visits, odoo)],
        verdict=await verify(node.store.database),
        seconds=seconds,
    )


async def _waits(staff: Staff, runs: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """What each run that is not over waits for."""
    found: Counter[str] = Counter()
    for run in runs:
        if not run.get("ended"):
            story = await staff.story(str(run["id"]))
            waits = sorted({str(one.get("name") or one["sort"]) for one in story["waits"] if not one.get("answered")})
            found[f"{run['workflow']} waits for {', '.join(waits) or 'nothing'}"] += 1
    return found


def _of_the_morning(morning: Morning) -> Counter[str]:
    """Messages that cannot be mapped, one case for each patient, and control ids that were used twice."""
    fates = morning.fates()
    parked = Counter(one.sent.what for one in morning.messages if one.sent.fate is Fate.PARKED)
    return Counter({"mapping": parked["ADT^A04"], "delivery": fates[Fate.CONFLICTING]})


def show(evening: Evening, console: Console) -> None:
    """Print it."""
    console.rule("[bold]the day is over[/]", align="left")
    if not evening.differences:
        _books(evening.cast, console)
    states = Counter(str(one["state"]) for one in evening.runs)
    console.print(
        f"{len(evening.runs)} runs: " + ", ".join(f"{many} {state}" for state, many in sorted(states.items()))
    )
    for what, many in sorted(evening.waits.items()):
        console.print(f"  {many} x {what}", markup=False)
    ended = [one for one in evening.cases if one.get("resolved")]
    console.print(f"exceptions resolved: {len(ended)}")
    for line, many in sorted(Counter(_ending(one) for one in ended).items()):
        console.print(f"  {many} x {line}", markup=False)
    console.print(f"exceptions left open: {len(evening.open())}")
    for one in evening.open():
        console.print(f"  {_left(one)}", markup=False)
    if evening.verdict.broken_at is None:
        console.print(f"every hash chain holds: {evening.verdict.entries} entries; took {evening.seconds:.1f} s")
    wrong(evening.problems(), console)


def _books(cast: Cast, console: Console) -> None:
    owed, paid, bought = expected.billed(cast), expected.paid(cast), expected.bought(cast)
    console.print(f"the ledger is balanced: invoices {owed} - payments {paid} = receivable {owed - paid}")
    console.print(f"  bought for {bought}, billed, and paid; nothing is owed to the supplier")
    there, held = expected.stock(cast), expected.reserved(cast)
    console.print("the stock is balanced: opening + received - used up, and what of it is reserved")
    for product, quantity in there.items():
        console.print(f"  {product}: {quantity}, reserved {held.get(product, 0)}")


def _ending(case: Mapping[str, Any]) -> str:
    by = case.get("resolved_by") or "itself"
    return f"{case['kind']}: {case.get('resolution') or case['state']} by {by}"


def _left(case: Mapping[str, Any]) -> str:
    due = str(case["due"])[:16].replace("T", " ")
    return f"{case['kind']} ({case['owner']}): {case['reason']}; {case['age_seconds']:.0f} s old, due {due}"
