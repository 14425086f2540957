# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models

from ..wake import is_web


class CareloomTraced(models.AbstractModel):
    """Where a document came from and what is open about it, for those who see it in Odoo."""

    _name = "careloom.traced"
    _description = "Careloom trace"

    careloom_correlation = fields.Char("Correlation", compute="_compute_careloom", compute_sudo=True)
    careloom_link = fields.Char("Trace", compute="_compute_careloom", compute_sudo=True)
    careloom_exceptions_url = fields.Char(compute="_compute_careloom_exceptions_url", compute_sudo=True)

    def _compute_careloom(self):
        base = self._careloom_base()
        documents = self.env["careloom.document"].search([("model", "=", self._name), ("res_id", "in", self.ids)])
        newest = {document.res_id: document for document in documents.sorted("id")}
        for record in self:
            document = newest.get(record._origin.id)
            record.careloom_correlation = document.correlation if document else False
            record.careloom_link = document._trace(base) if document else False

    def _compute_careloom_exceptions_url(self):
        base = self._careloom_base()
        for record in self:
            identity = record._origin.id
            url = f"{base}/exceptions?record={self._name}/{identity}" if base and identity else False
            record.careloom_exceptions_url = url

    def action_careloom_exceptions(self):
        """Open the hub's exceptions about this record in a new tab."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.careloom_exceptions_url, "target": "new"}

    @api.model
    def _careloom_base(self):
        url = (self.env["ir.config_parameter"].sudo().get_param("careloom.url") or "").rstrip("/")
        return url if is_web(url) else ""


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "careloom.traced"]


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "careloom.traced"]


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "careloom.traced"]


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "careloom.traced"]


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "careloom.traced"]
