"""Where stock lies and how it moves in general: locations, warehouses, operation types, and those of a fresh database.

18.0 puts the virtual locations under parents ("Partners/Vendors"), 19.0 has none; ids follow the measured servers.
"""

from __future__ import annotations

from typing import Any

from careloom.sim.odoo.bookkeeping import named
from careloom.sim.odoo.columns import char, choice, flag, lines, link, whole
from careloom.sim.odoo.computed import asked, shown
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Hooks, Model, define
from careloom.sim.odoo.writing import insert

LOCATION, WAREHOUSE, TYPE = "stock.location", "stock.warehouse", "stock.picking.type"
_USAGES = (
    ("supplier", "Vendor"),
    ("view", "Virtual"),
    ("internal", "Internal"),
    ("customer", "Customer"),
    ("inventory", "Inventory Loss"),
    ("production", "Production"),
    ("transit", "Transit"),
)
_CODES = (("incoming", "Receipt"), ("outgoing", "Delivery"), ("internal", "Internal Transfer"))
_BACKORDER = (("ask", "Ask"), ("always", "Always"), ("never", "Never"))
_RESERVATION = (("at_confirm", "At Confirmation"), ("manual", "Manually"), ("by_date", "Before scheduled date"))
_RECEPTION = (("one_step", "Receive and Store"), ("two_steps", "Receive then Store"), ("three_steps", "With quality"))
_DELIVERY = (("ship_only", "Deliver"), ("pick_ship", "Pick then Deliver"), ("pick_pack_ship", "Pick, Pack, Deliver"))
_TYPES = (
    ("Receipts", "IN", "incoming", "Vendors", "Stock"),
    ("Delivery Orders", "OUT", "outgoing", "Stock", "Customers"),
    ("Pick", "PICK", "internal", "Stock", "Packing Zone"),
    ("Pack", "PACK", "internal", "Packing Zone", "Stock"),
    ("Quality Control", "QC", "internal", "Input", "Quality Control"),
    ("Storage", "STOR", "internal", "Quality Control", "Stock"),
    ("Internal Transfers", "INT", "internal", "Stock", "Stock"),
    ("Cross Dock", "XD", "internal", "Input", "Output"),
)
"""Name, sequence code, kind, and the locations it goes from and to."""
_ROOMS = ("Input", "Quality Control", "Output", "Packing Zone")
_BARCODES = {"Stock": "WHSTOCK", "Input": "WHINPUT", "Quality Control": "WHQUALITY"}
_BARCODES |= {"Output": "WHOUTPUT", "Packing Zone": "WHPACKING"}


def place_label(reader: Reader, row: Row) -> str:
    parent = reader.row(LOCATION, row["location_id"] or 0)
    return f"{place_label(reader, parent)}/{row['name']}" if parent and row["usage"] != "view" else str(row["name"])


def _path(reader: Reader, row: Row) -> str:
    parent = reader.row(LOCATION, row["location_id"] or 0)
    return f"{_path(reader, parent) if parent else ''}{row['id']}/"


def _warehouse(reader: Reader, row: Row | None) -> int | bool:
    """The warehouse a location lies in, found by the view location at its top."""
    while row is not None:
        owners = reader.pointing(WAREHOUSE, "view_location_id", row["id"])
        if owners:
            return owners[0]
        row = reader.row(LOCATION, row["location_id"] or 0)
    return False


def _type_label(reader: Reader, row: Row) -> str:
    warehouse = row["warehouse_id"]
    return f"{asked(reader).label(WAREHOUSE, warehouse)}: {row['name']}" if warehouse else str(row["name"])


def _locations(major: int) -> Model:
    fields = [
        char("name", "Location Name", required=True),
        shown(char("complete_name", "Full Location Name"), place_label),
        shown(char("parent_path", "Parent Path"), _path),
        choice("usage", "Location Type", *_USAGES, required=True, default="internal"),
        link("location_id", "Parent Location", LOCATION),
        lines("child_ids", "Contains", LOCATION, "location_id"),
        link("company_id", "Company", "res.company"),
        flag("active", "Active", default=True),
        char("barcode", "Barcode"),
        flag("replenish_location", "Replenishments"),
        shown(link("warehouse_id", "Warehouse", WAREHOUSE), _warehouse),
        lines("quant_ids", "Quants", "stock.quant", "location_id"),
    ]
    if major == 18:
        fields.append(flag("scrap_location", "Is a Scrap Location?"))
    options: dict[str, Any] = {"order": "complete_name, id", "label": place_label}
    options |= {"found_by": ("complete_name", "barcode"), "indexes": (("location_id",),)}
    return define(LOCATION, "Inventory Locations", fields, **options)


def _warehouse_fields() -> list[Field]:
    kinds = (("in", "In"), ("out", "Out"), ("int", "Internal"), ("pick", "Pick"), ("pack", "Pack"))
    rooms = (("input", "Input"), ("qc", "Quality Control"), ("output", "Output"), ("pack", "Packing"))
    return [
        char("name", "Warehouse", required=True),
        char("code", "Short Name", required=True),
        link("company_id", "Company", "res.company", required=True),
        link("partner_id", "Address", "res.partner"),
        link("view_location_id", "View Location", LOCATION, required=True),
        link("lot_stock_id", "Location Stock", LOCATION, required=True),
        *[link(f"{kind}_type_id", f"{string} Type", TYPE) for kind, string in kinds],
        *[link(f"wh_{room}_stock_loc_id", f"{string} Location", LOCATION) for room, string in rooms],
        choice("reception_steps", "Incoming Shipments", *_RECEPTION, required=True, default="one_step"),
        choice("delivery_steps", "Outgoing Shipments", *_DELIVERY, required=True, default="ship_only"),
        flag("active", "Active", default=True),
        whole("sequence", "Sequence", default=10),
    ]


def _types() -> Model:
    fields = [
        char("name", "Operation Type", required=True, translate=True),
        choice("code", "Type of Operation", *_CODES, required=True, default="incoming"),
        char("sequence_code", "Sequence Prefix", required=True),
        link("default_location_src_id", "Source Location", LOCATION, required=True),
        link("default_location_dest_id", "Destination Location", LOCATION, required=True),
        link("return_picking_type_id", "Operation Type for Returns", TYPE),
        link("warehouse_id", "Warehouse", WAREHOUSE),
        link("company_id", "Company", "res.company", required=True),
        flag("use_create_lots", "Create New Lots/Serial Numbers"),
        flag("use_existing_lots", "Use Existing Lots/Serial Numbers", default=True),
        choice("create_backorder", "Create Backorder", *_BACKORDER, required=True, default="ask"),
        choice("reservation_method", "Reservation Method", *_RESERVATION, required=True, default="at_confirm"),
        flag("active", "Active", default=True),
        char("barcode", "Barcode"),
        whole("sequence", "Sequence", default=10),
    ]
    return define(TYPE, "Picking Type", fields, order="sequence, id", label=_type_label)


def models(major: int) -> list[Model]:
    options: dict[str, Any] = {"order": "sequence, id", "indexes": (("view_location_id",),)}
    warehouse = define(WAREHOUSE, "Warehouse", _warehouse_fields(), **options)
    return [_locations(major), warehouse, _types()]


def _complete_location(env: Environment, values: Row) -> Row:
    return {"company_id": env.companies[0], **values}


HOOKS = {LOCATION: Hooks(complete=_complete_location)}


def usage(env: Environment, location: int) -> str:
    return str(env.store.tables[LOCATION][location]["usage"])


def scrap_place(env: Environment, company: int) -> int:
    """Where scrapped goods of the company go: 19.0 has no location of its own for them in the first company."""
    losses = [row for row in env.store.tables[LOCATION].values() if row["usage"] == "inventory"]
    own = [row for row in losses if row["company_id"] == company]
    return int(next((row["id"] for row in own if row["name"] == "Scrap"), own[0]["id"]))


def loss_place(env: Environment, company: int) -> int:
    """The other side of a count: the company's "Inventory adjustment"."""
    losses = [row for row in env.store.tables[LOCATION].values() if row["usage"] == "inventory"]
    return int(next(row["id"] for row in losses if row["company_id"] == company))


def found(env: Environment) -> None:
    """The locations, the warehouse of the first company and its operation types."""
    places = _shared_places(env)
    places |= _warehouse_places(env, places)
    for company in sorted(env.store.tables["res.company"]):
        _company_places(env, company, places)
    main = env.store.tables["res.company"][1]
    values = {"name": main["name"], "code": "WH", "company_id": 1, "partner_id": main["partner_id"]}
    values |= {"view_location_id": places["WH"], "lot_stock_id": places["Stock"]}
    values |= {"wh_input_stock_loc_id": places["Input"], "wh_output_stock_loc_id": places["Output"]}
    values |= {"wh_qc_stock_loc_id": places["Quality Control"], "wh_pack_stock_loc_id": places["Packing Zone"]}
    house = insert(env, WAREHOUSE, values)
    named(env, "stock", "warehouse0", WAREHOUSE, house)
    _found_types(env, house, places)


def _place(env: Environment, name: str, kind: str, parent: int | bool, company: int | bool, **more: Any) -> int:
    values = {"name": name, "usage": kind, "location_id": parent, "company_id": company, **more}
    return insert(env, LOCATION, values)


def _shared_places(env: Environment) -> dict[str, int]:
    parents: dict[str, int] = {}
    if env.major == 18:
        parents = {name: _place(env, f"{name} Locations", "view", False, False) for name in ("Physical",)}
        parents["Partners"] = _place(env, "Partners", "view", False, False)
        parents["Virtual"] = _place(env, "Virtual Locations", "view", False, False)
    partners, virtual = parents.get("Partners", False), parents.get("Virtual", False)
    parents["Vendors"] = _place(env, "Vendors", "supplier", partners, False)
    parents["Customers"] = _place(env, "Customers", "customer", partners, False)
    transit = _place(env, "Inter-company transit", "transit", virtual, False)
    named(env, "stock", "stock_location_suppliers", LOCATION, parents["Vendors"])
    named(env, "stock", "stock_location_customers", LOCATION, parents["Customers"])
    named(env, "stock", "stock_location_inter_company", LOCATION, transit)
    return parents


def _warehouse_places(env: Environment, parents: dict[str, int]) -> dict[str, int]:
    view = _place(env, "WH", "view", parents.get("Physical", False), 1)
    places = {"WH": view, "Stock": _place(env, "Stock", "internal", view, 1, barcode="WHSTOCK")}
    for room in _ROOMS:
        places[room] = _place(env, room, "internal", view, 1, active=False, barcode=_BARCODES[room])
    named(env, "stock", "stock_location_stock", LOCATION, places["Stock"])
    return places


def _company_places(env: Environment, company: int, parents: dict[str, int]) -> None:
    physical, virtual = parents.get("Physical", False), parents.get("Virtual", False)
    _place(env, "Inter-warehouse transit", "transit", physical, company, active=False)
    _place(env, "Inventory adjustment", "inventory", virtual, company)
    _place(env, "Production", "production", virtual, company)
    if env.major == 18:
        _place(env, "Scrap", "inventory", virtual, company, scrap_location=True)
    elif company > 1:
        _place(env, "Scrap", "inventory", virtual, company)


def _found_types(env: Environment, house: int, places: dict[str, int]) -> None:
    made = {}
    for sequence, (name, code, kind, source, target) in zip((1, 7, 5, 6, 2, 3, 4, 8), _TYPES, strict=True):
        values = {"name": name, "sequence_code": code, "code": kind, "warehouse_id": house, "company_id": 1}
        values |= {"default_location_src_id": places[source], "default_location_dest_id": places[target]}
        values |= {"use_create_lots": kind == "incoming", "use_existing_lots": kind != "incoming"}
        made[code] = insert(env, TYPE, values | {"barcode": f"WH{code}", "sequence": sequence})
    env.tx.update(TYPE, made["IN"], {"return_picking_type_id": made["OUT"]})
    env.tx.update(TYPE, made["OUT"], {"return_picking_type_id": made["IN"]})
    links = {"in": "IN", "out": "OUT", "int": "INT", "pick": "PICK", "pack": "PACK"}
    env.tx.update(WAREHOUSE, house, {f"{kind}_type_id": made[code] for kind, code in links.items()})
    for kind, name in (("IN", "in"), ("OUT", "out"), ("INT", "internal")):
        named(env, "stock", f"picking_type_{name}", TYPE, made[kind])
