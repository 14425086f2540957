# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import threading
import uuid

from odoo import api
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.exceptions import AccessError, ValidationError
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, TransactionCase, get_db_name, tagged

from .common import Outbox, connector

PARTNER = ["id", "name", "ref", "country_id/id"]
INVOICE = ["id", "move_type", "partner_id/.id", "invoice_date", "journal_id/.id"]
INVOICE += ["invoice_line_ids/id", "invoice_line_ids/name", "invoice_line_ids/quantity", "invoice_line_ids/price_unit"]


@tagged("post_install", "-at_install")
class TestSubmit(TransactionCase):
    def setUp(self):
        super().setUp()
        user = connector(self.env, groups="base.group_partner_manager")
        self.documents = self.env["careloom.document"].with_user(user)

    def submit(self, *documents, **options):
        return self.documents._submit(
            "res.partner", PARTNER, list(documents), None, options.get("read", ["name", "ref"])
        )

    @staticmethod
    def document(key, name="Ada Example", ref="A1", country="base.us", **more):
        return {"key": key, "rows": [[key, name, ref, country]], **more}

    def test_a_document_is_created_once_and_then_updated(self):
        (first,) = self.submit(self.document("hub.p1", correlation="c-1", link="https://hub.example.org/j/1"))
        self.assertEqual((first["created"], first["acted"]), (True, False))
        self.assertEqual(first["values"], {"name": "Ada Example", "ref": "A1"})
        (second,) = self.submit(self.document("hub.p1", ref="A2"))
        self.assertEqual((second["id"], second["created"], second["values"]["ref"]), (first["id"], False, "A2"))
        known = self.documents.sudo().search([("key", "=", "hub.p1")])
        self.assertEqual((known.res_id, known.correlation), (first["id"], "c-1"))

    def test_those_that_fail_fail_alone_and_the_order_stays(self):
        documents = [self.document(f"hub.p{n}", country="base.nowhere" if n in (3, 6) else "base.us") for n in range(8)]
        answers = self.submit(*documents)
        self.assertEqual([answer["key"] for answer in answers], [document["key"] for document in documents])
        self.assertEqual([n for n, answer in enumerate(answers) if "error" in answer], [3, 6])
        self.assertEqual(answers[3]["error"]["name"], "odoo.exceptions.ValidationError")
        self.assertEqual(answers[3]["error"]["field"], "country_id")
        self.assertFalse(self.env.ref("hub.p3", raise_if_not_found=False))

    def test_a_key_that_comes_twice_is_taken_in_turn(self):
        one, two = self.submit(self.document("hub.p1", ref="A1"), self.document("hub.p1", ref="A2"))
        self.assertEqual((one["id"], one["created"], two["created"]), (two["id"], True, False))
        self.assertEqual(two["values"]["ref"], "A2")

    def test_a_deleted_record_is_created_again(self):
        (first,) = self.submit(self.document("hub.p1"))
        self.env["res.partner"].browse(first["id"]).unlink()
        (second,) = self.submit(self.document("hub.p1"))
        self.assertTrue(second["created"])
        self.assertNotEqual(second["id"], first["id"])

    def test_a_malformed_document_is_an_answer_not_a_crash(self):
        good = self.document("hub.p1")
        wrong = [
            {"key": "nodot", "rows": [["nodot", "A", "", ""]]},
            {"key": "hub.empty", "rows": []},
            {"key": "hub.short", "rows": [["hub.short"]]},
            {"key": "hub.other", "rows": [["hub.else", "A", "", ""]]},
            {"key": "hub.twice", "rows": [["hub.twice", "A", "", ""], ["hub.b", "B", "", ""]]},
            {"key": None, "rows": [["x", "A", "", ""]]},
            self.document("base.main_company"),
        ]
        *errors, last = self.submit(*wrong, good)
        self.assertTrue(all(answer["error"]["name"] == "odoo.exceptions.ValidationError" for answer in errors))
        self.assertTrue(last["created"])

    def test_calls_outside_the_list_are_refused(self):
        for model, fields, action in (
            ("res.partner", PARTNER, "unlink"),
            ("account.move", INVOICE, "button_draft"),
            ("res.partner", ["name"], None),
            ("careloom.document", ["id"], None),
            ("no.model", ["id"], None),
        ):
            with self.subTest(model=model), self.assertRaises(ValidationError):
                self.documents.submit(model, fields, [], action)

    def test_the_callers_own_rights_decide(self):
        poor = self.env["careloom.document"].with_user(connector(self.env, "careloom.poor"))
        with self.assertRaises(AccessError):
            poor.with_user(self.env.ref("base.user_admin")).submit("res.partner", PARTNER, [])
        (answer,) = poor._submit("res.partner", PARTNER, [self.document("hub.p9")], None, ["name"])
        self.assertIn("error", answer)
        self.assertFalse(self.env.ref("hub.p9", raise_if_not_found=False))


@tagged("post_install", "-at_install")
class TestInvoices(Outbox, AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader = connector(cls.env, groups="account.group_account_invoice")
        cls.reader.write({"company_ids": [(6, 0, cls.env.company.ids)], "company_id": cls.env.company.id})

    def submit(self, *documents):
        read = ["state", "amount_untaxed", "name"]
        documents_of = self.env["careloom.document"].with_user(self.reader).with_company(self.env.company)
        return documents_of._submit("account.move", INVOICE, list(documents), "action_post", read)

    def invoice(self, key, *prices):
        journal = self.company_data["default_journal_sale"].id
        lines = [[f"{key}_{n}", "Visit", 1, price] for n, price in enumerate(prices)]
        first = [key, "out_invoice", self.partner_a.id, "2026-11-01", journal]
        rows = [(first if n == 0 else [""] * 5) + line for n, line in enumerate(lines)]
        return {"key": key, "rows": rows or [[*first, "", "", "", ""]], "correlation": f"c-{key}"}

    def test_invoices_are_created_and_posted_once(self):
        first = self.submit(self.invoice("hub.i1", 120.0, 30.0), self.invoice("hub.i2", 50.0))
        self.assertEqual([a["values"]["amount_untaxed"] for a in first], [150.0, 50.0])
        self.assertEqual({(a["values"]["state"], a["created"], a["acted"]) for a in first}, {("posted", True, True)})
        again = self.submit(self.invoice("hub.i1", 999.0), self.invoice("hub.i2", 50.0))
        self.assertEqual([a["values"] for a in again], [a["values"] for a in first])
        self.assertEqual({(a["created"], a["acted"]) for a in again}, {(False, False)})

    def test_one_that_cannot_be_posted_leaves_nothing_and_the_others_stand(self):
        good, bad, other = self.submit(self.invoice("hub.i1", 1.0), self.invoice("hub.i2"), self.invoice("hub.i3", 3.0))
        self.assertEqual((good["values"]["state"], other["values"]["state"]), ("posted", "posted"))
        self.assertEqual(bad["error"]["name"], "odoo.exceptions.UserError")
        self.assertFalse(self.env.ref("hub.i2", raise_if_not_found=False))
        self.assertFalse(self.env["careloom.document"].search([("key", "=", "hub.i2")]))

    def test_a_draft_that_stands_is_written_and_posted(self):
        documents = self.env["careloom.document"].with_user(self.reader)
        (draft,) = documents._submit("account.move", INVOICE, [self.invoice("hub.i1", 1.0)], None, ["state"])
        self.assertEqual(draft["values"]["state"], "draft")
        (posted,) = self.submit(self.invoice("hub.i1", 7.0))
        self.assertEqual((posted["id"], posted["created"], posted["acted"]), (draft["id"], False, True))
        self.assertEqual(posted["values"]["amount_untaxed"], 7.0)

    def test_recomputed_columns_are_seen_from_posting_to_payment(self):
        state = ["state", "payment_state", "amount_residual"]
        domain = [["move_type", "!=", "entry"]]
        self.watch({"model": "account.move", "domain": domain, "state": state, "specification": {"name": {}}})
        (answer,) = self.submit(self.invoice("hub.i1", 100.0))
        (change,) = self.published()
        self.assertEqual((change["operation"], change["after"]["payment_state"]), ("create", "not_paid"))
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=[answer["id"]]
        )
        payments = wizard.create({})._create_payments()
        (change,) = [change for change in self.published() if change["id"] == answer["id"]]
        self.assertEqual(change["before"]["payment_state"], "not_paid")
        self.assertIn(change["after"]["payment_state"], ("paid", "in_payment"))
        self.assertEqual(change["after"]["amount_residual"], 0.0)
        self.assertTrue(payments)


@tagged("post_install", "-at_install")
class TestRace(BaseCase):
    """Real transactions at the same time; what they leave is taken away again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # The runner holds this lock, which the threads need.
        self.patch(Registry, "_lock", DummyRLock())
        self.keys = [f"race{uuid.uuid4().hex[:12]}.p{n}" for n in range(10)]
        self.addCleanup(self.clean)

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            documents = env["careloom.document"].search([("key", "in", self.keys)])
            env["res.partner"].browse(documents.mapped("res_id")).unlink()
            documents.unlink()

    def submit(self, answers):
        documents = [{"key": key, "rows": [[key, "Ada Example", "", ""]]} for key in self.keys]
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            answers += env["careloom.document"].submit("res.partner", PARTNER, documents)

    def test_the_same_documents_at_once_are_created_once(self):
        answers = []
        threads = [threading.Thread(target=self.submit, args=(answers,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(answers), 40)
        self.assertEqual(sum(answer["created"] for answer in answers), 10)
        self.assertEqual(len({(answer["key"], answer["id"]) for answer in answers}), 10)
