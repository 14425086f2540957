"""What others' codes stand for, asked of the crosswalk before anything is posted; of a person where it does not say.

A system and type of which the crosswalk has no code is not mapped, and goes on as it came. Where it is mapped, a code
that is unknown is never guessed: it opens the case `unknown-code`, which proposes the nearest that are known; what a
person says is put into the crosswalk, so that it is asked once. Each answer is a step of the run, which keeps the code
that came and the one it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from careloom.cases.kinds import Action
from careloom.cases.supplies import KnownCode
from careloom.flows.stores import Stores
from careloom.identity.crosswalk.changes import Row
from careloom.identity.crosswalk.codes import Canonical, Entity, Key, Said, UnknownCode
from careloom.identity.crosswalk.imports import STEWARDS
from careloom.identity.crosswalk.ledger import Told
from careloom.model import Identifier
from careloom.systems.odoo.connector import Odoo
from careloom.workflow.answers import Answer
from careloom.workflow.calling import Attempt
from careloom.workflow.run import Run

ALL: Final = "*"
"""The system of codes that everybody uses: a payer's number, an NPI, a GTIN."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A thing by the numbers that somebody has for it; `field` is where they stand. A number without a type is of the
    entity's own."""

    field: str
    entity: Entity
    numbers: tuple[Identifier, ...]
    day: date


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `given` is the number that came, `code` what Odoo knows the thing by, `since` the version of the
    crosswalk that says so. Without `code`: `mapped` tells an unknown one from one that nobody maps."""

    field: str
    entity: Entity
    given: str = ""
    code: str | None = None
    since: int = 0
    mapped: bool = False
    reason: str = ""

    @property
    def place(self) -> tuple[str, Entity]:
        """What was asked."""
        return self.field, self.entity

    @property
    def unknown(self) -> bool:
        """Whether somebody must say what it stands for."""
        return self.mapped and self.code is None


async def look_up(asked: tuple[Asked, ...], erp: Odoo, stores: Stores) -> tuple[Meant, ...]:
    """What each stands for, in the same order."""
    return tuple([await meant(one, erp, stores) for one in asked])


async def meant(asked: Asked, erp: Odoo, stores: Stores) -> Meant:
    """By the first of its numbers that the crosswalk knows."""
    unknown = Meant(field=asked.field, entity=asked.entity)
    for key in _keys(asked):
        found = await stores.crosswalk.lookup(key.system, key.type, key.value, asked.day, entity=asked.entity)
        if isinstance(found, Canonical):
            return await _known(asked, key, found, erp, stores)
        if found.mapped and not unknown.mapped:
            told = UnknownCode(asked.entity, asked.field, found.nearest).reason
            unknown = msgspec.structs.replace(unknown, given=key.value, mapped=True, reason=told)
    return unknown


async def _known(asked: Asked, key: Key, found: Canonical, erp: Odoo, stores: Stores) -> Meant:
    """Where the crosswalk has no code of Odoo for it, Odoo knows it by our own."""
    codes = await stores.crosswalk.codes_of(found, erp.system, asked.day)
    return Meant(
        field=asked.field, entity=asked.entity, given=key.value, code=codes[0].value if codes else found.id,
        since=found.since, mapped=True,
    )  # fmt: skip


async def alias(entity: Entity, number: str, day: date, erp: Odoo, stores: Stores) -> str:
    """The code that Odoo knows it by, else the number as it came: where that is unknown, Odoo says so."""
    found = await meant(Asked(field="", entity=entity, numbers=(Identifier(value=number),), day=day), erp, stores)
    return found.code or number


async def as_known(
    entity: Entity, numbers: tuple[Identifier, ...], day: date, erp: Odoo, stores: Stores
) -> tuple[tuple[Identifier, ...], Meant]:
    """The numbers, after the one by which Odoo knows the thing where the crosswalk says so; and what it says."""
    found = await meant(Asked(field="", entity=entity, numbers=numbers, day=day), erp, stores)
    return (numbers if found.code is None else (Identifier(value=found.code, type="SKU"), *numbers)), found


async def meanings(run: Run, asked: Sequence[Asked]) -> dict[tuple[str, Entity], str] | None:
    """What each that is mapped stands for, by its field and entity; None when a person gave one up. One that a person
    waives goes on as it came."""
    waived: set[tuple[str, Entity]] = set()
    while True:
        found = await run.step(look_up, tuple(asked), on_failure="case") or ()
        unknown = next((one for one in found if one.unknown and one.place not in waived), None)
        if unknown is None:
            return {one.place: one.code for one in found if one.code is not None}
        answer = await run.case("unknown-code", unknown.reason, field=unknown.field, owner=STEWARDS)
        if answer is None or answer.given_up:
            return None
        if isinstance(answer.data, KnownCode):
            wanted = next(one for one in asked if (one.field, one.entity) == unknown.place)
            await learnt(run, wanted, answer.data, answer)
        elif answer.action is Action.WAIVE:
            waived.add(unknown.place)


async def learnt(run: Run, asked: Asked, known: KnownCode, answer: Answer) -> None:
    """Put it into the crosswalk; where the policy asks for it, once somebody else has approved it."""
    approvers = await run.step(approvers_of_answers)
    by = answer.by
    if approvers:
        told = f"a code of a {asked.entity} is to be known from now on"
        decision = await run.approval(told, role=approvers, asked_by=answer.by)
        if not decision.approved:
            return
        by = decision.by[-1]
    await run.step(learn, asked, known, by, answer.why, on_failure="case")


async def approvers_of_answers(stores: Stores) -> str:
    """The role that approves what people say of unknown codes; empty: none does."""
    return stores.answers_approved_by


async def learn(asked: Asked, known: KnownCode, by: str, why: str, stores: Stores, attempt: Attempt) -> int:
    """The version of the crosswalk that has it. Of several numbers the first that is mapped is learnt."""
    key = await _mapped(asked, stores)
    said = Said(
        entity=key.entity,
        system=key.system,
        type=key.type,
        value=key.value,
        canonical=known.canonical.strip(),
        label=known.label or "",
        valid_from=known.valid_from,
    )
    version = await stores.ledger.learn(Row(1, said), Told(by, why, f"a case of run {attempt.run}"))
    stores.crosswalk.forget()
    return version


async def _mapped(asked: Asked, stores: Stores) -> Key:
    keys = _keys(asked)
    for key in keys:
        found = await stores.crosswalk.lookup(key.system, key.type, key.value, asked.day, entity=asked.entity)
        if isinstance(found, Canonical) or found.mapped:
            return key
    return keys[0]


def _keys(asked: Asked) -> list[Key]:
    keys: list[Key] = []
    for number in asked.numbers:
        type_ = number.type or asked.entity.value
        systems = [number.assigner, ALL] if number.assigner else [ALL]
        keys.extend(Key(asked.entity, system, type_, number.value) for system in systems)
    return keys
