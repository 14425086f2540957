"""What the routes about persons and codes take and give."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from pydantic import Field

from careloom.gateway.examples import EVENT_ID, MESSAGE_ID, TIME
from careloom.gateway.shapes import Shape
from careloom.identity.crosswalk.codes import Canonical, Code, Unknown
from careloom.identity.index.reading import Explained, Link
from careloom.identity.index.reviewing import Waiting
from careloom.model import Patient

BasisName = Literal["identifier", "score", "source"]
EntityName = Literal[
    "provider", "payer", "facility", "department", "location", "supplier", "product", "charge-code", "account",
    "dimension",
]  # fmt: skip
_ID: Final = "0190a6c2-0000-7000-8000-000000000004"
_PATIENT: Final[dict[str, Any]] = {
    "identifier": [{"value": "N-1", "type": "MR", "assigner": "NORTH"}],
    "name": [{"family": "Weaver", "given": ["Ottilie"]}],
    "birthDate": "1971-04-12",
}


class PersonWanted(Shape):
    """Who is looked for: a number, or a family name with a birth date or a given name."""

    number: str = Field(default="", max_length=200, description="a record number, as any source gave it")
    assigner: str | None = Field(default=None, max_length=200, description="who gave the number")
    family: str = Field(default="", max_length=200, description="the family name")
    given: str = Field(default="", max_length=200, description="a given name")
    birth: str = Field(default="", max_length=10, description="the date of birth, `YYYY-MM-DD`")


class PersonFound(Shape):
    """A person."""

    id: str = Field(description="in the person index")
    patient: dict[str, Any] = Field(description="what is known, as canonical events have it")


class PersonsFound(Shape):
    """Those who fit."""

    persons: list[PersonFound] = Field(description="fifty at most")


class RecordShown(Shape):
    """A patient as one source knows it."""

    id: str = Field(description="its id in the person index")
    source: str = Field(description="the system")
    number: dict[str, Any] = Field(description="by which the source knows it")
    occurred: str = Field(description="when the source said so last, by its own time")
    retired: bool = Field(description="whether its source ended it in favour of another")


class LinkShown(Shape):
    """What says, or said, that two records are of one person."""

    id: str = Field(description="by which it is undone")
    older: str = Field(description="a record")
    newer: str = Field(description="another")
    basis: str = Field(description="`identifier`, `score`, `source`, `steward` or `batch`")
    weight: float | None = Field(default=None, description="by the score, where it was compared")
    model: str | None = Field(default=None, description="the model that weighed it")
    made: str = Field(description="when")
    by: str = Field(description="who")
    why: str = Field(description="the reason that was given")
    ended: str | None = Field(default=None, description="when it was undone")


class PersonShown(PersonFound):
    """A person with its records."""

    origins: dict[str, str] = Field(description="of each field the record that it came from")
    records: list[RecordShown] = Field(description="the oldest first")
    links: list[LinkShown] = Field(description="in the order in which they were made")


class QuestionShown(Shape):
    """Two records that may be of one person. It names nobody."""

    id: str = Field(description="its id")
    case: str = Field(description="the case that answers it: `approve`, they are one; `reject`, they are not")
    system: str = Field(description="the source whose record made it")
    basis: str = Field(description="`identifier`, `score` or `source`")
    weight: float | None = Field(default=None, description="by the score; null where a source asked")
    model: str | None = Field(default=None, description="the model that weighed it")
    asked: str = Field(description="when")
    state: str = Field(description="of the case")
    owner: str = Field(description="the role that answers")
    assignee: str | None = Field(default=None, description="who has it")


class QuestionsShown(Shape):
    """A page of open questions."""

    questions: list[QuestionShown] = Field(description="the oldest first")
    next: str | None = Field(default=None, description="send it as `after`; null on the last page")


class CodeShown(Shape):
    """A code of a system."""

    system: str = Field(description="whose code")
    type: str = Field(description="which of its codes")
    value: str = Field(description="the code")
    label: str = Field(description="what the system calls it")


class NearShown(Shape):
    """A code that is known and looks like one that is not."""

    value: str = Field(description="the code")
    canonical: str = Field(description="what it stands for")
    label: str = Field(description="what it is called")
    likeness: float = Field(description="0 to 100")


class Meaning(Shape):
    """What a code stands for on a day."""

    known: bool = Field(description="whether it stands for something")
    entity: str = Field(description="what sort of thing")
    id: str | None = Field(default=None, description="our own id of it")
    label: str = Field(description="what it is called")
    version: int | None = Field(default=None, description="of the crosswalk that says so")
    codes: list[CodeShown] = Field(description="by which the system that was asked for knows it")
    nearest: list[NearShown] = Field(description="of an unknown code, those that look like it")


def found(patient: Patient) -> PersonFound:
    """One who fits."""
    assert patient.person is not None, "the index made it"
    return PersonFound(id=patient.person.id, patient=msgspec.to_builtins(patient))


def person_shown(one: Explained) -> PersonShown:
    """A person, whole."""
    records = [
        RecordShown(
            id=str(each.id), source=each.source, number=msgspec.to_builtins(each.first),
            occurred=each.occurred.isoformat(), retired=each.retired,
        )
        for each in one.records
    ]  # fmt: skip
    return PersonShown(
        id=str(one.person), patient=msgspec.to_builtins(one.patient), records=records,
        origins={field: str(record) for field, record in one.origins.items()},
        links=[_link(each) for each in one.links],
    )  # fmt: skip


def _link(one: Link) -> LinkShown:
    return LinkShown(
        id=str(one.id), older=str(one.older), newer=str(one.newer), basis=one.basis.value,
        weight=one.evidence.weight if one.evidence else None, model=one.evidence.model if one.evidence else None,
        made=one.made.isoformat(), by=one.by, why=one.why, ended=one.ended.isoformat() if one.ended else None,
    )  # fmt: skip


def question_shown(one: Waiting) -> QuestionShown:
    """An open question."""
    return QuestionShown(
        id=str(one.id), case=str(one.case), system=one.system, basis=one.basis.value, weight=one.weight,
        model=one.model, asked=one.asked.isoformat(), state=one.state, owner=one.owner, assignee=one.assignee,
    )  # fmt: skip


def meaning(entity: str, said: Canonical | Unknown, codes: tuple[Code, ...]) -> Meaning:
    """What was looked up."""
    if isinstance(said, Unknown):
        near = [NearShown(**one._asdict()) for one in said.nearest]
        return Meaning(known=False, entity=entity, id=None, label="", version=None, codes=[], nearest=near)
    shown = [CodeShown(**one._asdict()) for one in codes]
    return Meaning(
        known=True, entity=entity, id=said.id, label=said.label, version=said.since, codes=shown, nearest=[]
    )  # fmt: skip


FOUND: Final = PersonFound(id=_ID, patient=_PATIENT)
PERSON: Final = PersonShown(
    id=_ID, patient=_PATIENT, origins={"name": _ID, "birth_date": _ID},
    records=[RecordShown(
        id=_ID, source="ehr", number={"value": "N-1", "type": "MR", "assigner": "NORTH"}, occurred=TIME, retired=False,
    )],
    links=[LinkShown(
        id=EVENT_ID, older=_ID, newer=MESSAGE_ID, basis="steward", weight=None, model=None, made=TIME, by="s.lindqvist",
        why="the same card was shown", ended=None,
    )],
)  # fmt: skip
QUESTION: Final = QuestionShown(
    id=EVENT_ID, case=MESSAGE_ID, system="lab", basis="score", weight=7.5, model="hospital-1", asked=TIME,
    state="open", owner="health-information", assignee=None,
)  # fmt: skip
MEANING: Final = Meaning(
    known=True, entity="payer", id="acme", label="Acme Health", version=3, nearest=[],
    codes=[CodeShown(system="erp", type="partner", value="417", label="Acme Health")],
)  # fmt: skip
