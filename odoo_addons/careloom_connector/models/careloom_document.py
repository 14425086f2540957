# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import hashlib
import random
import time

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from psycopg2 import errorcodes

from ..wake import is_web
from .careloom_outbox import GROUP

#: What turns a draft into a document, by model. Nothing else can be called through `submit`.
ACTIONS = {
    ("account.move", "post"): "action_post",
    ("account.payment", "post"): "action_post",
    ("purchase.order", "confirm"): "button_confirm",
    ("sale.order", "confirm"): "action_confirm",
}
OPEN = ("draft", "sent")
TRIES = 5
RETRY = (errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED, errorcodes.LOCK_NOT_AVAILABLE)


class NotLoaded(ValidationError):
    """`load` refused a row."""

    def __init__(self, message, field=None):
        super().__init__(message)
        self.field = field


class Conflict(psycopg2.errors.SerializationFailure):
    """`load` reports a conflict as a message; this makes it what it is, so that it is tried again."""


def lock_of(key):
    """A key's number among PostgreSQL's advisory locks."""
    digest = hashlib.blake2b(f"careloom.document/{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def is_conflict(wrong):
    """Whether trying again in a new transaction can help."""
    return isinstance(wrong, Conflict) or (isinstance(wrong, psycopg2.Error) and wrong.pgcode in RETRY)


def fault(key, wrong):
    """The answer for a document that could not be taken."""
    kind = ValidationError if isinstance(wrong, NotLoaded | psycopg2.IntegrityError) else type(wrong)
    name = f"{kind.__module__}.{kind.__name__}"
    return {"key": key, "error": {"name": name, "field": getattr(wrong, "field", None), "message": str(wrong)}}


class CareloomDocument(models.Model):
    """The hub's documents in Odoo: one unique key each, the record it became, and its trace."""

    _name = "careloom.document"
    _description = "Careloom document"
    _rec_name = "key"
    _order = "id desc"

    key = fields.Char(required=True, readonly=True)
    model = fields.Char(required=True, readonly=True)
    res_id = fields.Integer("Record", required=True, readonly=True)
    correlation = fields.Char(readonly=True, index=True)
    link = fields.Char(readonly=True)

    def init(self):
        self.env.cr.execute("CREATE UNIQUE INDEX IF NOT EXISTS careloom_document_key ON careloom_document (key)")
        self.env.cr.execute("CREATE INDEX IF NOT EXISTS careloom_document_record ON careloom_document (model, res_id)")

    def _trace(self, base):
        """The address of the trace: the one given with the document, else the hub's journey."""
        self.ensure_one()
        if is_web(self.link):
            return self.link
        return f"{base}/journeys/{self.correlation}" if base and self.correlation else False

    @api.model
    def submit(self, model, fields, documents, action=None, read=()):
        """Create or update draft documents by key and act on them, once, in one transaction.

        `fields` and the `rows` of each document are those of `load`, with the key in the column "id" of a document's
        first row only. Gives one object per document, in order: {"key", "id", "created", "acted", "values"} or
        {"key", "error": {"name", "field", "message"}}. A document that is no draft any more is never written.
        The records are written with the caller's own rights.
        """
        method = self._check_call(model, fields, action)
        keys = sorted({lock_of(document.get("key")) for document in documents})
        self.env.cr.execute(
            "SELECT pg_advisory_xact_lock(k) FROM (SELECT k FROM unnest(%s::bigint[]) AS k ORDER BY k) AS keys", (keys,)
        )
        # This transaction saw the database before it waited for the locks. The work runs in another one, which
        # begins now and commits before the locks go: whoever held them is visible, so no key is taken twice.
        for attempt in range(1, TRIES + 1):
            try:
                with self.env.registry.cursor() as cr:
                    return self.with_env(self.env(cr=cr))._submit(model, fields, documents, method, read)
            except psycopg2.Error as wrong:
                if not is_conflict(wrong) or attempt == TRIES:
                    raise
                time.sleep(random.uniform(0.0, 0.05 * 2**attempt))

    def _check_call(self, model, fields, action):
        if not self.env.su and not self.env.user.has_group(GROUP):
            raise AccessError(self.env._("Only users of the group Careloom connector may submit documents."))
        if model not in self.env or self.env[model]._abstract or model.startswith("careloom."):
            raise ValidationError(self.env._("%s is no model that documents can be submitted to.", model))
        if not fields or fields[0] != "id":
            raise ValidationError(self.env._("The first column has to be “id”: it holds the key of each document."))
        if action and (model, action) not in ACTIONS:
            raise ValidationError(
                self.env._("The action %(action)s is not known for %(model)s.", action=action, model=model)
            )
        return ACTIONS.get((model, action))

    def _submit(self, model, fields, documents, method, read):
        """`submit` in the transaction of this cursor; a key that comes twice is taken in turn."""
        answers = [None] * len(documents)
        waiting = list(range(len(documents)))
        while waiting:
            turn = {}
            for index in waiting:
                turn.setdefault(documents[index].get("key"), index)
            found = self._take(model, fields, [documents[i] for i in turn.values()], method)
            for key, index in turn.items():
                answers[index] = dict(found[key])
            waiting = [index for index in waiting if index not in turn.values()]
        self._add_values(model, answers, read)
        return answers

    def _take(self, model, fields, documents, method):
        answers = {}
        known = self._known(model, [d["key"] for d in documents if isinstance(d.get("key"), str) and "." in d["key"]])
        writable = []
        for document in documents:
            key = document.get("key")
            try:
                self._check_document(document, fields)
                state = self._standing(model, known.get(key))
            except ValidationError as wrong:
                answers[key] = fault(key, wrong)
                continue
            if state == "closed":
                answers[key] = {"key": key, "id": known[key][1], "created": False, "acted": False}
            else:
                writable.append(document)
        answers |= self._write_each(model, fields, writable, method, known)
        self._keep(model, documents, answers)
        return answers

    def _known(self, model, keys):
        """{key: (model, id)} of the external ids whose record is still there."""
        rows = self.env["ir.model.data"].sudo()._lookup_xmlids(keys, self.env[model])
        return {f"{row[1]}.{row[2]}": (row[3], row[4]) for row in rows if row[6] or row[3] != model}

    def _check_document(self, document, fields):
        key, rows = document.get("key"), document.get("rows")
        if not isinstance(key, str) or not all(key.partition(".")):
            raise ValidationError(self.env._("A key has the form “module.name”."))
        if not rows or any(len(row) != len(fields) for row in rows):
            raise ValidationError(self.env._("Each row of a document needs one cell per column."))
        if rows[0][0] != key or any(row[0] for row in rows[1:]):
            raise ValidationError(self.env._("The key stands in the first row of its document, and only there."))

    def _standing(self, model, found):
        if found is None:
            return "new"
        if found[0] != model:
            raise ValidationError(self.env._("The key belongs to a record of %s.", found[0]))
        return "open" if self._is_open(self.env[model].browse(found[1])) else "closed"

    def _is_open(self, record):
        """Whether the record may still be written: it has no life cycle, or stands at its beginning."""
        field = record._fields.get("state")
        if field is None or field.type != "selection" or "draft" not in field.get_values(self.env):
            return True
        return record.sudo().state in OPEN

    def _write_each(self, model, fields, documents, method, known):
        """All at once; where that fails, by halves, until those that fail stand alone."""
        if not documents:
            return {}
        try:
            with self.env.cr.savepoint():
                return self._write_all(model, fields, documents, method, known)
        except Exception as wrong:
            if is_conflict(wrong):
                raise
            if len(documents) == 1:
                return {documents[0]["key"]: fault(documents[0]["key"], wrong)}
        half = len(documents) // 2
        first = self._write_each(model, fields, documents[:half], method, known)
        return first | self._write_each(model, fields, documents[half:], method, known)

    def _write_all(self, model, fields, documents, method, known):
        rows = [row for document in documents for row in document["rows"]]
        loaded = self.env[model].load(fields, rows)
        if not loaded["ids"]:
            self._raise_messages(loaded["messages"])
        records = self.env[model].browse(loaded["ids"])
        if len(records) != len(documents):
            raise NotLoaded(self.env._("The rows gave another number of records than there are documents."))
        if method:
            getattr(records, method)()
            if any(self._is_open(record) for record in records):
                raise UserError(self.env._("The action asked a question instead of acting on the document."))
        return {
            document["key"]: {
                "key": document["key"],
                "id": record.id,
                "created": document["key"] not in known,
                "acted": bool(method),
            }
            for document, record in zip(documents, records)
        }

    def _raise_messages(self, messages):
        errors = [message for message in messages if message.get("type") == "error"] or messages
        for message in errors:
            if "could not serialize" in str(message.get("message")):
                raise Conflict(message["message"])
        first = errors[0] if errors else {}
        raise NotLoaded(str(first.get("message") or self.env._("Nothing was loaded.")), first.get("field") or None)

    def _keep(self, model, documents, answers):
        for document in documents:
            answer = answers[document.get("key")]
            if "error" in answer:
                continue
            # A document of an earlier time keeps its first trace unless it is written again.
            self.env.cr.execute(
                """
                INSERT INTO careloom_document
                    (key, model, res_id, correlation, link, create_uid, create_date, write_uid, write_date)
                VALUES (%(key)s, %(model)s, %(id)s, %(correlation)s, %(link)s, %(uid)s, timezone('utc', now()),
                        %(uid)s, timezone('utc', now()))
                ON CONFLICT (key) DO UPDATE SET res_id = excluded.res_id, model = excluded.model,
                    correlation = COALESCE(excluded.correlation, careloom_document.correlation),
                    link = COALESCE(excluded.link, careloom_document.link),
                    write_uid = excluded.write_uid, write_date = excluded.write_date
                WHERE %(written)s
                """,
                {
                    "key": document["key"],
                    "model": model,
                    "id": answer["id"],
                    "correlation": document.get("correlation") or None,
                    "link": document["link"] if is_web(document.get("link")) else None,
                    "uid": self.env.uid,
                    "written": answer["created"] or answer["acted"],
                },
            )
        self.sudo().invalidate_model()

    def _add_values(self, model, answers, read):
        good = [answer for answer in answers if "error" not in answer]
        names = list(read) or ["id"]
        records = self.env[model].with_context(active_test=False).browse(dict.fromkeys(a["id"] for a in good))
        values = {row["id"]: row for row in records.read(names)}
        for answer in good:
            answer["values"] = {name: values[answer["id"]][name] for name in read}
