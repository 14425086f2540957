"""Merging two partners when the source has merged two patients. Each step may be repeated after a crash anywhere."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.load import Upserted
from careloom.systems.odoo.readback import ReadBack
from careloom.systems.odoo.records import Records

_PARTNER = "res.partner"
_LOGGER = logging.getLogger("careloom.systems.odoo")

Upsert = Callable[[str, str, Mapping[str, Value]], Awaitable[Upserted]]


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did. `retired_id` is None when the retired partner was never in Odoo, or is the survivor already.

    `archived` and `notes` count what this call did, so that a repeat of a finished merge says False and 0; `moved` says
    whether the retired external id now stands for the survivor: else nobody asked, or somebody with the right may move
    it later.
    """

    survivor_id: int
    retired_id: int | None
    archived: bool
    notes: int
    moved: bool


class Merge:
    """Steps, in this order: update the survivor, archive the retired, note it on both, move the external id.

    The external id moves last, because until then it is how a repeat finds the retired partner.
    """

    def __init__(self, upsert: Upsert, readback: ReadBack, records: Records) -> None:
        self._upsert = upsert
        self._readback = readback
        self._records = records

    async def run(
        self,
        survivor_external_id: str,
        retired_external_id: str,
        values: Mapping[str, Value],
        reference: str,
        *,
        moves: bool = True,
    ) -> Merged:
        survivor = await self._upsert(_PARTNER, survivor_external_id, values)
        retired = await self._readback.find(retired_external_id, strict=True)
        if retired is None or retired.record_id == survivor.record_id:
            return Merged(survivor.record_id, None, archived=False, notes=0, moved=retired is not None)
        archived = bool(await self._records.archive(_PARTNER, [retired.record_id]))
        notes = await self._note(survivor.record_id, retired.record_id, reference)
        moved = moves and await self._records.move_external_id(retired_external_id, survivor.record_id)
        if moves and not moved:
            _LOGGER.info("res.partner %d: external id not moved, the API user lacks the right", retired.record_id)
        return Merged(survivor.record_id, retired.record_id, archived, notes, moved)

    async def _note(self, survivor_id: int, retired_id: int, reference: str) -> int:
        posts = (
            (retired_id, f"Merged into contact {survivor_id} and archived, as the source system merged the two."),
            (survivor_id, f"Contact {retired_id} was merged into this one, as the source system merged the two."),
        )
        return sum([await self._records.message_post(_PARTNER, one, text, reference) for one, text in posts])
