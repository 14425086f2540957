"""Persons of the index, the questions about them, and what codes stand for: `/v1/persons`, `/v1/person-questions`,
`/v1/codes`. Questions are answered by their cases."""

# No postponed annotations here: FastAPI could not resolve the annotations of what `router` makes.

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from careloom.gateway.case_routes import MOST
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.cursors import following, is_usual, place_read, place_written
from careloom.gateway.examples import answer, taken
from careloom.gateway.person_shapes import (
    FOUND,
    MEANING,
    PERSON,
    QUESTION,
    BasisName,
    EntityName,
    Meaning,
    PersonsFound,
    PersonShown,
    PersonWanted,
    QuestionsShown,
    found,
    meaning,
    person_shown,
    question_shown,
)
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.identity.crosswalk.codes import Canonical
from careloom.identity.index.errors import NoSuchPerson
from careloom.identity.index.index import PersonIndex
from careloom.identity.index.reviewing import Wanted
from careloom.identity.index.seam import Basis

_PHI: Final = Declaration(data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="health-information")
_CASES: Final = Declaration(
    data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="health-information",
    scope=Scope.CASES_READ,
)  # fmt: skip
_CODES: Final = Declaration(
    data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="master-data"
)  # fmt: skip
_PLAIN: Final = r"^[^\x00]*$"
Word = Annotated[str | None, Query(max_length=200, pattern=_PLAIN)]
Needed = Annotated[str, Query(min_length=1, max_length=200, pattern=_PLAIN)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="the most to give")]
After = Annotated[str | None, Query(max_length=400, description="the `next` of the page before")]
Weight = Annotated[float | None, Query(allow_inf_nan=False, description="that much or more")]
Day = Annotated[date | None, Query(description="on that day; else today")]
_after = msgspec.json.Decoder(tuple[datetime, UUID])


def router(services: Services) -> APIRouter:
    """The routes about persons and codes."""
    routes = APIRouter(tags=["identity"])
    _add_search(routes, services)
    _add_one(routes, services)
    _add_questions(routes, services)
    _add_codes(routes, services)
    return routes


def _index(services: Services) -> PersonIndex:
    if services.persons is None:
        raise ProblemError(404, "no-person-index", "no persons are indexed here; enable `[identity]` in careloom.toml")
    return services.persons


def _add_search(routes: APIRouter, services: Services) -> None:
    @routes.post(
        "/v1/persons/search",
        response_model=None,
        responses={
            **answer(200, "those who fit", PersonsFound, PersonsFound(persons=[FOUND]).model_dump()),
            **documented(401, 403, 404, 422, 503),
        },
        summary="Persons by a number, or by name and birth",
        openapi_extra=taken(PersonWanted(number="N-1", assigner="NORTH")),
    )
    @declared(_PHI)
    async def search_persons(wanted: PersonWanted) -> JSONResponse:
        """However names are written; numbers are compared exactly. A POST, so that no name stands in an address."""
        try:
            persons = await _index(services).find(**wanted.model_dump())
        except ValueError:
            detail = "say a number, or a family name with a date of birth or a given name"
            raise ProblemError(422, "invalid-request", detail, location="body") from None
        return JSONResponse(PersonsFound(persons=[found(one) for one in persons]).model_dump())


def _add_one(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/persons/{id}",
        response_model=None,
        responses={
            **answer(200, "the person", PersonShown, PERSON.model_dump()),
            **documented(401, 403, 404, 422, 503),
        },
        summary="One person: what is known and from where, its records and what links them",
    )
    @declared(_PHI)
    async def person(id: UUID) -> JSONResponse:
        """`id` is of the person or of one of its records."""
        try:
            explained = await _index(services).explain(id)
        except NoSuchPerson:
            raise ProblemError(404, "person-unknown", "there is no such person or record in the index") from None
        return JSONResponse(person_shown(explained).model_dump())


def _add_questions(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/person-questions",
        response_model=None,
        responses={
            **answer(200, "a page", QuestionsShown, QuestionsShown(questions=[QUESTION]).model_dump(), "Link"),
            **documented(401, 403, 404, 422, 503),
        },
        summary="Questions whether two records are of one person, the oldest first",
    )
    @declared(_CASES)
    async def person_questions(
        system: Word = None, basis: BasisName | None = None, weight: Weight = None, owner: Word = None,
        assignee: Word = None, after: After = None, limit: Limit = 100,
    ) -> JSONResponse:  # fmt: skip
        """Answered by `POST /v1/cases/{case}/actions`: `approve`, they are one person; `reject`, they are not."""
        rests = None if basis is None else Basis(basis)
        wanted = Wanted(system=system, basis=rests, weight=weight, owner=owner, assignee=assignee)
        place = None if after is None else place_read(after, _decoded)
        page = await _index(services).reviewing.questions(wanted, place, limit)
        later = None if page.after is None else place_written(page.after)
        asked = {"system": system, "basis": basis, "weight": weight, "owner": owner, "assignee": assignee}
        body = QuestionsShown(questions=[question_shown(one) for one in page.questions], next=later)
        return JSONResponse(body.model_dump(), headers=following("/v1/person-questions", asked, later, limit))


def _decoded(text: bytes) -> tuple[datetime, UUID]:
    place = _after.decode(text)
    if place[0].tzinfo is None or not is_usual(place[0]):
        raise ValueError("no time of ours")
    return place


def _add_codes(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/codes/{entity}",
        response_model=None,
        responses={
            **answer(200, "what it stands for, or the nearest known", Meaning, MEANING.model_dump()),
            **documented(401, 403, 422, 503),
        },
        summary="What a code of a system stands for on a day",
    )
    @declared(_CODES)
    async def code(
        entity: EntityName, system: Needed, type: Needed, value: Needed, at: Day = None, of: Word = None
    ) -> JSONResponse:
        """By the crosswalk; `of` names a system whose codes of the same thing are wanted too. Nothing is guessed: an
        unknown code is answered with those that look like it."""
        if services.codes is None:
            raise ProblemError(503, "unavailable", "the hub cannot answer now; nothing was changed, ask again")
        lookup, on = services.codes.lookup, at or services.clock.now().date()
        said = await lookup.lookup(system, type, value, on, entity=entity)
        theirs = await lookup.codes_of(said, of, on) if of and isinstance(said, Canonical) else ()
        return JSONResponse(meaning(entity, said, theirs).model_dump())
