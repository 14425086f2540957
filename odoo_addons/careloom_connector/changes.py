# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import functools

from odoo import SUPERUSER_ID, api
from odoo.http import request
from odoo.sql_db import Cursor

from .rows import fetch

ATTRIBUTE = "_careloom_changes"


class Touch:
    """A watched record of this transaction, and what it was before its first change."""

    __slots__ = ("before", "caused", "matched", "uid")

    def __init__(self, uid, before=None):
        self.uid = uid
        self.before = before
        self.matched = True
        self.caused = False


class Cause:
    """A record of a trigger model: its version before, and where its columns led to then."""

    __slots__ = ("parents", "uid", "version")

    def __init__(self, uid, version=None, parents=()):
        self.uid = uid
        self.version = version
        self.parents = parents


class Changes:
    """What one database transaction has touched.

    The first touch reads the columns past the cache, before the ORM's own UPDATE: they are those of the transaction's
    start, whatever savepoints come and go later. What really changed is decided once, at the commit.
    """

    def __init__(self):
        self.touched = {}
        self.causes = {}
        self.rows = []
        self.fresh = False

    def touch(self, key, uid, before=None):
        """The touch of (model, id); a real user takes the place of the superuser."""
        found = self.touched.get(key)
        if found is None:
            found = self.touched[key] = Touch(uid, before)
        elif found.uid == SUPERUSER_ID:
            found.uid = uid
        return found

    def created(self, plan, records):
        """Rows that did not exist before."""
        self.fresh = True
        for identity in records._ids:
            if records._name in plan.watches:
                self.touch((records._name, identity), records.env.uid)
            if records._name in plan.triggers:
                self.causes.setdefault((records._name, identity), Cause(records.env.uid))

    def changing(self, plan, records, users=None):
        """Rows that are about to change, by whom: {id: uid}, else the environment's user."""
        self.fresh = True
        users = users or dict.fromkeys(records._ids, records.env.uid)
        if watch := plan.watches.get(records._name):
            self._remember(watch, records, users)
        if triggers := plan.triggers.get(records._name):
            self._remember_causes(triggers, records, users)

    def deleting(self, plan, records):
        """Rows that are about to go, with those that the database deletes along."""
        self.changing(plan, records)
        if watch := plan.watches.get(records._name):
            self._match(watch, records)
        for model, name in plan.cascades.get(records._name, ()):
            followers = records.env[model].sudo().with_context(active_test=False)
            followers = followers.search([(name, "in", records.ids)])
            if followers and model != records._name:
                self.deleting(plan, followers.with_env(records.env))

    def _remember(self, watch, records, users):
        model = records._name
        unknown = []
        for identity in records._ids:
            if (model, identity) in self.touched:
                self.touch((model, identity), users[identity])
            else:
                unknown.append(identity)
        if unknown:
            for identity, row in fetch(records.env.cr, records, unknown, watch.columns, watch.company).items():
                self.touch((model, identity), users[identity], row)

    def _remember_causes(self, triggers, records, users):
        unknown = [identity for identity in records._ids if (records._name, identity) not in self.causes]
        if not unknown:
            return
        hops = sorted({trigger.hop for trigger in triggers if trigger.hop})
        for identity, row in fetch(records.env.cr, records, unknown, hops).items():
            self.causes[records._name, identity] = Cause(users[identity], row.version, row.values)

    def _match(self, watch, records):
        known = records.sudo().with_context(active_test=False)
        inside = set(known.filtered_domain(watch.domain)._ids) if watch.domain else set(known._ids)
        for identity in records._ids:
            if touch := self.touched.get((records._name, identity)):
                touch.matched = identity in inside

    def actor(self):
        """The user behind a transaction that the superuser's rights were borrowed for."""
        for touch in [*self.touched.values(), *self.causes.values()]:
            if touch.uid and touch.uid != SUPERUSER_ID:
                return touch.uid
        return (request and request.env and request.env.uid) or SUPERUSER_ID


def following(env):
    """The changes of the cursor's transaction; they are forgotten when it rolls back."""
    cr = env.cr
    changes = vars(cr).get(ATTRIBUTE)
    if changes is None:
        changes = Changes()
        setattr(cr, ATTRIBUTE, changes)
        cr.postrollback.add(lambda: forget(cr))
    return changes


def publish(cr):
    """Flush, then write the outbox rows of the transaction so far; again as long as that changes something more."""
    cr.flush()
    changes = vars(cr).get(ATTRIBUTE)
    if changes is None:
        return
    outbox = api.Environment(cr, SUPERUSER_ID, {})["careloom.outbox"]
    for _ in range(3):
        if not changes.fresh:
            return
        changes.fresh = False
        outbox._publish(changes)
        cr.flush()


def forget(cr):
    """Drop what is known of the transaction."""
    vars(cr).pop(ATTRIBUTE, None)


def _publishing(original):
    @functools.wraps(original)
    def commit(self):
        if self.transaction is not None:
            publish(self)
            forget(self)
        return original(self)

    return commit


# Odoo runs its precommit hooks at every savepoint too: only the commit itself knows that the transaction is whole.
# The step comes after all those hooks, once, in the same database transaction.
Cursor.commit = _publishing(Cursor.commit)
