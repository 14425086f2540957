# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged

from .common import PARTNERS, Outbox, connector


@tagged("post_install", "-at_install")
class TestOutbox(Outbox, TransactionCase):
    def setUp(self):
        super().setUp()
        self.reader = connector(self.env)
        self.partner = self.env["res.partner"].create({"name": "Ada Example", "ref": "A1"})
        self.watch(PARTNERS)

    def test_a_created_record_is_one_change_with_what_was_asked_for(self):
        made = self.env["res.partner"].create({"name": "Bo Example", "country_id": self.env.ref("base.us").id})
        made.ref = "B1"
        (change,) = self.published()
        self.assertEqual((change["model"], change["id"], change["operation"]), ("res.partner", made.id, "create"))
        self.assertIsNone(change["before"])
        self.assertEqual(change["after"], {"name": "Bo Example", "ref": "B1", "active": True})
        self.assertEqual(change["record"]["country_id"]["code"], "US")
        self.assertRegex(change["at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_many_writes_are_one_change_from_the_start_to_the_end(self):
        for ref in ("A2", "A3"):
            self.partner.ref = ref
            self.env.flush_all()
        (change,) = self.published()
        self.assertEqual((change["before"]["ref"], change["after"]["ref"]), ("A1", "A3"))

    def test_no_difference_is_no_change(self):
        self.partner.ref = "A2"
        self.env.flush_all()
        self.partner.write({"ref": "A1", "comment": "seen"})
        self.assertEqual(self.published(), [])

    def test_a_savepoint_that_rolls_back_publishes_nothing(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.partner.ref = "A2"
            self.env["res.partner"].create({"name": "Nobody"})
            self.env.flush_all()
            raise ZeroDivisionError
        self.assertEqual(self.published(), [])

    def test_what_follows_a_rolled_back_savepoint_is_published(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.partner.ref = "A2"
            self.env.flush_all()
            raise ZeroDivisionError
        self.partner.ref = "A9"
        (change,) = self.published()
        self.assertEqual((change["before"]["ref"], change["after"]["ref"]), ("A1", "A9"))

    def test_an_unwatched_state_without_fields_also_survives_savepoints(self):
        self.watch({**PARTNERS, "state": None})
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.partner.ref = "A2"
            self.env.flush_all()
            raise ZeroDivisionError
        self.assertEqual(self.published(), [])
        self.partner.comment = "anything"
        (change,) = self.published()
        self.assertEqual((change["before"], change["after"]), (None, None))

    def test_a_deleted_record_leaves_a_tombstone(self):
        identity = self.partner.id
        self.partner.ref = "A2"
        self.partner.unlink()
        (change,) = self.published()
        self.assertEqual((change["id"], change["operation"]), (identity, "unlink"))
        self.assertEqual(change["before"]["ref"], "A1")
        self.assertIsNone(change["after"])
        self.assertIsNone(change["record"])

    def test_created_and_deleted_is_nothing(self):
        self.env["res.partner"].create({"name": "Nobody"}).unlink()
        self.assertEqual(self.published(), [])

    def test_the_domain_chooses_also_among_the_deleted(self):
        self.watch({**PARTNERS, "domain": [["is_company", "=", True]]})
        company = self.env["res.partner"].create({"name": "Example Inc", "is_company": True})
        self.partner.ref = "A2"
        self.assertEqual([change["id"] for change in self.published()], [company.id])
        self.partner.unlink()
        company.unlink()
        self.assertEqual([change["operation"] for change in self.published()], ["unlink"])

    def test_rows_that_the_database_deletes_leave_tombstones(self):
        product = self.env["product.product"].create({"name": "Gauze"})
        info = {"partner_id": self.partner.id, "product_tmpl_id": product.product_tmpl_id.id, "price": 1.0}
        made = self.env["product.supplierinfo"].create(info)
        self.watch({"model": "product.supplierinfo", "state": ["price"], "specification": {"price": {}}})
        product.product_tmpl_id.unlink()
        (change,) = self.published()
        self.assertEqual((change["id"], change["operation"], change["before"]), (made.id, "unlink", {"price": 1.0}))

    def test_a_trigger_leads_to_the_watched_record(self):
        bank = {"model": "res.partner.bank", "path": "partner_id"}
        self.watch({"model": "res.partner", "state": None, "specification": {"name": {}}, "triggers": [bank]})
        account = self.env["res.partner.bank"].create({"acc_number": "X-1", "partner_id": self.partner.id})
        self.assertEqual([change["id"] for change in self.published()], [self.partner.id])
        other = self.env["res.partner"].create({"name": "Bo Example"})
        self.settle()
        account.partner_id = other
        self.assertEqual({change["id"] for change in self.published()}, {self.partner.id, other.id})
        account.unlink()
        self.assertEqual([change["id"] for change in self.published()], [other.id])

    def test_the_user_is_who_did_it_not_whose_rights_were_used(self):
        self.partner.with_user(self.reader).sudo().write({"ref": "A2"})
        self.env.flush_all()
        (change,) = self.published()
        self.assertEqual(change["user"], {"id": self.reader.id, "login": self.reader.login})

    def test_a_record_that_cannot_be_read_is_published_without_its_content(self):
        broken = type(self.env["res.partner"])
        original = broken.web_read
        self.patch(broken, "web_read", lambda *_: 1 / 0)
        self.partner.ref = "A2"
        with self.assertLogs("odoo.addons.careloom_connector", "ERROR") as logged:
            (change,) = self.published()
        self.patch(broken, "web_read", original)
        self.assertIsNone(change["record"])
        self.assertEqual(change["after"]["ref"], "A2")
        self.assertNotIn("A2", logged.output[0])

    def test_acknowledged_rows_are_pruned_after_their_days(self):
        outbox = self.env["careloom.outbox"].with_user(self.reader)
        self.partner.ref = "A2"
        (change,) = self.published()
        self.assertGreaterEqual(outbox.acknowledge(change["seq"]), 1)
        self.assertEqual(outbox.acknowledge(change["seq"]), 0)
        self.env["careloom.outbox"]._prune()
        self.assertTrue(outbox.pull(change["seq"] - 1)["changes"])
        self.env["ir.config_parameter"].sudo().set_param("careloom.keep_days", "0")
        self.env["careloom.outbox"]._prune()
        self.assertFalse(outbox.pull(change["seq"] - 1)["changes"])

    def test_pull_goes_on_where_it_stopped(self):
        outbox = self.env["careloom.outbox"].with_user(self.reader)
        for ref in ("A2", "A3", "A4"):
            self.partner.ref = ref
            self.published()
        last = outbox.describe()["last"]
        first = outbox.pull(last - 3, 2)
        rest = outbox.pull(first["last"], 2)
        self.assertEqual([c["after"]["ref"] for c in [*first["changes"], *rest["changes"]]], ["A2", "A3", "A4"])
        self.assertEqual(outbox.pull(rest["last"]), {"changes": [], "last": rest["last"]})

    def test_other_companies_stay_with_themselves(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.settle()
        self.partner.write({"company_id": company.id, "ref": "A2"})
        self.assertEqual(self.published(), [])
        self.reader.company_ids += company
        self.partner.ref = "A3"
        (change,) = self.published()
        self.assertEqual(change["company"], {"id": company.id, "name": "Elsewhere"})

    def test_the_same_watches_are_no_new_generation(self):
        outbox = self.env["careloom.outbox"].with_user(self.reader)
        before = outbox.describe()["generation"]
        self.assertEqual(outbox.watch([PARTNERS]), {"generation": before})
        self.assertEqual(outbox.watch([]), {"generation": before + 1})

    def test_only_the_connector_may_use_it(self):
        stranger = self.env["careloom.outbox"].with_user(self.env.ref("base.user_admin"))
        for call in (stranger.describe, stranger.pull, lambda: stranger.watch([]), lambda: stranger.acknowledge(1)):
            with self.assertRaises(AccessError):
                call()

    def test_a_watch_that_cannot_work_is_refused(self):
        wrong = [
            {"model": "no.such.model"},
            {"model": "careloom.outbox"},
            {"model": "res.config.settings"},
            {"model": "res.partner", "state": ["nothing"]},
            {"model": "res.partner", "specification": {"nothing": {}}},
            {"model": "res.partner", "domain": [["nothing", "=", 1]]},
            {"model": "res.partner", "triggers": [{"model": "res.partner.bank", "path": "bank_id"}]},
            {"model": "res.partner", "triggers": [{"model": "res.partner.bank", "path": "acc_number"}]},
            {"model": "res.partner", "fields": []},
        ]
        for watch in wrong:
            with self.subTest(watch=watch), self.assertRaises(ValidationError):
                self.env["careloom.outbox"].with_user(self.reader).watch([watch])
        with self.assertRaises(ValidationError):
            self.env["careloom.outbox"].with_user(self.reader).watch([PARTNERS, PARTNERS])

    def test_a_watch_that_lost_its_field_holds_nobody_up(self):
        watch = self.env["careloom.watch"].search([("model", "=", "res.partner")])
        for part in (
            {"state": ["lost"]},
            {"domain": [["lost", "=", 1]]},
            {"triggers": [{"model": "lost", "path": "x"}]},
        ):
            full = {**PARTNERS, "domain": [], "triggers": [], **part}
            watch.definition = json.dumps(full)
            self.env.flush_all()
            self.env.registry.clear_cache()
            with self.assertLogs("odoo.addons.careloom_connector.plan", "ERROR"):
                self.partner.ref = f"lost {part}"
                self.assertEqual(self.published(), [])

    def test_the_group_gives_no_more_than_it_says(self):
        for model in ("ir.model.data", "res.partner", "account.move", "careloom.outbox", "careloom.document"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.reader).browse().check_access("write")
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.reader).browse().check_access("unlink")
