"""A simulated supplier: it reads the orders that it is sent (X12 850), promises, ships and bills (855, 856, 810)."""

from __future__ import annotations

from pathlib import Path

from careloom.model import PurchaseOrderPlaced
from careloom.systems.trading_partner.fake import FakePartner, understood


class SimulatedSupplier:
    """Its folders are below `folder`. `orders` are those that it has read."""

    def __init__(self, folder: Path) -> None:
        self._partner = FakePartner(folder)
        self.orders: list[PurchaseOrderPlaced] = []
        self._read: set[Path] = set()

    def look(self) -> list[PurchaseOrderPlaced]:
        """The orders that are new; each is acknowledged by a 997."""
        fresh: list[PurchaseOrderPlaced] = []
        for file in sorted(self._partner.incoming.glob("[!.]*.edi")):
            if file in self._read:
                continue
            self._read.add(file)
            data = file.read_bytes()
            placed = [event for event in understood(data) if isinstance(event, PurchaseOrderPlaced)]
            if placed:
                self._partner.acknowledge(data)
            fresh += placed
        self.orders += fresh
        return fresh

    def promise_and_ship(self, placed: PurchaseOrderPlaced) -> None:
        """That all of it is taken, and is on its way."""
        for data in self._partner.answers(placed)[:2]:
            self._partner.leave(data)

    def bill(self, placed: PurchaseOrderPlaced) -> None:
        """What was ordered, at the price it was ordered for."""
        self._partner.leave(self._partner.answers(placed)[2])
