# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import new_test_user

from ..changes import forget, publish

PARTNERS = {
    "model": "res.partner",
    "state": ["name", "ref", "active"],
    "specification": {"name": {}, "ref": {}, "country_id": {"fields": {"code": {}}}},
}


def connector(env, login="careloom.test", groups=""):
    """A user of the connector's group; `groups` are those of its business documents."""
    every = ",".join(filter(None, ["base.group_user", "careloom_connector.group_connector", groups]))
    return new_test_user(env, login=login, groups=every, email=f"{login}@example.org")


class Outbox:
    """For cases without a commit: does what the commit would do, and gives what it would publish."""

    def watch(self, *watches):
        self.env["careloom.outbox"].sudo().watch(list(watches))
        self.settle()

    def settle(self):
        self.env.flush_all()
        forget(self.env.cr)

    def published(self):
        start = self.env["careloom.outbox"].sudo().describe()["last"]
        publish(self.env.cr)
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS ALL DEFERRED")
        forget(self.env.cr)
        return self.env["careloom.outbox"].sudo().with_user(self.reader).pull(start)["changes"]
