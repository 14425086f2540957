"""What stewards have before them: who may be one person, who was found to be, and codes that wait for an approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from tests.hub.hospital import adt, line

from careloom.cases.rights import Actor
from careloom.core.clock import Clock
from careloom.core.ids import Uuid7
from careloom.hub.node import Node
from careloom.hub.pages import question_sets
from careloom.identity.crosswalk.imports import ImportDesk
from careloom.identity.crosswalk.ledger import Told
from careloom.log.ports import stored_id

SETTINGS: Final = '[systems.lab]\nkind = "mllp"\nport = 0\n[identity]\nenabled = true\n'
TEAMS: Final = ("health-information", "master-data")
ANOTHER: Final = "Mika Tallis"
"""Who asks for the change of codes, since nobody approves their own."""
_SURE: Final = {5: "Pirn^Leonora^^^^^L", 7: "19620817", 11: "31 Selvage Street^^Tucson^AZ^85701^USA^H"}
_DOUBTFUL: Final = (
    {5: "Weaver^Ottilie^^^^^L", 7: "19710412"},
    {5: "Fuller^Barnaby^^^^^L", 7: "19880105", 8: "M", 11: "1 Reed Way^^Dayton^OH^45402^USA^H", 13: ""},
    {5: "Dyer^Cosima^^^^^L", 7: "19530923", 11: "9 Madder Row^^Boise^ID^83702^USA^H", 13: ""},
)
_ROWS: Final = (
    b"entity,system,type,value,canonical,from,to,label\n"
    b"payer,*,payer,90001,threadbare,2026-01-01,,Threadbare Mutual\n"
    b"payer,*,payer,90002,hemline,,,Hemline Health\n"
    b"payer,lab,plan,HEM-PPO,hemline,,,Hemline Health\n"
)


async def to_be_decided(node: Node, actor: Actor, clock: Clock) -> Sequence[str]:
    """Leave persons and codes for a steward; the pages of these that nothing leads to, or nothing as telling."""
    await _told_twice(node)
    return [*await _persons(node, actor, clock), f"/codes/proposals/{await _proposed(node, clock)}"]


async def _told_twice(node: Node) -> None:
    """Patients of the EHR, then of the laboratory: one with all that is known of her, the others without."""
    for place, patient in enumerate((_SURE, *_DOUBTFUL), 1):
        await _send(node, "ehr", place, {**patient, 3: f"N-{place}^^^NORTH^MR"})
    await _until(node, "select count(distinct person) from person_record where source = 'ehr'", 1 + len(_DOUBTFUL))
    await _send(node, "lab", 1, {**_SURE, 3: "L-1^^^LABCO^MR"})
    for place, patient in enumerate(_DOUBTFUL, 2):
        await _send(node, "lab", place, {**patient, 3: f"L-{place}^^^LABCO^MR", 7: "", 13: ""})
    await _until(node, "select count(*) from person_record where source = 'lab'", 1 + len(_DOUBTFUL))
    await _until(node, "select count(*) from person_question where state = 'open' and system = 'lab'", len(_DOUBTFUL))


async def _send(node: Node, system: str, number: int, pid: Mapping[int, str]) -> None:
    async with line(node.ports[system]) as sender:
        answer = await sender.send(adt("A04", f"STEWARD-{system}-{number}", pid=pid))
        assert answer.code == "AA", answer.text


async def _until(node: Node, counting: str, many: int) -> None:
    found = 0
    while found < many:
        async with node.store.database.acquire() as connection:
            found = await connection.fetchval(counting)


async def _persons(node: Node, actor: Actor, clock: Clock) -> Sequence[str]:
    async with node.store.database.acquire() as connection:
        link = await connection.fetchrow(
            "select l.id, l.newer, r.person from person_link l join person_record r on r.id = l.newer"
            " where l.basis = 'score' and l.ended is null and r.source = 'lab'"
        )
        questions = await connection.fetch(
            "select q.id, q.older, q.newer from person_question q where q.state = 'open' and q.system = 'lab'"
            " order by q.asked, q.id"
        )
    one = f"/persons/{link['person']}"
    sets = question_sets(node.store.database, node.persons, node.work, clock)
    token, _ = await sets.chosen([row["id"] for row in questions[1:]], actor)
    return [
        one,
        f"{one}/split?{urlencode({'record': link['newer']})}",
        f"{one}/undo?{urlencode({'link': link['id']})}",
        f"/persons/{questions[0]['older']}/merge?{urlencode({'with': questions[0]['newer']})}",
        f"/persons/questions/{questions[0]['id']}",
        f"/persons/sets/{token}",
    ]


async def _proposed(node: Node, clock: Clock) -> object:
    desk = ImportDesk(node.store.database, node.work.recorder, clock, Uuid7(clock, stored_id))
    preview = await desk.preview(_ROWS)
    return await desk.propose(_ROWS, preview.digest, Told(ANOTHER, "the list of payers of the year", "payers.csv"))
