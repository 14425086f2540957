# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache
from odoo.tools.sql import table_exists

from ..plan import Plan
from .careloom_outbox import GENERATION

PARTS = {"model", "domain", "state", "specification", "triggers"}


def canonical(watches):
    """The list with its defaults filled in, in one order."""
    filled = [{"domain": [], "state": None, "specification": {}, "triggers": [], **watch} for watch in watches]
    return sorted(filled, key=lambda watch: watch["model"])


class CareloomWatch(models.Model):
    """A model whose changes the hub wants to hear of. The hub declares them: the addon knows no model by itself."""

    _name = "careloom.watch"
    _description = "Careloom watch"
    _rec_name = "model"
    _order = "model"

    model = fields.Char(required=True, index=True, readonly=True)
    definition = fields.Text(required=True, readonly=True)

    @ormcache()
    def _plan(self):
        """What the hooks need, cached until the watches change. Empty while the module is being installed."""
        if not table_exists(self.env.cr, self._table):
            return Plan(self.env, [])
        self.env.cr.execute("SELECT definition FROM careloom_watch ORDER BY model")
        return Plan(self.env, [json.loads(definition) for (definition,) in self.env.cr.fetchall()])

    @api.model
    def _declare(self, watches):
        """Replace the watches; returns the generation, which grows when they really differ."""
        wanted = canonical(watches)
        parameters = self.env["ir.config_parameter"].sudo()
        generation = int(parameters.get_param(GENERATION) or 0)
        present = [json.loads(watch.definition) for watch in self.sudo().search([])]
        if wanted == present:
            return generation
        for watch in wanted:
            self._check(watch)
        if len({watch["model"] for watch in wanted}) != len(wanted):
            raise ValidationError(self.env._("A model can be watched once only: join the two watches."))
        self.sudo().search([]).unlink()
        self.sudo().create([{"model": watch["model"], "definition": json.dumps(watch)} for watch in wanted])
        parameters.set_param(GENERATION, str(generation + 1))
        self.env.registry.clear_cache()
        # Another thread may fill the cache with the old watches until this commits.
        self.env.cr.postcommit.add(self.env.registry.clear_cache)
        return generation + 1

    def _check(self, watch):
        name = watch["model"]
        if unknown := set(watch) - PARTS:
            raise ValidationError(
                self.env._("Watch of %(model)s: unknown part %(part)s.", model=name, part=min(unknown))
            )
        model = self._table_model(name)
        for field in [*(watch["state"] or []), *watch["specification"]]:
            if field not in model._fields:
                raise ValidationError(
                    self.env._("Watch of %(model)s: it has no field %(field)s.", model=name, field=field)
                )
        try:
            model.sudo().search(watch["domain"], limit=1)
        except (ValueError, TypeError) as wrong:
            raise ValidationError(self.env._("Watch of %s: the domain is not valid.", name)) from wrong
        for trigger in watch["triggers"]:
            self._check_path(name, trigger["model"], trigger["path"])

    def _table_model(self, name):
        model = self.env.get(name)
        if model is None or model._abstract or model._transient or name.startswith("careloom."):
            raise ValidationError(self.env._("%s is no model that can be watched here: is its module installed?", name))
        return model

    def _check_path(self, watched, name, path):
        model = self._table_model(name)
        for step in path.split("."):
            field = model._fields.get(step)
            if field is None or not field.relational:
                raise ValidationError(
                    self.env._(
                        "Watch of %(model)s: the path %(path)s ends at %(step)s.", model=watched, path=path, step=step
                    )
                )
            model = self.env[field.comodel_name]
        if model._name != watched:
            raise ValidationError(
                self.env._(
                    "Watch of %(model)s: the path %(path)s leads to %(end)s.", model=watched, path=path, end=model._name
                )
            )
