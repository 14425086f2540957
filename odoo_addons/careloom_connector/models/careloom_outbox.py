# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import datetime
import decimal
import json
import logging
from functools import partial

import psycopg2
from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.modules.module import get_manifest
from odoo.release import major_version

from ..changes import Touch
from ..rows import fetch
from ..wake import WAKER

_logger = logging.getLogger(__name__)

GROUP = "careloom_connector.group_connector"
GENERATION = "careloom.generation"
LOCK = 4_032_026_118
KEEP_DAYS = 7


def encode(value):
    """What `json.dumps` does not know, in the form of Odoo's own API."""
    if isinstance(value, datetime.datetime):
        return fields.Datetime.to_string(value)
    if isinstance(value, datetime.date):
        return fields.Date.to_string(value)
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode()
    return str(value)


class CareloomOutbox(models.Model):
    """Changes of watched records, one row per record and transaction, written in that same transaction."""

    _name = "careloom.outbox"
    _description = "Careloom outbox"
    _order = "seq"
    _log_access = False
    _rec_name = "model"

    seq = fields.Integer("Sequence", readonly=True, index=True)
    at = fields.Datetime(readonly=True)
    model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer("Record", required=True, readonly=True)
    operation = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="set null")
    change = fields.Text(required=True, readonly=True)
    acknowledged = fields.Datetime(readonly=True)

    def init(self):
        """Number the rows at COMMIT, in the database: a deferred trigger is the very last thing of a transaction.

        The lock is held from there until the commit is visible, so the order of `seq` is the order of commits and
        no reader can pass by a number that appears later; nobody waits for a transaction that is still at work.
        """
        self.env.cr.execute(
            f"""
            CREATE SEQUENCE IF NOT EXISTS careloom_outbox_seq;
            CREATE OR REPLACE FUNCTION careloom_outbox_number() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock({LOCK});
                UPDATE careloom_outbox
                   SET seq = nextval('careloom_outbox_seq'), at = timezone('utc', clock_timestamp())
                 WHERE id = NEW.id AND seq IS NULL;
                RETURN NULL;
            END $$;
            DROP TRIGGER IF EXISTS careloom_outbox_number ON careloom_outbox;
            CREATE CONSTRAINT TRIGGER careloom_outbox_number AFTER INSERT ON careloom_outbox
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION careloom_outbox_number();
            """
        )

    # What the hub calls

    @api.model
    def watch(self, watches):
        """Replace what is watched; the same list again writes nothing. Gives {"generation": n}."""
        self._check_connector()
        return {"generation": self.env["careloom.watch"]._declare(watches)}

    @api.model
    def pull(self, after=0, limit=1000):
        """The committed changes after a sequence number, in order, at most `limit` (10,000): {"changes", "last"}."""
        self._check_connector()
        self.env.cr.execute(
            """
            SELECT seq, at, change FROM careloom_outbox
             WHERE seq > %s AND (company_id IS NULL OR company_id = ANY(%s)) ORDER BY seq LIMIT %s
            """,
            (after, self.env.user.company_ids.ids, max(1, min(limit, 10_000))),
        )
        changes = [
            {"seq": seq, "at": at.isoformat(timespec="microseconds") + "Z", **json.loads(change)}
            for seq, at, change in self.env.cr.fetchall()
        ]
        return {"changes": changes, "last": changes[-1]["seq"] if changes else after}

    @api.model
    def acknowledge(self, upto):
        """Mark everything up to a sequence number as safely stored by the hub; gives how many were new."""
        self._check_connector()
        self.env.cr.execute(
            """
            UPDATE careloom_outbox SET acknowledged = timezone('utc', now())
             WHERE seq <= %s AND acknowledged IS NULL
            """,
            (upto,),
        )
        count = self.env.cr.rowcount
        if not self._keep_days():
            self._prune()
        return count

    @api.model
    def describe(self):
        """Which database and addon this is, and how far the outbox stands."""
        self._check_connector()
        self.env.cr.execute(
            """
            SELECT min(seq), max(seq), count(*) FILTER (WHERE acknowledged IS NULL AND seq IS NOT NULL)
              FROM careloom_outbox
            """
        )
        first, last, unacknowledged = self.env.cr.fetchone()
        parameter = self.env["ir.config_parameter"].sudo().get_param
        return {
            "version": 1,
            "database_uuid": parameter("database.uuid"),
            "generation": int(parameter(GENERATION) or 0),
            "first": first or 0,
            "last": last or 0,
            "unacknowledged": unacknowledged,
            "addon": get_manifest("careloom_connector")["version"],
        }

    def _check_connector(self):
        if not self.env.su and not self.env.user.has_group(GROUP):
            raise AccessError(self.env._("Only users of the group Careloom connector may use the outbox."))

    # Pruning

    def _keep_days(self):
        value = self.env["ir.config_parameter"].sudo().get_param("careloom.keep_days") or ""
        return int(value) if value.isdigit() else KEEP_DAYS

    @api.autovacuum
    def _prune(self):
        """Delete what was acknowledged more than `careloom.keep_days` ago."""
        self.env.cr.execute(
            "DELETE FROM careloom_outbox WHERE acknowledged <= timezone('utc', now()) - make_interval(days => %s)",
            (self._keep_days(),),
        )
        return self.env.cr.rowcount

    # What a commit does

    @api.model
    def _publish(self, changes):
        """Write the rows of a transaction whose changes are flushed; called again, it replaces its own rows."""
        plan = self.env["careloom.watch"]._plan()
        if changes.rows:
            self.env.cr.execute("DELETE FROM careloom_outbox WHERE id = ANY(%s)", (changes.rows,))
        self._follow_triggers(plan, changes)
        rows = []
        for model in dict.fromkeys(model for model, _ in changes.touched):
            if model in plan.watches:
                rows += self._differences(plan.watches[model], changes)
        changes.rows = self._insert(rows)
        if rows:
            self._wake()

    def _insert(self, rows):
        if not rows:
            return []
        self.env.cr.execute(
            """
            INSERT INTO careloom_outbox (model, res_id, operation, company_id, change)
            SELECT r->>'model', (r->>'id')::int, r->>'operation', (r#>>'{company,id}')::int, r::text
              FROM json_array_elements(%s::json) WITH ORDINALITY AS rows(r, n) ORDER BY n RETURNING id
            """,
            (json.dumps(rows, default=encode),),
        )
        return [identity for (identity,) in self.env.cr.fetchall()]

    def _wake(self):
        parameter = self.env["ir.config_parameter"].sudo().get_param
        url, secret = parameter("careloom.wake_url"), parameter("careloom.wake_secret")
        if url and secret:
            self.env.cr.postcommit.add(partial(WAKER.notify, self.env.cr.dbname, url, secret))

    def _follow_triggers(self, plan, changes):
        """Touch the watched records that records of trigger models lead to, as far as those really changed."""
        for name, triggers in plan.triggers.items():
            known = {identity: cause for (model, identity), cause in changes.causes.items() if model == name}
            if not known:
                continue
            now = fetch(self.env.cr, self.env[name], known, [])
            real = {i: c for i, c in known.items() if c.version != (now[i].version if i in now else None)}
            for trigger in triggers:
                self._follow(plan.watches[trigger.watched], trigger, real, set(now), changes)

    def _follow(self, watch, trigger, causes, existing, changes):
        env = self.with_context(active_test=False).env
        for identity, cause in causes.items():
            found = set()
            if identity in existing:
                found |= set(env[trigger.model].browse(identity).mapped(trigger.path)._ids)
            if trigger.hop and (parent := dict(cause.parents).get(trigger.hop)):
                parents = env[trigger.comodel].browse(parent).exists()
                found |= set((parents.mapped(trigger.rest) if trigger.rest else parents)._ids)
            for reached in found:
                self._touch_late(watch, reached, cause.uid, changes)

    def _touch_late(self, watch, identity, uid, changes):
        """A record that was not changed itself: its columns still are as they were before."""
        key = (watch.model, identity)
        if key not in changes.touched:
            rows = fetch(self.env.cr, self.env[watch.model], [identity], watch.columns, watch.company)
            if identity not in rows:
                return
            changes.touched[key] = Touch(uid, rows[identity])
        changes.touched[key].caused = True

    def _differences(self, watch, changes):
        """The change messages of one watched model."""
        touched = {i: touch for (model, i), touch in changes.touched.items() if model == watch.model}
        now = fetch(self.env.cr, self.env[watch.model], touched, watch.columns, watch.company)
        standing = self._inside(watch, [i for i in touched if i in now])
        before = {i: dict(touch.before.values) for i, touch in touched.items() if touch.before}
        after = {i: dict(now[i].values) for i in standing}
        self._add_computed(watch, before, after)
        gone = [i for i, touch in touched.items() if touch.before and i not in now and touch.matched]
        changed = [i for i in standing if self._differs(watch, touched[i], now[i], before.get(i), after[i])]
        records = self._records(watch, {i: now[i].company for i in changed})
        rows = []
        published = {*gone, *changed}
        for identity in touched:
            if identity not in published:
                continue
            touch, row = touched[identity], now.get(identity)
            operation = "create" if touch.before is None else "write" if row else "unlink"
            state = watch.state is not None
            message = {
                "v": 1,
                "model": watch.model,
                "id": identity,
                "operation": operation,
                "company": self._company((row or touch.before).company),
                "user": self._user(changes.actor() if touch.uid in (None, SUPERUSER_ID) else touch.uid),
                "before": before.get(identity) if state else None,
                "after": after.get(identity) if state else None,
                "record": records.get(identity),
                "series": major_version,
            }
            rows.append(message)
        return rows

    @staticmethod
    def _differs(watch, touch, row, before, after):
        if touch.before is None:
            return True
        if watch.state is None:
            return touch.caused or touch.before.version != row.version
        return before != after

    def _inside(self, watch, ids):
        if not watch.domain:
            return ids
        model = self.env[watch.model].with_context(active_test=False)
        return list(model.browse(ids).filtered_domain(watch.domain)._ids)

    def _add_computed(self, watch, before, after):
        """State fields that are no columns: before as another transaction sees them, after as this one does."""
        if not watch.computed:
            return
        for identity, values in self._read_computed(self.env, watch, after).items():
            after[identity].update(values)
        if before:
            with self.env.registry.cursor() as other:
                for identity, values in self._read_computed(self.env(cr=other), watch, before).items():
                    before[identity].update(values)

    def _read_computed(self, env, watch, ids):
        model = env[watch.model].with_context(**self._reading(None))
        return {
            values.pop("id"): json.loads(json.dumps(values, default=encode))
            for values in model.browse(ids).exists().read(watch.computed, load=None)
        }

    def _reading(self, company):
        """The context of every reading: one language, one time zone, the record's own company, archived ones too."""
        languages = dict(self.env["res.lang"].get_installed())
        context = {"tz": "UTC", "lang": "en_US" if "en_US" in languages else None, "active_test": False}
        return {**context, "allowed_company_ids": [company]} if company else context

    def _records(self, watch, companies):
        """`web_read` of the changed records: {id: values}."""
        found = {}
        for company in dict.fromkeys(companies.values()):
            ids = [identity for identity, owner in companies.items() if owner == company]
            found |= self._web_read(watch, self.env[watch.model].with_context(**self._reading(company)).browse(ids))
        return found

    def _web_read(self, watch, records):
        try:
            with self.env.cr.savepoint(flush=False):
                return {values["id"]: values for values in records.web_read(watch.specification)}
        except psycopg2.OperationalError:
            raise
        except Exception as wrong:  # a user's work never fails for what the hub wants to know
            # The exception's own text may hold what the record says.
            _logger.error("Watch of %s: its records cannot be read (%s).", watch.model, type(wrong).__name__)
            return {}

    def _company(self, identity):
        if not identity:
            return None
        return {"id": identity, "name": self.env["res.company"].browse(identity).name}

    def _user(self, identity):
        user = self.env["res.users"].browse(identity)
        return {"id": identity, "login": user.login}
