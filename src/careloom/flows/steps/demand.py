"""What a plan lacks is asked of purchasing by a requisition, which is changed and cancelled with the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from careloom.flows.steps.supplies import Reserved, Short
from careloom.model import Identifier, Quantity, SupplyRequest, SupplyRequested, SupplyRequestLine
from careloom.workflow.run import Run


@dataclass
class Demand:
    """The requisition of one plan, by its number. `open` is what purchasing was last told to get, and by when."""

    number: str
    trigger: str
    open: tuple[tuple[Short, ...], str | None] | None = None
    short: bool = False

    def begin(self) -> None:
        """A plan is made, or made anew: nothing is known to be short in it."""
        self.short = False

    async def ask(self, run: Run, short: Sequence[Short], when: datetime | None) -> None:
        """Have these by then: told once, and again when it changes."""
        self.short = True
        wanted = (tuple(short), when.date().isoformat() if when else None)
        if wanted != self.open:
            await run.emit(self._event(wanted, "change" if self.open else "original"))
            self.open = wanted

    async def settle(self, run: Run, made: Sequence[Reserved]) -> None:
        """The plan stands: what was asked for came, or is met otherwise and nobody needs to buy it."""
        if self.short and len(made) == 1 and not made[0].missing:
            self.open = None  # it was short, and the goods came
        await self.drop(run)

    async def drop(self, run: Run) -> None:
        """Nobody needs it any more."""
        if self.open is not None:
            await run.emit(self._event(self.open, "cancellation"))
            self.open = None

    def _event(
        self,
        wanted: tuple[tuple[Short, ...], str | None],
        purpose: Literal["original", "change", "cancellation"],
    ) -> SupplyRequested:
        lines, requested = wanted
        return SupplyRequested(
            trigger=self.trigger,
            requisition=SupplyRequest(
                identifier=(Identifier(value=self.number, assigner="CARELOOM"),),
                kind="requisition",
                status="cancelled" if purpose == "cancellation" else "active",
                purpose=purpose,
                requested=requested,
                line=tuple(
                    SupplyRequestLine(
                        identifier=str(place),
                        item=(Identifier(value=one.product, type="SKU"),),
                        quantity=Quantity(value=one.quantity),
                        requested=requested,
                    )
                    for place, one in enumerate(lines, 1)
                ),
            ),
        )
