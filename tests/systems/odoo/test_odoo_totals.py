"""Sums that Odoo works out, in the way of each version."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web


@pytest.mark.parametrize(
    ("series", "method", "sums"),
    [("18.0", "read_group", "amount_residual"), ("19.0", "formatted_read_group", "amount_residual:sum")],
)
async def test_odoo_adds_up_in_the_way_of_its_version(
    scripted: Any, connect: Any, series: str, method: str, sums: str
) -> None:
    server = await scripted(series)
    groups = [
        {"company_id": [1, "A"], sums: 85.5},
        {"company_id": [2, "B"], sums: False},
        {"company_id": False, sums: 1},
    ]

    def answer(path: str, body: dict[str, Any]) -> web.Response:
        asked.append(path.rpartition("/")[2] if series == "19.0" else body["params"]["args"][4])
        return web.json_response(groups if series == "19.0" else {"jsonrpc": "2.0", "id": 1, "result": groups})

    asked: list[str] = []
    server.answer = answer
    odoo = connect(server)
    assert await odoo.totals("account.move.line", [], "amount_residual", "company_id") == {1: 85.5, 2: 0.0}
    assert asked == [method]
