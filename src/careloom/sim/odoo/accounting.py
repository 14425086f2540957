"""Accounting: accounts, journals, taxes, entries, payments, reconciliation (the seam is in `models.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from careloom.sim.odoo import errors, journal_items, moves, payments, posting, reversing
from careloom.sim.odoo.accounting_models import supporting_models
from careloom.sim.odoo.chart import found_books
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Row
from careloom.sim.odoo.matching import partials_of, unmatch
from careloom.sim.odoo.matching import reconcile as match
from careloom.sim.odoo.models import ALL, Area, Hooks, Model
from careloom.sim.odoo.moves_models import entry_models, more_fields
from careloom.sim.odoo.payment_wizard import WIZARD, WIZARD_HOOKS, action_create_payments, wizard_models
from careloom.sim.odoo.payments import PAYMENT_HOOKS, PAYMENTS, payment_models
from careloom.sim.odoo.reversing import REVERSAL, REVERSAL_HOOKS, reversal_models
from careloom.sim.odoo.settling import ITEMS, MOVES

_READ = frozenset({"read"})
_READABLE = (
    "account.account account.journal account.payment.method account.payment.method.line account.tax account.tax.group "
    "account.tax.repartition.line account.payment.term account.fiscal.position account.partial.reconcile "
    "account.full.reconcile res.currency"
)
_OWNED = (MOVES, ITEMS, PAYMENTS, WIZARD, REVERSAL, "account.analytic.account", "account.analytic.plan")


def _models(major: int) -> list[Model]:
    return [*supporting_models(major), *entry_models(), *payment_models(), *wizard_models(), *reversal_models()]


def js_remove_outstanding_partial(env: Environment, ids: Sequence[int], partial_id: int) -> bool:
    """Take one reconciliation of an invoice back."""
    env.model(MOVES, "write")
    env.existing(MOVES, ids)
    unmatch(env, [partial_id])
    return True


def remove_move_reconcile(env: Environment, ids: Sequence[int]) -> bool:
    """Take every reconciliation of these items back."""
    env.model(ITEMS, "write")
    partials = {part["id"] for item in env.existing(ITEMS, ids) for part in partials_of(env, item["id"])}
    if partials:
        unmatch(env, sorted(partials))
    return True


def reconcile(env: Environment, ids: Sequence[int]) -> None:
    env.model(ITEMS, "write")
    match(env, ids)


def _keep_used_partners(env: Environment, rows: list[Row]) -> None:
    for row in rows:
        if env.store.find(ITEMS, ("partner_id",), (row["id"],)) or env.store.find(MOVES, ("partner_id",), (row["id"],)):
            raise errors.user_error("The partner cannot be deleted because it is used in Accounting")


def _in_company(env: Environment, values: Row) -> Row:
    return {"company_id": env.companies[0], **values}


ACCOUNTING = Area(
    name="accounting",
    models=_models,
    fields=more_fields,
    methods={
        (MOVES, "action_post"): posting.action_post,
        (MOVES, "button_draft"): posting.button_draft,
        (MOVES, "button_cancel"): posting.button_cancel,
        (MOVES, "js_assign_outstanding_line"): posting.assign,
        (MOVES, "js_remove_outstanding_partial"): js_remove_outstanding_partial,
        (ITEMS, "reconcile"): reconcile,
        (ITEMS, "remove_move_reconcile"): remove_move_reconcile,
        (PAYMENTS, "action_post"): payments.action_post,
        (PAYMENTS, "action_draft"): payments.action_draft,
        (PAYMENTS, "action_cancel"): payments.action_cancel,
        (PAYMENTS, "action_validate"): payments.action_validate,
        (WIZARD, "action_create_payments"): action_create_payments,
        (REVERSAL, "refund_moves"): reversing.refund_moves,
        (REVERSAL, "reverse_moves"): reversing.refund_moves,
        (REVERSAL, "modify_moves"): reversing.modify_moves,
    },
    hooks={
        MOVES: Hooks(
            complete=moves.complete,
            created=moves.created,
            changing=moves.changing,
            written=moves.written,
            unlinking=moves.unlinking,
        ),
        ITEMS: Hooks(
            complete=journal_items.complete,
            created=moves.items_created,
            changing=moves.items_changing,
            written=moves.items_written,
            unlinking=moves.items_unlinking,
            deleted=moves.items_deleted,
        ),
        PAYMENTS: PAYMENT_HOOKS,
        WIZARD: WIZARD_HOOKS,
        REVERSAL: REVERSAL_HOOKS,
        "res.partner": Hooks(unlinking=_keep_used_partners),
        "account.analytic.account": Hooks(complete=_in_company),
    },
    rights={
        **dict.fromkeys(_READABLE.split(), _READ),
        **dict.fromkeys(_OWNED, ALL),
        "account.analytic.line": ALL,
        "account.partial.reconcile": _READ,
    },
    found=found_books,
)
