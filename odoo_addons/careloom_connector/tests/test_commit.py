# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import json
import threading
import uuid
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import DummyRLock, Registry
from odoo.tests import BaseCase, get_db_name, tagged

from .common import PARTNERS


@tagged("post_install", "-at_install")
class TestCommit(BaseCase):
    """Real transactions, each on its own connection; what they leave is taken away again."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # The runner holds this lock, which the threads need.
        self.patch(Registry, "_lock", DummyRLock())
        self.mark = uuid.uuid4().hex
        with self.environment() as env:
            self.start = env["careloom.outbox"].describe()["last"]
            self.watched = [json.loads(watch.definition) for watch in env["careloom.watch"].search([])]
            env["careloom.outbox"].watch([{**PARTNERS, "domain": [["ref", "=", self.mark]]}])
        self.addCleanup(self.clean)

    def clean(self):
        with self.environment() as env:
            env["careloom.outbox"].watch(self.watched)
            env["res.partner"].with_context(active_test=False).search([("ref", "=", self.mark)]).unlink()
            env.cr.execute("DELETE FROM careloom_outbox WHERE change LIKE %s", (f"%{self.mark}%",))

    @contextmanager
    def environment(self):
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def make(self, env, name):
        return env["res.partner"].create({"name": name, "ref": self.mark})

    def published(self):
        with self.environment() as env:
            changes = env["careloom.outbox"].pull(self.start, 10_000)["changes"]
        return [c for c in changes if self.mark in str(c["before"]) + str(c["after"])]

    def test_a_commit_publishes_and_a_rollback_does_not(self):
        with self.assertRaises(ZeroDivisionError), self.environment() as env:
            self.make(env, "Never")
            env.cr.flush()
            raise ZeroDivisionError
        with self.environment() as env:
            self.make(env, "Once")
        self.assertEqual([c["after"]["name"] for c in self.published()], ["Once"])

    def test_a_cursor_that_goes_on_after_its_rollback_publishes_only_what_commits(self):
        with self.environment() as env:
            self.make(env, "Never")
            env.cr.rollback()
            made = self.make(env, "First")
            env.cr.commit()
            made.name = "Second"
            env.cr.commit()
            made.name = "Never"
            env.flush_all()
            env.cr.rollback()
        self.assertEqual([c["after"]["name"] for c in self.published()], ["First", "Second"])

    def test_the_sequence_is_the_order_of_commits_not_of_work(self):
        with self.environment() as late:
            self.make(late, "Last")
            late.cr.flush()
            with self.environment() as early:
                self.make(early, "First")
            self.assertEqual([c["after"]["name"] for c in self.published()], ["First"])
        self.assertEqual([c["after"]["name"] for c in self.published()], ["First", "Last"])

    def test_a_transaction_at_work_holds_nobody_up(self):
        with self.environment() as slow:
            self.make(slow, "Slow")
            slow.cr.flush()
            done = threading.Event()

            def other():
                with self.environment() as env:
                    self.make(env, "Quick")
                done.set()

            thread = threading.Thread(target=other)
            thread.start()
            self.assertTrue(done.wait(20))
            thread.join()

    def test_state_that_is_computed_on_reading_is_known_before_and_after(self):
        with self.environment() as env:
            made = self.make(env, "Ada Example")
            watch = {"model": "res.partner", "state": ["contact_address", "ref"], "domain": [["ref", "=", self.mark]]}
            self.assertFalse(made._fields["contact_address"].store)
            env["careloom.outbox"].watch([watch])
            identity = made.id
        with self.environment() as env:
            env["res.partner"].browse(identity).street = "1 Example Street"
        change = self.published()[-1]
        self.assertNotIn("1 Example Street", change["before"]["contact_address"])
        self.assertIn("1 Example Street", change["after"]["contact_address"])
