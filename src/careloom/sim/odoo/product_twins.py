"""How a product's template and its variant keep each other in step, and what is refused for them.

18.0 and 19.0 both keep the shared values on product.template; a write to either record bumps both, but a new cost bumps
the variant only, and neither stock nor supplier prices bump anything (`odoo/CONTRACT.md` section 5).
"""

from __future__ import annotations

from careloom.sim.odoo import errors
from careloom.sim.odoo.bookkeeping import put, touch
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Reader, Row
from careloom.sim.odoo.models import Hooks, Model
from careloom.sim.odoo.writing import insert, write

TEMPLATE, VARIANT = "product.template", "product.product"
_OWN = frozenset({"default_code", "barcode", "standard_price", "weight", "volume", "active", "company_id"})
"""What a variant keeps for itself; of these the template shows what its only variant has."""
_MAKING = (TEMPLATE, 0)


def variants(reader: Reader, row: Row) -> tuple[int, ...]:
    """The variants of a template, without archived ones unless the context asks for them."""
    return tuple(reader.pointing(VARIANT, "product_tmpl_id", row["id"]))


def _complete_template(env: Environment, values: Row) -> Row:
    if values.get("type") == "service":
        values = {"purchase_method": "purchase", **values}
    values = _default_taxes(env) | values
    return {"uom_po_id": values["uom_id"], **values} if env.major == 18 and values.get("uom_id") else values


def _default_taxes(env: Environment) -> Row:
    """The default taxes of every company, as far as accounting keeps any [a product made without `taxes_id`]."""
    columns = {"taxes_id": "account_sale_tax_id", "supplier_taxes_id": "account_purchase_tax_id"}
    if "taxes_id" not in env.models[TEMPLATE].fields:
        return {}
    companies = env.store.tables["res.company"].values()
    return {name: [[6, 0, [row[source] for row in companies if row.get(source)]]] for name, source in columns.items()}


def _make_variants(env: Environment, ids: list[int]) -> None:
    """Every template has a variant; one that is made for a variant already has it."""
    if _MAKING in env.busy:
        return
    model, variant = env.models[TEMPLATE], env.models[VARIANT]
    names = [name for name in model.fields if _kept_by_both(model, variant, name)]
    for template in ids:
        row = env.store.tables[TEMPLATE][template]
        put(env, VARIANT, {name: row[name] for name in names} | {"product_tmpl_id": template})
    _check_barcodes(env, ids, {"barcode": True})


def _kept_by_both(template: Model, variant: Model, name: str) -> bool:
    """Whether both records have a column for it; what another area adds to both is kept in step too."""
    stored = name in variant.fields and variant.fields[name].compute is None
    special = ("id", "display_name", "create_date", "write_date", "create_uid", "write_uid")
    plain = template.fields[name].compute is None and template.fields[name].type != "one2many"
    return stored and plain and name not in special


def _complete_variant(env: Environment, values: Row) -> Row:
    """Make the template first, with all that belongs there."""
    if values.get("product_tmpl_id"):
        return _split(env, values)[1]
    env.busy.add(_MAKING)
    template, own = _split(env, values)
    record = insert(env, TEMPLATE, template | {name: own[name] for name in own if name in env.models[TEMPLATE].fields})
    env.busy.discard(_MAKING)
    return own | {"product_tmpl_id": record}


def _split(env: Environment, values: Row) -> tuple[Row, Row]:
    """`values` of a variant as (what belongs on the template, what the variant keeps). Unknown names stay."""
    variant, template = env.models[VARIANT].fields, env.models[TEMPLATE].fields
    shared = {
        name: value
        for name, value in values.items()
        if name in template and name in variant and name not in _OWN and variant[name].compute is not None
    }
    if "lst_price" in values:
        shared["list_price"] = values["lst_price"]
    children = {name: value for name, value in values.items() if name == "seller_ids"}
    own = {name: value for name, value in values.items() if name not in shared and name not in children}
    return shared | children, own


def _change_variant(env: Environment, rows: list[Row], values: Row) -> Row:
    shared, own = _split(env, values)
    template, variant = env.models[TEMPLATE], env.models[VARIANT]
    twins = {name for name in own if name in template.fields and _kept_by_both(template, variant, name)}
    for row in rows:
        owner = row["product_tmpl_id"]
        if shared:
            write(env, TEMPLATE, [owner], shared)
        elif twins - {"active", "standard_price"}:
            touch(env, TEMPLATE, owner)
    return own


def _variant_written(env: Environment, ids: list[int], values: Row) -> None:
    """Show the values of the only variant on the template; the cost does so without bumping it."""
    template, variant = env.models[TEMPLATE], env.models[VARIANT]
    names = [name for name in values if name in template.fields and _kept_by_both(template, variant, name)]
    for record in ids:
        row = env.store.tables[VARIANT][record]
        if len(env.holding(VARIANT, "product_tmpl_id", row["product_tmpl_id"])) == 1:
            same = {name: row[name] for name in names if name != "active"}
            env.tx.update(TEMPLATE, row["product_tmpl_id"], same)
    _check_barcodes(env, ids, values)


def _change_template(env: Environment, rows: list[Row], values: Row) -> Row:
    """18.0 refuses another unit, or another kind of stock keeping, for a product that has been moved."""
    fixed = [name for name in ("uom_id", "is_storable") if name in values and env.major == 18]
    for row in rows:
        moved = any(env.holding("stock.move", "product_id", one) for one in variants(env, row))
        if moved and any(row[name] != values[name] for name in fixed):
            raise errors.user_error("You can not change the unit or the inventory tracking of a product already used.")
    return values


def _template_written(env: Environment, ids: list[int], values: Row) -> None:
    """What is written on a template reaches its variants, and bumps them."""
    model, variant = env.models[TEMPLATE], env.models[VARIANT]
    names = [name for name in values if name in model.fields and _kept_by_both(model, variant, name)]
    for record in ids:
        row = env.store.tables[TEMPLATE][record]
        for one in env.holding(VARIANT, "product_tmpl_id", record):
            touch(env, VARIANT, one, {name: row[name] for name in names})
            _check_barcodes(env, [one], values)


def _check_barcodes(env: Environment, ids: list[int], values: Row) -> None:
    """A barcode names one product: a ValidationError as in e01, with words of our own."""
    if "barcode" not in values:
        return
    for record in ids:
        row = env.store.tables[VARIANT].get(record)
        if row is None or not row["barcode"]:
            continue
        bearers = env.holding(VARIANT, "barcode", row["barcode"])
        if len(bearers) > 1:
            names = " and ".join(env.label(VARIANT, one) for one in bearers)
            raise errors.validation_error(f"Barcode {row['barcode']!r} is already assigned to product(s): {names}")


def _variant_created(env: Environment, ids: list[int]) -> None:
    _check_barcodes(env, ids, {"barcode": True})


def _variants_unlinking(env: Environment, rows: list[Row]) -> None:
    """A product that has been moved or ordered stays; the database's own foreign keys say so."""
    uses = ("stock.move", "purchase.order.line", "sale.order.line", "stock.quant", "stock.lot")
    for row in rows:
        for model in uses:
            if env.holding(model, "product_id", row["id"]):
                raise errors.constraint_error(f"{model} records still need this product; archive it instead.")


def _variants_deleted(env: Environment, rows: list[Row]) -> None:
    for row in rows:
        if not env.holding(VARIANT, "product_tmpl_id", row["product_tmpl_id"]):
            env.tx.delete(TEMPLATE, row["product_tmpl_id"])


def _complete_offer(env: Environment, values: Row) -> Row:
    values = {"company_id": env.companies[0], **values}
    product = env.row(VARIANT, values.get("product_id") or 0)
    if product is not None:
        values = {"product_tmpl_id": product["product_tmpl_id"], **values}
    if env.major == 18:
        return values
    template = env.row(TEMPLATE, values.get("product_tmpl_id") or 0)
    if template is not None:
        every = env.holding(VARIANT, "product_tmpl_id", template["id"])
        single = every[0] if len(every) == 1 else False
        values = {"product_uom_id": template["uom_id"], "product_id": single, **values}
    return values


HOOKS = {
    TEMPLATE: Hooks(
        changing=_change_template, complete=_complete_template, created=_make_variants, written=_template_written
    ),
    VARIANT: Hooks(
        complete=_complete_variant,
        changing=_change_variant,
        created=_variant_created,
        written=_variant_written,
        unlinking=_variants_unlinking,
        deleted=_variants_deleted,
    ),
    "product.supplierinfo": Hooks(complete=_complete_offer),
}
