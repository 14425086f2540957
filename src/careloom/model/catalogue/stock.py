"""Events of stock and of the products in it."""

from __future__ import annotations

from typing import ClassVar

from careloom.model.contract import Contract, Terms
from careloom.model.events import CanonicalEvent
from careloom.model.products import Product
from careloom.model.stock import Catalogue, InventoryReport, StockLevel, StockMove
from careloom.model.subject import About


class InventoryReported(CanonicalEvent, frozen=True, kw_only=True):
    """Somebody counted stock, or a supplier said what it has."""

    type: ClassVar[str] = "inventory.reported.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Inventory", "report.location.identifier"),
        About("Inventory", "report.reporter.identifier"),
        About("Inventory", "report.identifier"),
    )

    report: InventoryReport


class StockMoveEvent(CanonicalEvent, frozen=True, kw_only=True):
    """A fact about one movement of one product."""

    about: ClassVar[tuple[About, ...]] = (About("Product", "move.item"),)

    move: StockMove


class StockMoved(StockMoveEvent, frozen=True, kw_only=True):
    """Goods went from one place to another."""

    type: ClassVar[str] = "stock.moved.v1"


class StockAdjusted(StockMoveEvent, frozen=True, kw_only=True):
    """The stock of a product was corrected: found, lost, broken, expired."""

    type: ClassVar[str] = "stock.adjusted.v1"


class StockMoveValidated(StockMoveEvent, frozen=True, kw_only=True):
    """A movement or a correction of stock was checked, and the cost centre found that it counts for.

    Its product and its places are known in the books; what a person waived stands as it came.
    """

    type: ClassVar[str] = "stock_move.validated.v1"


class StockBelowThreshold(CanonicalEvent, frozen=True, kw_only=True):
    """The stock of a product fell below its threshold, once for each time that it does."""

    type: ClassVar[str] = "stock.below_threshold.v1"
    about: ClassVar[tuple[About, ...]] = (About("Product", "level.item"),)

    level: StockLevel


class ProductChanged(CanonicalEvent, frozen=True, kw_only=True):
    """A product was added to a catalogue, changed or discontinued."""

    type: ClassVar[str] = "product.changed.v1"
    about: ClassVar[tuple[About, ...]] = (About("Product", "product.identifier"),)

    product: Product


class CatalogueReceived(CanonicalEvent, frozen=True, kw_only=True):
    """A catalogue or a master file was read to its end, and its lines were told."""

    type: ClassVar[str] = "catalogue.received.v1"
    about: ClassVar[tuple[About, ...]] = (
        About("Catalogue", "catalogue.issuer.identifier"),
        About("Catalogue", "catalogue.identifier"),
    )

    catalogue: Catalogue


_STOCK = Terms(
    owner="supply-chain",
    source_of_truth="the warehouse",
    publishers=("warehouse", "pharmacy", "supplier", "odoo"),
    data_classes=("operational",),
    retention_years=7,
)
_REPORTS = Terms(
    owner="supply-chain",
    source_of_truth="Odoo",
    publishers=("careloom",),
    data_classes=("operational", "financial"),
    retention_years=7,
)
_PRODUCTS = Terms(
    owner="supply-chain",
    source_of_truth="the catalogue of the supplier, or the item master",
    publishers=("supplier", "warehouse", "pharmacy", "ehr", "odoo"),
    data_classes=("operational", "financial"),
    retention_years=7,
    retry="bulk",
)

CONTRACTS: tuple[Contract, ...] = (
    _STOCK.contract(InventoryReported),
    _STOCK.contract(StockMoved),
    _STOCK.contract(StockAdjusted),
    _REPORTS.contract(StockMoveValidated),
    _STOCK.contract(StockBelowThreshold, retry="urgent"),
    _PRODUCTS.contract(ProductChanged),
    _PRODUCTS.contract(CatalogueReceived),
)
