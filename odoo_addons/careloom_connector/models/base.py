# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from ..changes import following


class Base(models.AbstractModel):
    """Sees each row that the ORM inserts, updates (recomputed columns too) or deletes.

    The three methods are where SQL is sent, so pending computations and `sudo` tricks cannot pass by; a model that
    nobody watches costs one cached look-up.
    """

    _inherit = "base"

    def _create(self, data_list):
        records = super()._create(data_list)
        plan = self.env["careloom.watch"]._plan()
        if self._name in plan.models:
            following(self.env).created(plan, records)
        return records

    def _write_multi(self, vals_list):
        plan = self.env["careloom.watch"]._plan()
        if self and self._name in plan.models:
            # The flush may run for another user than the one who wrote.
            uid = self.env.uid
            users = {i: vals.get("write_uid") or uid for i, vals in zip(self._ids, vals_list)}
            following(self.env).changing(plan, self, users)
        return super()._write_multi(vals_list)

    def unlink(self):
        plan = self.env["careloom.watch"]._plan()
        if self and self._name in plan.models:
            following(self.env).deleting(plan, self)
        return super().unlink()
