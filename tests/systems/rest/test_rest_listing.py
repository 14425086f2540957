"""A list of a REST API as rows for flows: page by page, with a watermark, and nothing taken in."""

from __future__ import annotations

import pytest
from tests.systems.rest.conftest import Bench, document
from tests.systems.rest.test_rest_lists import item, query, things

from careloom.core.errors import ConfigurationError
from careloom.systems.http.fake import Request
from careloom.systems.listing import Listed


async def test_rows_page_by_page_and_the_watermark_of_all(bench: Bench) -> None:
    def answers(request: Request) -> bytes:
        page = int(query(request)["p"])
        return document({"data": [[item(9), item(3, name={"short": "A"})], [item(5)], []][page - 1]})

    bench.answers = answers
    rest = bench.connect(resources=things(updated="/at", since="from", paging={"style": "page", "parameter": "p"}))
    assert isinstance(rest, Listed)
    first = await rest.rows("things", "", None, 100)
    assert [(row.number, row.cells["id"]) for row in first.rows] == [(1, "9"), (2, "3")]
    assert first.rows[1].cells["name.short"] == "A"
    second = await rest.rows("things", "", first.after, 100)
    assert [(row.number, row.cells["id"]) for row in second.rows] == [(3, "5")]
    last = await rest.rows("things", "", second.after, 100)
    assert (last.rows, last.after, last.version, last.whole) == ([], None, "2026-03-02T08:00:09Z", True)
    assert first.edition == second.edition == last.edition
    assert bench.stored == []


async def test_since_a_watermark_it_gives_changes_alone(bench: Bench) -> None:
    bench.answers = lambda _: document({"data": []})
    rest = bench.connect(resources=things(updated="/at", since="from"))
    found = await rest.rows("things", "2026-03-02T08:00:09Z", None, 100)
    assert (found.whole, found.version) == (False, "2026-03-02T08:00:09Z")
    assert query(bench.target.requests[0])["from"] == "2026-03-02T07:59:09Z", "a little earlier, as a look"


async def test_a_list_that_there_is_not_says_which_there_are(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="no list 'others'; there is things"):
        await bench.connect(resources=things()).rows("others", "", None, 100)
