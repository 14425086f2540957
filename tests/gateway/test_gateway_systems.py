"""What systems answer by themselves: who may ask, and what the system is told of the caller."""

from __future__ import annotations

import pytest
from tests.gateway.calling import open_api

from careloom.systems.seam import Reply, Request


class Shelf:
    """A system that callers reach with their API key."""

    authenticates = False
    max_body = 1000

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(204)


@pytest.mark.parametrize(
    ("method", "key", "status"),
    [
        ("GET", "clm_portal", 204),
        ("POST", "clm_portal", 204),
        ("GET", "clm_probe", 204),
        ("POST", "clm_probe", 403),
        ("PUT", "clm_probe", 403),
        ("GET", None, 401),
        ("POST", "clm_nobody", 401),
    ],
)
async def test_sending_needs_the_scope_of_intake(method: str, key: str | None, status: int) -> None:
    shelf = Shelf()
    reply = await open_api(endpoints={"shelf": shelf}).call(method, "/v1/systems/shelf/Patient", key=key)
    assert reply.status == status
    assert len(shelf.asked) == (status == 204)
    if status == 403:
        assert reply.problem == "scope-missing"


@pytest.mark.parametrize(("key", "name", "reads"), [("clm_portal", "portal", False), ("clm_desk", "front-desk", True)])
async def test_the_system_is_told_who_asks_and_whether_that_key_may_see_patients(
    key: str, name: str, reads: bool
) -> None:
    shelf = Shelf()
    await open_api(endpoints={"shelf": shelf}).get("/v1/systems/shelf/Patient?identifier=1", key=key)
    [asked] = shelf.asked
    assert (asked.principal, asked.reads_phi, asked.query) == (name, reads, "identifier=1")
