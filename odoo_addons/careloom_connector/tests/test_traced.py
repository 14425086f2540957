# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import TransactionCase, tagged

MODELS = ("res.partner", "account.move", "purchase.order", "sale.order", "stock.picking")


@tagged("post_install", "-at_install")
class TestTraced(TransactionCase):
    def setUp(self):
        super().setUp()
        self.partner = self.env["res.partner"].create({"name": "Ada Example"})
        self.parameters = self.env["ir.config_parameter"].sudo()
        self.parameters.set_param("careloom.url", "https://hub.example.org/")

    def document(self, **values):
        base = {"key": "hub.partner_1", "model": "res.partner", "res_id": self.partner.id}
        self.env["careloom.document"].create({**base, **values})
        self.partner.invalidate_recordset()

    def test_each_form_has_the_button(self):
        for model in MODELS:
            with self.subTest(model=model):
                arch = self.env[model].get_view(view_type="form")["arch"]
                self.assertIn("action_careloom_exceptions", arch)
                self.assertIn("careloom_link", arch)

    def test_the_button_opens_the_exceptions_of_the_record(self):
        action = self.partner.action_careloom_exceptions()
        self.assertEqual(action["url"], f"https://hub.example.org/exceptions?record=res.partner/{self.partner.id}")
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "new"))

    def test_without_a_hub_there_is_no_button(self):
        for url in ("", "javascript:alert(1)"):
            self.parameters.set_param("careloom.url", url)
            self.partner.invalidate_recordset()
            self.assertFalse(self.partner.careloom_exceptions_url)

    def test_the_trace_is_the_given_link_or_the_journey(self):
        self.document(correlation="c-1")
        self.assertEqual(self.partner.careloom_correlation, "c-1")
        self.assertEqual(self.partner.careloom_link, "https://hub.example.org/journeys/c-1")
        self.env["careloom.document"].search([("key", "=", "hub.partner_1")]).link = "https://hub.example.org/j/7"
        self.partner.invalidate_recordset()
        self.assertEqual(self.partner.careloom_link, "https://hub.example.org/j/7")

    def test_a_link_that_is_not_of_the_web_is_not_shown(self):
        self.document(link="javascript:alert(1)")
        self.assertFalse(self.partner.careloom_link)

    def test_a_new_record_has_neither(self):
        new = self.env["res.partner"].new({"name": "Draft"})
        self.assertFalse(new.careloom_link)
        self.assertFalse(new.careloom_exceptions_url)
