"""The live screen of the demo: counts and states, never a person. Plain lines where there is no terminal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

EVENTS_SHOWN = 6
_PLAIN_SECONDS = 2.0
_FOUR = ("received", "delivered", "filtered", "parked", "in_flight")


@dataclass(frozen=True, slots=True)
class Scene:
    """One look at the demo. `status` is that of the hub's status board, `seconds` how long the demo has run."""

    time: datetime
    seconds: float
    sent: int
    acknowledged: int
    refused: int
    total: int
    status: Mapping[str, Any]
    odoo_up: bool
    accounts: int
    events: Sequence[str] = ()

    @property
    def breaker(self) -> str:
        """Where the hub's circuit breaker for Odoo stands."""
        return str(self.status.get("systems", {}).get("erp", {}).get("state", "closed"))

    @property
    def numbers(self) -> Mapping[str, Any]:
        """The four numbers and what they must add up to."""
        return self.status.get("messages") or dict.fromkeys(_FOUR, 0)


@dataclass(slots=True)
class Events:
    """What has happened last, each with the hospital's time of day."""

    now: Callable[[], datetime]
    last: deque[str] = field(default_factory=lambda: deque(maxlen=EVENTS_SHOWN))

    def tell(self, text: str) -> None:
        """One more."""
        self.last.append(f"{self.now():%H:%M} {text}")


def picture(scene: Scene) -> RenderableType:
    """The scene, within 80 columns."""
    ehr = f"sent {scene.sent} of {scene.total}, acknowledged {scene.acknowledged}, refused {scene.refused}"
    up = "[green]up[/]" if scene.odoo_up else "[bold red]down[/]"
    facts = Table.grid(padding=(0, 2))
    facts.add_row("[bold]EHR[/]", ehr)
    facts.add_row("[bold]Hub[/]", _equation(scene.numbers))
    facts.add_row("[bold]Odoo[/]", f"{up}, {scene.accounts} patient accounts; the hub's breaker is {scene.breaker}")
    title = Text(f"Careloom demo: a hospital morning, {scene.time:%H:%M}  ({scene.seconds:.0f} s)", "bold")
    events = Text("\n".join(scene.events), "dim", no_wrap=True, overflow="ellipsis")
    return Group(title, "", facts, "", _lag(scene.status.get("subscriptions", ())), "", events)


def line(scene: Scene) -> str:
    """The scene in one line."""
    numbers = scene.numbers
    return (
        f"{scene.time:%H:%M} sent {scene.sent}, received {numbers['received']}, delivered {numbers['delivered']},"
        f" in flight {numbers['in_flight']}, Odoo {'up' if scene.odoo_up else 'DOWN'}, breaker {scene.breaker}"
    )


@contextmanager
def screen(console: Console) -> Iterator[Callable[[Scene], None]]:
    """What shows scenes until the block ends; the last one stays on a terminal."""
    if not console.is_terminal:
        yield _Lines(console).show
        return
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield lambda scene: live.update(picture(scene), refresh=True)


class _Lines:
    """Prints now and then, and whatever happens at once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._at = float("-inf")
        self._told: Sequence[str] = ()

    def show(self, scene: Scene) -> None:
        for event in scene.events:
            if event not in self._told:
                self._console.print(f"  {event}", markup=False, soft_wrap=True)
        self._told = tuple(scene.events)
        if scene.seconds - self._at >= _PLAIN_SECONDS:
            self._at = scene.seconds
            self._console.print(line(scene), markup=False, soft_wrap=True)


def _equation(numbers: Mapping[str, Any]) -> str:
    received, *rest = (f"{name.replace('_', ' ')} [bold]{numbers[name]}[/]" for name in _FOUR)
    return f"{received} = {' + '.join(rest)}"


def _lag(subscriptions: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("subscription", no_wrap=True)
    for name in ("behind", "oldest", "retrying", "held back"):
        table.add_column(name, justify="right")
    for one in subscriptions:
        oldest = f"{one['oldest_seconds']:.1f} s"
        table.add_row(one["name"], str(one["behind"]), oldest, str(one["retrying"]), str(one["parked"]))
    return table
