"""Units of measure: 18.0 has categories and factors per category, 19.0 has factors relative to another unit."""

from __future__ import annotations

from careloom.sim.odoo.bookkeeping import named, rounded
from careloom.sim.odoo.columns import char, choice, flag, lines, link, number, whole
from careloom.sim.odoo.computed import shown
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Reader, Row
from careloom.sim.odoo.models import Model, define
from careloom.sim.odoo.writing import insert

_KINDS = (("bigger", "Bigger than the reference"), ("reference", "Reference"), ("smaller", "Smaller than it"))
_CATEGORIES = {"unit": "Unit", "kgm": "Weight", "wtime": "Working Time", "length": "Length / Distance"}
_CATEGORIES |= {"surface": "Surface", "vol": "Volume"}
_UNITS_18 = (
    ("unit", "Units", "unit", 1.0),
    ("dozen", "Dozens", "unit", 12.0),
    ("day", "Days", "wtime", 1.0),
    ("hour", "Hours", "wtime", 0.125),
    ("meter", "m", "length", 1.0),
    ("millimeter", "mm", "length", 0.001),
    ("km", "km", "length", 1000.0),
    ("cm", "cm", "length", 0.01),
    ("square_meter", "m²", "surface", 1.0),
    ("litre", "L", "vol", 1.0),
    ("cubic_meter", "m³", "vol", 1000.0),
    ("kgm", "kg", "kgm", 1.0),
    ("gram", "g", "kgm", 0.001),
    ("ton", "t", "kgm", 1000.0),
    ("lb", "lb", "kgm", 0.45359290943563974),
    ("oz", "oz", "kgm", 0.02834949254408346),
)
"""Name in the external id, shown name, category, and how many of the category's reference unit one of it is."""
_UNITS_19 = (
    ("unit", "Units", "", 1.0),
    ("pack_6", "Pack of 6", "unit", 6.0),
    ("dozen", "Dozens", "unit", 12.0),
    ("hour", "Hours", "", 1.0),
    ("day", "Days", "hour", 8.0),
    ("minute", "Minutes", "hour", 0.0166667),
    ("millimeter", "mm", "", 1.0),
    ("cm", "cm", "millimeter", 10.0),
    ("meter", "m", "cm", 100.0),
    ("km", "km", "meter", 1000.0),
    ("square_meter", "m²", "", 1.0),
    ("milliliter", "ml", "", 1.0),
    ("litre", "L", "milliliter", 1000.0),
    ("cubic_meter", "m³", "litre", 1000.0),
    ("gram", "g", "", 1.0),
    ("kgm", "kg", "gram", 1000.0),
    ("ton", "Ton", "kgm", 1000.0),
    ("oz", "oz", "gram", 28.3495),
    ("lb", "lb", "oz", 16.0),
)
"""Name in the external id, shown name, the unit it is relative to, and how many of that one it is."""
_ARCHIVED_19 = ("dozen", "cm", "km", "cubic_meter")


def models(major: int) -> list[Model]:
    rounding = number("rounding", "Rounding Precision", readonly=True, store=False, compute=lambda _, __: 0.01)
    fields = [char("name", "Unit", required=True, translate=True), flag("active", "Active", default=True), rounding]
    if major >= 19:
        relative = link("relative_uom_id", "Reference Unit", "uom.uom")
        share = number("relative_factor", "Contains", required=True, default=1.0)
        whole_factor = number("factor", "Absolute Quantity", readonly=True, default=1.0)
        fields += [relative, share, whole_factor, whole("sequence", "Sequence", default=100)]
        return [define("uom.uom", "Product Unit of Measure", fields, order="sequence, relative_uom_id, id")]
    fields += [
        link("category_id", "Category", "uom.category", required=True),
        number("factor", "Ratio", default=1.0),
        shown(number("factor_inv", "Bigger Ratio"), lambda _, row: 1 / row["factor"] if row["factor"] else 0.0),
        choice("uom_type", "Type", *_KINDS, required=True, default="reference"),
    ]
    kind = [char("name", "Unit of Measure Category", required=True, translate=True)]
    kind += [lines("uom_ids", "Units", "uom.uom", "category_id")]
    category = define("uom.category", "Product UoM Categories", kind)
    return [define("uom.uom", "Product Unit of Measure", fields, order="factor DESC, id"), category]


def _size(row: Row) -> float:
    """How many of the reference unit one of this unit is: 18.0 keeps the inverse."""
    return float(row["factor"]) if "relative_uom_id" in row else 1 / float(row["factor"])


def _kinds(row: Row) -> int:
    return int(row.get("category_id") or 0)


def converted(reader: Reader, quantity: float, unit: int, other: int) -> float:
    """`quantity` of `unit` in `other`, rounded to two places."""
    here, there = reader.row("uom.uom", unit), reader.row("uom.uom", other)
    if unit == other or here is None or there is None:
        return quantity
    return round(rounded(quantity * _size(here) / _size(there)), 2)


def priced(reader: Reader, price: float, unit: int, other: int) -> float:
    """The price of one `other` when one `unit` costs `price`."""
    here, there = reader.row("uom.uom", unit), reader.row("uom.uom", other)
    if unit == other or here is None or there is None:
        return price
    return rounded(price * _size(there) / _size(here))


def comparable(reader: Reader, unit: int, other: int) -> bool:
    """Whether 18.0 lets the two be used for one product; 19.0 has given up the check."""
    here, there = reader.row("uom.uom", unit), reader.row("uom.uom", other)
    return here is None or there is None or _kinds(here) == _kinds(there)


def found(env: Environment) -> None:
    """The units of a fresh database, with their external ids."""
    if env.major >= 19:
        _found_19(env)
        return
    categories = {}
    for name, shown_name in _CATEGORIES.items():
        categories[name] = insert(env, "uom.category", {"name": shown_name})
        named(env, "uom", f"product_uom_categ_{name}", "uom.category", categories[name])
    for name, shown_name, category, size in _UNITS_18:
        kind = "reference" if size == 1 else "bigger" if size > 1 else "smaller"
        values = {"name": shown_name, "category_id": categories[category], "factor": 1 / size, "uom_type": kind}
        named(env, "uom", f"product_uom_{name}", "uom.uom", insert(env, "uom.uom", values))


def _found_19(env: Environment) -> None:
    units: dict[str, int] = {}
    for name, shown_name, relative, share in _UNITS_19:
        base = env.store.tables["uom.uom"][units[relative]]["factor"] if relative else 1.0
        values = {"name": shown_name, "relative_factor": share, "factor": base * share}
        values |= {"relative_uom_id": units.get(relative, False), "active": name not in _ARCHIVED_19}
        units[name] = insert(env, "uom.uom", values)
        named(env, "uom", f"product_uom_{name}", "uom.uom", units[name])
