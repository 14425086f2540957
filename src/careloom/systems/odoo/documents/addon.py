"""Documents through the addon `careloom_connector`: drafted, acted on and read back in one transaction of Odoo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from careloom.core.errors import AmbiguousError, CareloomError, PermanentError
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.documents.drafts import Prepared
from careloom.systems.odoo.documents.submission import Held, Lane, Submit
from careloom.systems.odoo.faults import Fault, OdooContractBroken, make, raised
from careloom.systems.odoo.schema import Schema

_MODEL = "careloom.document"
_SUBMIT = "submit"
_LOST_ANSWERS = 3


class AddonSubmission:
    """With one call a batch. The addon locks the keys, so repeats and races make nothing twice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __call__(self, lane: Lane, batch: Sequence[Prepared]) -> list[Held | CareloomError]:
        arguments = {
            "model": lane.model,
            "fields": ["id", *lane.columns],
            "documents": [_document(prepared) for prepared in batch],
            "action": lane.action.name if lane.action else None,
            "read": list(lane.read),
        }
        answers = await self._submit(arguments, lane.context)
        if not isinstance(answers, list) or len(answers) != len(batch):
            fault = Fault("unexpected answer", _MODEL, _SUBMIT)
            raise make(OdooContractBroken, fault, "it must answer for each document: is the addon of another version?")
        return [_result(lane, answer) for answer in answers]

    async def _submit(self, arguments: dict[str, Any], context: dict[str, Any]) -> Any:
        for attempt in range(1, _LOST_ANSWERS):
            try:
                return await self._connection.call(_MODEL, _SUBMIT, arguments, context=context)
            except AmbiguousError:  # a repeat finds what the first one did
                await self._connection.pause(attempt)
        return await self._connection.call(_MODEL, _SUBMIT, arguments, context=context)


class Chosen:
    """The addon where it is installed and open to the API user, else the calls that every Odoo has."""

    def __init__(self, connection: Connection, schema: Schema, stock: Submit, addon: Submit) -> None:
        self._connection = connection
        self._schema = schema
        self._stock = stock
        self._addon = addon
        self._found: bool | None = None

    async def __call__(self, lane: Lane, batch: Sequence[Prepared]) -> Sequence[Held | CareloomError]:
        submit = self._addon if await self.addon() else self._stock
        return await submit(lane, batch)

    async def addon(self) -> bool:
        """Whether the addon is there; asked once."""
        if self._found is None:
            self._found = self._connection.settings.addon == "auto" and await self._installed()
        return self._found

    async def _installed(self) -> bool:
        try:
            await self._schema.fields(_MODEL)
        except PermanentError:
            return False
        return True


def _document(prepared: Prepared) -> dict[str, Any]:
    draft = prepared.draft
    return {"key": draft.key, "rows": prepared.row.table(), "correlation": draft.correlation or None}


def _result(lane: Lane, answer: Mapping[str, Any]) -> Held | CareloomError:
    error = answer.get("error")
    if error is None:
        values = dict(answer["values"]) | {"id": answer["id"]}
        return Held(answer["id"], bool(answer["created"]), bool(answer["acted"]), values)
    name, field = str(error.get("name")), error.get("field")
    detail = str(error.get("message", ""))
    return raised(
        Fault(name, lane.model, _SUBMIT, field=field if isinstance(field, str) else None, private_detail=detail)
    )
