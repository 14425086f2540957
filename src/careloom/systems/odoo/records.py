"""Reading and writing records by database id, each write safe to repeat."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from careloom.core.errors import AccessRefused, AmbiguousError, MappingError
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.external_ids import split
from careloom.systems.odoo.schema import Schema

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,64}")
_SEE_ARCHIVED = {"active_test": False}


class Records:
    """The calls beside `load()` that flows need."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self._connection = connection
        self._schema = schema

    async def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        limit: int | None = None,
        order: str | None = None,
        archived: bool = False,
    ) -> list[dict[str, Any]]:
        """The records that `domain` selects, with these fields. Empty values are False, many2one is [id, name]."""
        # Without `fields` Odoo reads them all, and refuses for those the user has no right to.
        arguments: dict[str, Any] = {"domain": list(domain), "fields": list(fields)}
        arguments |= {"limit": limit} if limit is not None else {}
        arguments |= {"order": order} if order is not None else {}
        context = _SEE_ARCHIVED if archived else None
        found = await self._connection.call(model, "search_read", arguments, context=context, repeatable=True)
        return list(found)

    async def totals(self, model: str, domain: Sequence[Any], field: str, by: str) -> dict[int, float]:
        """The sum of `field` over the records that `domain` selects, by the id of the many2one `by`; Odoo adds up."""
        if (await self._connection.version()).major >= 19:
            method, sums = "formatted_read_group", f"{field}:sum"
            more: dict[str, Any] = {"aggregates": [sums]}
        else:
            method, sums, more = "read_group", field, {"fields": [f"{field}:sum"], "lazy": False}
        arguments = {"domain": list(domain), "groupby": [by], **more}
        groups = await self._connection.call(model, method, arguments, repeatable=True)
        return {group[by][0]: float(group[sums] or 0) for group in groups if group[by]}

    async def read(self, model: str, ids: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """These records, archived ones too; a record that does not exist is left out without an error."""
        if not ids:
            return []
        arguments = {"fields": list(fields)}
        return list(await self._connection.call(model, "read", arguments, ids=tuple(ids), repeatable=True))

    async def write(self, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Give the fields of these records the same values. After a lost answer it is written once more."""
        if not ids:
            return
        checked = await self._schema.written(model, values)
        await self._write(model, tuple(ids), checked)

    async def _write(self, model: str, ids: tuple[int, ...], values: dict[str, Any]) -> None:
        # Writing the same values twice is the same as once, so a lost answer allows a second attempt, not a third.
        try:
            await self._connection.call(model, "write", {"vals": values}, ids=ids)
        except AmbiguousError:
            await self._connection.pause(1)
            await self._connection.call(model, "write", {"vals": values}, ids=ids)

    async def archive(self, model: str, ids: Sequence[int]) -> list[int]:
        """Archive those of these records that are active; returns their ids."""
        active = [record["id"] for record in await self.read(model, ids, ["active"]) if record["active"]]
        if active:
            await self._write(model, tuple(active), {"active": False})
        return active

    async def message_post(self, model: str, record_id: int, text: str, reference: str) -> bool:
        """Put a note into the record's history, once for each `reference`; False when it is there already.

        The reference (letters, digits, hyphens) ends the note as `[Careloom <reference>]`, which readers may quote and
        Odoo's sanitizer leaves alone. Raises AmbiguousError when the answer is lost: repeat the call, it looks first.
        """
        if not _REFERENCE.fullmatch(reference):
            raise MappingError("a reference is 1 to 64 letters, digits and hyphens", "reference")
        marker = f"[Careloom {reference}]"
        if await self.noted(model, record_id, marker):
            return False
        arguments = {"body": f"{text} {marker}", "message_type": "comment", "subtype_xmlid": "mail.mt_note"}
        await self._connection.call(model, "message_post", arguments, ids=(record_id,))
        return True

    async def noted(self, model: str, record_id: int, marker: str) -> bool:
        """Whether a note in the record's history has these words."""
        domain = [["model", "=", model], ["res_id", "=", record_id], ["body", "like", marker]]
        found = await self.search_read("mail.message", domain, ["body"])
        return any(marker in html.unescape(str(message["body"])) for message in found)

    async def move_external_id(self, external_id: str, to_record: int) -> bool:
        """Let the external id stand for another record of its model; False when the user has no right to do so.

        Needs Odoo's group "Access Rights", which a connector's user should rather not have.
        """
        module, name = split(external_id)
        domain = [["module", "=", module], ["name", "=", name]]
        try:
            found = await self.search_read("ir.model.data", domain, ["res_id"], limit=1)
            if found and found[0]["res_id"] != to_record:
                await self._write("ir.model.data", (found[0]["id"],), {"res_id": to_record})
        except AccessRefused as error:
            if getattr(error, "stops", False):
                raise
            return False
        return bool(found)
