"""A supplier with a place of its own, a folder or a real SFTP server, that reads what it is sent and answers it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from careloom.formats import x12
from careloom.mapping.catalogue import mapping_for
from careloom.mapping.reading import Unit, reader
from careloom.mapping.source import Settings as Sender
from careloom.mapping.x12.sending import Envelope, to_810, to_855, to_856
from careloom.model import (
    CanonicalEvent,
    Identifier,
    Invoice,
    InvoiceIssued,
    InvoiceLine,
    Money,
    PurchaseOrderAcknowledged,
    PurchaseOrderEvent,
    ShipmentAnnounced,
    SupplyDelivery,
    SupplyDeliveryItem,
    SupplyRequest,
    SupplyResponse,
    SupplyResponseLine,
)
from careloom.systems.functional import older

NOW: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Form: TypeAlias = Literal["997", "999"]
_CENT = Decimal("0.01")


class FakePartner:
    """Reads `to-partner`, and leaves files in `from-partner`, both below `folder`. Its control numbers count up."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="careloom-partner-"))
        self._control = 100
        for place in (self.outgoing, self.incoming):
            place.mkdir(exist_ok=True)

    @property
    def incoming(self) -> Path:
        """What it is sent."""
        return self.folder / "to-partner"

    @property
    def outgoing(self) -> Path:
        """What it leaves."""
        return self.folder / "from-partner"

    def remove(self) -> None:
        """Its folder, with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def files(self) -> Sequence[bytes]:
        """All that it was sent, in order of the names."""
        return [file.read_bytes() for file in sorted(self.incoming.glob("[!.]*.edi"))]

    def received(self) -> Sequence[Any]:
        """The events that it understands of what it was sent, in order; acknowledgements among them."""
        return [event for data in self.files() for event in understood(data)]

    def leave(self, data: bytes, name: str = "") -> Path:
        """A file, whole at once."""
        file = self.outgoing / (name or f"{self._next():06}.edi")
        file.write_bytes(data)
        return file

    def acknowledge(self, data: bytes, form: Form = "997", *, with_ta1: bool = False) -> None:
        """Say of an interchange that was sent what there is to say of it."""
        assessment = x12.validate(data)
        replies = x12.acknowledge(assessment, time=NOW, control=self._next(), usage="T")
        for reply in replies:
            self.leave(older(reply.data, time=NOW, usage="T") if form == "997" else reply.data)
        if with_ta1:
            for ta1 in x12.acknowledge_interchange(assessment, time=NOW, control=self._next(), usage="T"):
                self.leave(ta1.data)

    def answers(self, ordered: PurchaseOrderEvent) -> Sequence[bytes]:
        """That it takes the order, that it has sent all of it, and the bill: 855, 856, 810."""
        order = ordered.order
        return [
            to_855(_promise(order), self._envelope()),
            to_856(_notice(order), self._envelope()),
            to_810(_bill(order), self._envelope()),
        ]

    def _envelope(self) -> Envelope:
        return Envelope(sender="EXSUPPLIER", receiver="EXAMPLEHOSP", control=self._next(), time=NOW, usage="T")

    def _next(self) -> int:
        self._control += 1
        return self._control


def understood(data: bytes) -> Iterator[CanonicalEvent]:
    """The events of an interchange."""
    for unit in reader("x12").units(data, Sender()):
        assert isinstance(unit, Unit), "what we send can be read"
        mapping = mapping_for("x12", unit.type)
        assert mapping is not None
        yield from mapping.translate(reader("x12").parse(unit.body, Sender()), Sender()).events


def _promise(order: SupplyRequest) -> PurchaseOrderAcknowledged:
    lines = tuple(
        SupplyResponseLine(identifier=one.identifier, status="accepted", quantity=one.quantity, promised="2026-03-09")
        for one in order.line
    )
    number = order.identifier[0]
    response = SupplyResponse(
        identifier=(Identifier(value=f"SO-{number.value}"),), order=number, outcome="accepted", date="2026-03-02",
        line=lines,
    )  # fmt: skip
    return PurchaseOrderAcknowledged(trigger="partner", response=response)


def _notice(order: SupplyRequest) -> ShipmentAnnounced:
    number = order.identifier[0]
    items = tuple(
        SupplyDeliveryItem(
            item=one.item, quantity=one.quantity, order=number, order_line=one.identifier, package="BOX-1"
        )
        for one in order.line
    )
    delivery = SupplyDelivery(
        identifier=(Identifier(value=f"SHP-{number.value}"),), status="announced", order=(number,),
        shipped="2026-03-08", packages=1, item=items,
    )  # fmt: skip
    return ShipmentAnnounced(trigger="partner", delivery=delivery)


def _bill(order: SupplyRequest) -> InvoiceIssued:
    lines = []
    for sequence, one in enumerate(order.line, 1):
        price = one.unit_price or Money(value=Decimal(1), currency="USD")
        net = Money(value=(one.quantity.value * price.value).quantize(_CENT), currency=price.currency)
        lines.append(
            InvoiceLine(
                sequence=sequence, item=one.item, quantity=one.quantity, unit_price=price, net=net,
                order_line=one.identifier,
            )
        )  # fmt: skip
    total = Money(value=sum((line.net.value for line in lines), Decimal(0)), currency=lines[0].net.currency)
    number = order.identifier[0]
    invoice = Invoice(
        identifier=(Identifier(value=f"INV-{number.value}"),), date="2026-03-08", order=(number,), line=tuple(lines),
        total_gross=total, payment_terms="net 30",
    )  # fmt: skip
    return InvoiceIssued(trigger="partner", invoice=invoice)
