"""What stewards find and are shown; and that the database shows nothing of it to others."""

from __future__ import annotations

import base64
import hashlib
import json
from uuid import uuid4

import pytest
from tests.identity.index.conftest import ROBIN, Index, Plain, arrival, opened

from careloom.core.errors import CareloomError
from careloom.identity.index.errors import NoSuchPerson
from careloom.identity.index.survivorship import Authority
from careloom.identity.matching.model import Model
from careloom.model import Identifier
from careloom.store.database import Database

NAME, NUMBER, BIRTH, PHONE = "Quillfeather", "MRN7304455", "1981-12-24", "5550177"


async def test_people_are_found_by_number_and_by_name(index: Index) -> None:
    one = await index.resolve(arrival("17", "Ana Reyes"))
    await index.resolve(arrival("17", "Ben Stone", "1990-01-01", assigner="SOUTH"))
    found = await index.find(number="17")
    assert [one.name[0].family for one in found] == ["Reyes", "Stone"]
    for asked in ({"number": "17", "assigner": "NORTH"}, {"family": "REYES", "birth": "1980-02-03"},
                  {"family": "reyes", "given": "ANA"}):  # fmt: skip
        (person,) = await index.find(**asked)
        assert person.person is not None
        assert person.person.id == str(one.person)
    assert await index.find(number="170") == []
    assert await index.find(family="Reyes", given="Ana", birth="1999-01-01") == []
    with pytest.raises(ValueError, match="say a number"):
        await index.find(family="Reyes")


async def test_a_person_is_explained(database: Database) -> None:
    index = opened(database, authority=[Authority(field="telecom", sources=("lab",))])
    elder = await index.resolve(arrival("1", "Ana Reyes", day=5, phone="5550101"))
    younger = await index.resolve(arrival("2", "Ana Reyes", source="lab", phone="5550102"))
    explained = await index.explain(younger.record)
    assert explained.person == elder.person
    assert explained.patient == await index.show(elder.record)
    assert (explained.origins["name"], explained.origins["telecom"]) == (elder.record, younger.record)
    assert [one.source for one in explained.records] == ["ehr", "lab"]
    assert (await index.figures()).persons == 1
    with pytest.raises(NoSuchPerson):
        await index.explain(uuid4())


async def test_nothing_of_a_person_stands_in_any_column_in_clear(index: Index) -> None:
    other = Identifier(value=f"{NUMBER}9", type="MB", assigner="PAYER")
    one = await index.resolve(arrival(NUMBER, f"Ana {NAME}", BIRTH, phone=PHONE, others=(other,)))
    await index.resolve(arrival(f"{NUMBER}2", f"Ana {NAME}", BIRTH, source="lab"))
    await index.resolve(arrival(f"{NUMBER}3", f"Eva {NAME}", BIRTH, source="crm"))
    await index.resolve(arrival(f"{NUMBER}2", f"Ben {NAME}", "1999-09-09", source="lab", day=1))
    await index.merged(arrival(NUMBER, f"Ana {NAME}", BIRTH), Identifier(value=f"{NUMBER}4", assigner="NORTH"))
    frequencies = {"family": {NAME.lower(): 0.1}}
    await index.use(Model(version="v2", prior=0.1, comparisons=(), link=1, review=0, frequencies=frequencies), ROBIN)
    dump = await _dump(index)
    assert b"Robin Okafor" in dump
    assert str(one.record).encode() in dump
    found = [form for text in (NAME, NUMBER, BIRTH, PHONE) for form in _forms(text) if form in dump]
    assert found == []


async def _dump(index: Index) -> bytes:
    tables = await index.rows("select table_name as name from information_schema.tables where table_schema = 'public'")
    parts: list[bytes] = []
    for table in tables:
        for row in await index.rows(f'select * from "{table["name"]}"'):
            parts += [value if isinstance(value, bytes) else str(value).encode() for value in row.values()]
    return b"\n".join(parts)


def _forms(text: str) -> list[bytes]:
    plain = text.encode()
    digests = [hashlib.new(name, plain).digest() for name in ("md5", "sha1", "sha256", "sha512")]
    digests += [hashlib.blake2b(plain, digest_size=size).digest() for size in (8, 16)]
    forms = [plain, plain.lower(), plain.upper(), plain[::-1], plain.hex().encode(), base64.b64encode(plain)[:-4]]
    numbers = [str(int.from_bytes(digest[:8], "big", signed=True)).encode() for digest in digests]
    return forms + digests + [digest.hex().encode() for digest in digests] + numbers


async def test_the_model_in_use_decides_on_every_node(database: Database) -> None:
    one, other = opened(database), opened(database)
    await other.resolve(arrival("1", "Ana Reyes"))
    model = Model(version="v2", prior=0.1, comparisons=(), link=1, review=0)
    await one.use(model, ROBIN)
    await other.clock.advance(60)
    for index, number in ((one, "2"), (other, "3")):
        linked = await index.resolve(arrival(number, "Ana Reyes", source=f"s{number}"))
        link = (await index.explain(linked.record)).links[-1]
        assert link.evidence is not None
        assert link.evidence.model == "v2"
    assert [(used.version, used.by) for used in await one.models()] == [("v2", "Robin Okafor")]
    (audit,) = (event for event in one.heard.events if event.type == "person.model_used.v1")
    assert json.loads(audit.data)["reason"] == ROBIN.reason


async def test_the_history_of_models_stays(database: Database) -> None:
    index = opened(database, make=lambda model: Plain(version=model.version))
    await index.use(Model(version="v2", prior=0.1, comparisons=(), link=1, review=0), ROBIN)
    for sql in ("delete from person_model", "update person_model set why = 'x'"):
        with pytest.raises(CareloomError, match="person_model_stays"):
            await index.rows(sql)
