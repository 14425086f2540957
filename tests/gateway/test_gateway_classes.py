"""Every route has a class, an owner, a criticality; the class says who may call, who may keep, what is on record."""

from __future__ import annotations

import pytest
from fastapi import APIRouter
from tests.gateway.asking import STANDARD
from tests.gateway.calling import PORTAL, SCOPES, Api, open_api

from careloom.core.errors import ConfigurationError
from careloom.gateway import lookup_routes
from careloom.gateway.classes import (
    RULES,
    Criticality,
    DataClass,
    Declaration,
    Proof,
    Scope,
    Stage,
    declaration_of,
    declared,
    public,
)
from careloom.gateway.governed import Governed, govern
from careloom.gateway.lookups import Lookups


def everything() -> Api:
    return open_api(lookups=Lookups(STANDARD))


def routes(api: Api) -> list[tuple[str, str, Declaration]]:
    return [
        (method, route.path, declaration_of(route))
        for route in api.app.router.routes
        for method in sorted(route.methods - {"HEAD"})
    ]


def test_every_route_of_the_application_is_declared_and_governed() -> None:
    api = everything()
    assert len(routes(api)) > 25
    for route in api.app.router.routes:
        declaration = declaration_of(route)
        assert isinstance(route.app, Governed), route.path
        assert declaration.owner and isinstance(declaration.criticality, Criticality)
        assert declaration.data_class in RULES


def test_only_these_routes_are_public() -> None:
    found = {path for _, path, one in routes(everything()) if one.data_class is DataClass.PUBLIC}
    assert found == {"/healthz", "/openapi.json", "/docs", "/docs/style.css"}


def test_only_what_systems_answer_checks_its_callers_by_itself() -> None:
    found = {path for _, path, one in routes(everything()) if one.proof is Proof.OWN}
    assert found == {"/v1/systems/{name}/{path:path}"}


async def test_the_class_of_a_route_asks_for_a_key_and_its_scope() -> None:
    api = everything()
    for method, path, declaration in routes(api):
        if declaration.proof is not Proof.KEY:
            continue
        target = path.replace("{", "").replace("}", "")
        assert (await api.call(method, target, key=None)).problem == "key-missing", path
        assert (await api.call(method, target, key="clm_unknown")).problem == "key-refused", path
        refused = await api.call(method, target, key="clm_probe")
        wanted = "version-not-approved" if path.startswith("/v2") else "scope-missing"
        assert (refused.status, refused.problem) == (403, wanted), path


async def test_what_the_portal_lacks_is_what_the_class_asks() -> None:
    api = everything()
    for method, path, declaration in routes(api):
        if path.startswith("/v1/lookups/") and "{" not in path:
            reply = await api.call(method, path, payload={} if method == "POST" else None)
            allowed = declaration.needed in SCOPES[PORTAL]
            assert (reply.status == 403) is not allowed, path


@pytest.mark.parametrize("data_class", DataClass)
async def test_the_class_says_who_may_keep_an_answer_and_what_is_on_record(data_class: DataClass) -> None:
    router = APIRouter()

    @router.get("/v1/thing")
    @(
        public("team", 60)
        if data_class is DataClass.PUBLIC
        else declared(
            Declaration(
                data_class=data_class,
                criticality=Criticality.LOW,
                owner="team",
                cache_seconds=60 if RULES[data_class].cacheable else 0,
            )
        )
    )
    async def thing() -> dict[str, str]:
        return {}

    api = open_api()
    api.app.router.routes[:] = router.routes
    govern(api.app.router.routes, api.services)
    kept = (await api.get("/v1/thing", key="clm_desk")).headers["cache-control"]
    assert (
        kept
        == {
            DataClass.PUBLIC: "public, max-age=60",
            DataClass.OPERATIONAL: "private, max-age=60",
            DataClass.FINANCIAL: "private, max-age=60",
            DataClass.PHI: "no-store",
        }[data_class]
    )
    assert len(api.audit) == (data_class is not DataClass.PUBLIC)


def test_a_route_without_a_declaration_is_refused() -> None:
    api = open_api()
    router = APIRouter()

    @router.get("/v1/secret")
    async def secret() -> None: ...

    with pytest.raises(ConfigurationError, match="/v1/secret is not declared"):
        govern(router.routes, api.services)


def test_a_version_without_a_stage_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="version v2, which has no stage"):
        open_api(stages={"v1": Stage.CURRENT})


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"owner": ""}, "needs an owner"),
        ({"cache_seconds": 5}, "may not be kept"),
        ({"proof": Proof.NONE}, "class public"),
        ({"data_class": DataClass.PUBLIC}, "class public"),
    ],
)
def test_a_declaration_that_its_class_forbids_is_refused(changed: dict[str, object], words: str) -> None:
    fields = {"data_class": DataClass.PHI, "criticality": Criticality.HIGH, "owner": "team"} | changed
    with pytest.raises(ConfigurationError, match=words):
        Declaration(**fields)


def test_a_look_up_s_route_has_the_look_up_s_own_class() -> None:
    for desk in Lookups(STANDARD):
        declaration = lookup_routes.declaration_of(desk)
        assert declaration.data_class is desk.lookup.data_class
        assert declaration.needed is RULES[desk.lookup.data_class].scope
        assert declaration.owner == desk.lookup.owner


def test_reading_phi_needs_a_scope_that_no_key_has_by_itself() -> None:
    assert RULES[DataClass.PHI].scope is Scope.READ_PHI
    assert Scope.READ_PHI not in SCOPES[PORTAL]
