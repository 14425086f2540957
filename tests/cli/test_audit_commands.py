"""`careloom audit calls`: who called the API, and what of it is kept how long."""

from __future__ import annotations

import pytest
from tests.hub.hospital import Hospital
from tests.hub.test_running_hub import http, key_of

KEYS = (
    "at", "consumer", "consumer_id", "method", "route", "data_class", "criticality", "status", "outcome", "seconds"
)  # fmt: skip


async def called(hospital: Hospital) -> None:
    """A key asks for the status twice and for what is not there once; somebody without a key once."""
    key = await key_of(hospital, "lab")
    async with hospital.running() as hub:
        port = hub.node.ports["api"]
        for path in ("/v1/status", "/v1/events/00000000-0000-7000-8000-000000000000", "/v1/status"):
            await http(port, path, key)
        await http(port, "/v1/status", "clm_wrong")


async def test_calls_are_told_newest_first_with_what_came_of_them(hospital: Hospital) -> None:
    await called(hospital)
    said = await hospital.careloom("audit", "calls", "--json")
    assert said.code == 0, said.errors
    assert [(one["consumer"], one["route"], one["status"]) for one in said.objects] == [
        ("", "/v1/status", 401),
        ("lab", "/v1/status", 200),
        ("lab", "/v1/events/{id}", 404),
        ("lab", "/v1/status", 200),
    ]
    assert all(tuple(one) == KEYS for one in said.objects)
    assert said.objects == sorted(said.objects, key=lambda one: one["at"], reverse=True)
    shown = (await hospital.careloom("audit", "calls")).output
    assert "without a good key" in shown
    assert "GET /v1/status: 200" in shown
    assert shown.endswith("4 calls; they are kept for 400 days (keep_calls_days)\n")


@pytest.mark.parametrize(
    ("filters", "statuses"),
    [
        (("--key", "lab"), [200, 404, 200]),
        (("--key", "nobody"), []),
        (("--status", "4xx"), [401, 404]),
        (("--status", "404"), [404]),
        (("--route", "/v1/status", "--key", "lab"), [200, 200]),
        (("--route", "/v1/s%"), []),
        (("--limit", "2"), [401, 200]),
        (("--before", "2020-01-01"), []),
    ],
)
async def test_calls_are_found_by_key_route_status_and_time(
    hospital: Hospital, filters: tuple[str, ...], statuses: list[int]
) -> None:
    await called(hospital)
    said = await hospital.careloom("audit", "calls", "--json", *filters)
    assert [one["status"] for one in said.objects] == statuses


async def test_older_calls_are_read_on_from_the_last_one(hospital: Hospital) -> None:
    await called(hospital)
    whole = (await hospital.careloom("audit", "calls", "--json")).objects
    said = await hospital.careloom("audit", "calls", "--json", "--before", whole[1]["at"])
    assert said.code == 0, said.errors
    assert said.objects == whole[2:]


async def test_a_status_that_is_none_is_refused_and_an_empty_audit_says_so(hospital: Hospital) -> None:
    hospital.config.write_text(hospital.config.read_text().replace("[store]", "[store]\nkeep_calls_days = 0"))
    for wrong in ("abc", "4x4", "900"):
        said = await hospital.careloom("audit", "calls", "--status", wrong)
        assert (said.code, "403, 4xx" in said.errors) == (2, True)
    said = await hospital.careloom("audit", "calls")
    assert (said.code, said.output) == (0, "0 calls; they are kept for ever (keep_calls_days)\n")
