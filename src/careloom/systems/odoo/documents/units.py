"""Units of measure: looked up by a code or by Odoo's name, never guessed.

Odoo's own import of electronic orders takes "units" for every code that it does not know; a box then becomes a piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.core.errors import Rejected
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.external_ids import external_id

MODEL: Final = "uom.uom"

CODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("C62", "H87", "EA", "PCE", "1", "{each}", "{piece}"), "product_uom_unit"),
    **dict.fromkeys(("DZN", "DZ", "{dozen}"), "product_uom_dozen"),
    **dict.fromkeys(("MIN", "min"), "product_uom_minute"),
    **dict.fromkeys(("HUR", "h"), "product_uom_hour"),
    **dict.fromkeys(("DAY", "d"), "product_uom_day"),
    **dict.fromkeys(("MMT", "mm"), "product_uom_millimeter"),
    **dict.fromkeys(("CMT", "cm"), "product_uom_cm"),
    **dict.fromkeys(("MTR", "m"), "product_uom_meter"),
    **dict.fromkeys(("KMT", "km"), "product_uom_km"),
    **dict.fromkeys(("INH", "[in_i]"), "product_uom_inch"),
    **dict.fromkeys(("FOT", "[ft_i]"), "product_uom_foot"),
    **dict.fromkeys(("YRD", "[yd_i]"), "product_uom_yard"),
    **dict.fromkeys(("GRM", "g"), "product_uom_gram"),
    **dict.fromkeys(("KGM", "kg"), "product_uom_kgm"),
    **dict.fromkeys(("TNE", "t"), "product_uom_ton"),
    **dict.fromkeys(("ONZ", "[oz_av]"), "product_uom_oz"),
    **dict.fromkeys(("LBR", "[lb_av]"), "product_uom_lb"),
    **dict.fromkeys(("MLT", "mL", "ml"), "product_uom_milliliter"),
    **dict.fromkeys(("LTR", "L", "l"), "product_uom_litre"),
    **dict.fromkeys(("MTQ", "m3"), "product_uom_cubic_meter"),
    **dict.fromkeys(("OZA", "[foz_us]"), "product_uom_floz"),
    **dict.fromkeys(("QT", "[qt_us]"), "product_uom_qt"),
    **dict.fromkeys(("GLL", "[gal_us]"), "product_uom_gal"),
}
"""UNECE recommendation 20, UCUM and X12 codes by the name of Odoo's own record in the module `uom`. 18.0 has neither
minutes nor millilitres: create them and give them their code as a name."""

_TOLD: Final = {code: CODES[code] for code in (
    "EA", "DZ", "MIN", "HUR", "DAY", "MMT", "CMT", "MTR", "KMT", "INH", "FOT", "YRD", "GRM", "KGM", "TNE", "ONZ", "LBR",
    "MLT", "LTR", "MTQ", "OZA", "QT", "GLL",
)}  # fmt: skip
"""One code for each."""


class Units:
    """Finds units of measure."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._found: dict[str, int] = {}

    async def find(self, unit: str) -> int:
        """The database id of a unit: an external id of ours (`uom` + code), a code of `CODES`, or Odoo's exact name.

        Raises Rejected when there is none or when several have this name.
        """
        if unit not in self._found:
            self._found[unit] = await self._ours(unit) or await self._coded(unit) or await self._named(unit)
        return self._found[unit]

    async def code_of(self, record: int) -> str | None:
        """The code by which a unit of Odoo's own is known to others (X12, else UNECE); None for any other."""
        for code, name in _TOLD.items():
            if await self._access.record(f"uom.{name}", MODEL) == record:
                return code
        return None

    async def _ours(self, unit: str) -> int | None:
        module = self._access.connection.settings.external_id_module
        return await self._access.record(external_id("uom", "code", unit, module=module), MODEL) if unit else None

    async def _coded(self, unit: str) -> int | None:
        name = CODES.get(unit)
        return await self._access.record(f"uom.{name}", MODEL) if name else None

    async def _named(self, unit: str) -> int:
        rows = await self._access.records.search_read(MODEL, [["name", "=", unit]], ["name"], limit=2)
        if len(rows) == 1:
            return int(rows[0]["id"])
        found = "several units have" if rows else "no unit has"
        raise Rejected(f"uom.uom: {found} this code or name; create one with the external id of the code", "uom_id")
