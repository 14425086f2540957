"""ir.attachment: size and checksum of what is attached, and to what it may be attached."""

from __future__ import annotations

import base64
import binascii
import hashlib

from careloom.sim.odoo import errors
from careloom.sim.odoo.columns import char, link, whole
from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row
from careloom.sim.odoo.models import Area, Hooks

ATTACHMENT = "ir.attachment"
_TYPES = {"txt": "text/plain", "pdf": "application/pdf", "xml": "application/xml", "json": "application/json"}


def _fields(_: int) -> dict[str, list[Field]]:
    more = [
        char("checksum", "Checksum/SHA1", readonly=True),
        whole("file_size", "File Size", readonly=True),
        char("res_name", "Resource Name", store=False, compute=_record_name),
        char("url", "Url"),
        link("company_id", "Company", "res.company"),
    ]
    return {ATTACHMENT: more}


def _record_name(reader: Reader, row: Row) -> str | bool:
    assert isinstance(reader, Environment)
    if row["res_model"] not in reader.models or not row["res_id"]:
        return False
    return reader.label(row["res_model"], row["res_id"])


def _complete(env: Environment, values: Row) -> Row:
    known = env.models.get(values.get("res_model") or "")
    if env.major >= 19 and known and not env.row(known.name, values.get("res_id") or 0):
        raise errors.access_error("Sorry, you are not allowed to access this document.")
    ending = str(values.get("name") or "").rpartition(".")[2].lower()
    mimetype = values.get("mimetype") or _TYPES.get(ending, "application/octet-stream")
    defaults: Row = {"type": "binary", "company_id": env.companies[0]}
    return {**defaults, **values, "mimetype": mimetype, **_content(values)}


def _changing(env: Environment, rows: list[Row], values: Row) -> Row:  # noqa: ARG001
    return {**values, **_content(values)}


def _content(values: Row) -> Row:
    if not values.get("datas"):
        return {}
    try:
        content = base64.b64decode(str(values["datas"]), validate=True)
    except binascii.Error as problem:
        raise errors.OdooError("binascii.Error", str(problem)) from problem
    checksum = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return {"checksum": checksum, "file_size": len(content)}


ATTACHMENTS = Area(
    name="attachments", fields=_fields, hooks={ATTACHMENT: Hooks(complete=_complete, changing=_changing)}
)
