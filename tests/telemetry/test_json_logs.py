"""Log lines as JSON: what is in them, and that no person ever is."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.acceptance.gossip import Gossip, gossiping
from tests.acceptance.test_no_phi import CANARIES, FLOW, HATED, about
from tests.hub.hospital import END, START, Hospital

from careloom.core.ids import Uuid7
from careloom.core.tracing import CORRELATION
from careloom.sim.odoo import SimulatedOdoo
from careloom.telemetry.logs import JsonLines, log_as_json


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the root logger writes, as JSON."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    root = logging.getLogger()
    before, others = root.level, root.handlers
    root.handlers = [handler]
    root.setLevel(logging.DEBUG)
    log_as_json()
    yield written
    root.handlers = others
    root.setLevel(before)


def parsed(written: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_line_is_one_object_with_the_message_that_it_is_about(lines: io.StringIO) -> None:
    id_ = Uuid7()()
    token = CORRELATION.set(id_)
    logging.getLogger("careloom.log.worker").warning("%s waits\nfor the store", "translate")
    CORRELATION.reset(token)
    logging.getLogger("careloom.log.worker").info("idle")
    first, second = parsed(lines)
    assert first["message"] == "translate waits\nfor the store"
    assert (first["level"], first["logger"], first["correlation"]) == ("warning", "careloom.log.worker", str(id_))
    assert "correlation" not in second


def test_of_an_exception_the_type_and_the_place_are_told_and_not_its_text(lines: io.StringIO) -> None:
    try:
        raise ValueError("Quillfeather, Zyxwina")
    except ValueError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    [line] = parsed(lines)
    assert line["error"].startswith("ValueError at test_json_logs.py:")
    assert "Quillfeather" not in lines.getvalue()


def test_a_library_tells_its_own_words_and_not_what_it_filled_in(lines: io.StringIO) -> None:
    logging.getLogger("aiohttp.client").warning("cannot parse %s", "Quillfeather")
    logging.getLogger("aiohttp.client").warning(f"cannot parse {'Quillfeather'}")
    first, second = parsed(lines)
    assert first["message"] == "cannot parse %s"
    assert second["message"].startswith("test_json_logs.py:")


def test_what_is_not_ascii_and_what_is_long_are_lines_too() -> None:
    record = logging.LogRecord("careloom", logging.INFO, __file__, 1, "Grüße " + "x" * 9000, None, None)
    line = json.loads(JsonLines().format(record))
    assert line["message"].startswith("Grüße")
    assert len(line["message"]) == 4000


@pytest.fixture
async def gossip(erp: SimulatedOdoo) -> AsyncIterator[Gossip]:
    async with gossiping(erp, HATED) as made:
        yield made


async def test_a_feed_of_patients_with_faults_leaves_no_person_in_any_line(
    hospital: Hospital, gossip: Gossip, erp: SimulatedOdoo, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refusals, a target that gossips, a flow with a bug, bytes that are none of ours: everything at level debug."""
    (hospital.folder / "fragile_logged.py").write_text(FLOW)
    monkeypatch.setattr(sys, "path", [str(hospital.folder), *sys.path])
    hospital.configure(
        f'[systems.sink]\nkind = "http"\nurl = "{gossip.url}/sink"\n[deliveries.sink]\nsystem = "sink"\n'
        'events = ["registration.created.v1"]\n[flows.fragile]\n',
        odoo=erp, hub='flows = ["careloom.flows.registration", "careloom.flows.standards", "fragile_logged"]',
    )  # fmt: skip
    text = hospital.config.read_text().replace(f'url = "{erp.url}"', f'url = "{gossip.url}"')
    hospital.config.write_text(text)
    bad = about("C4").replace(b"PID|", b"PID\x00|")
    async with hospital.running() as hub:
        for body in (
            about("C1"),
            about("C1", family="Bugaboosky", number=2),
            about("C2", family="Bugaboosky", number=3),
        ):
            await hub.ehr.send(body)
        await hub.ehr.send(about("C3", family=HATED, number=4))
        await hub.ehr.send(bad)
        hub.ehr.write(START + about("C5") + about("C6") + END)
        await hub.ehr.answer()
        await hub.eventually(lambda: hub.rows("select 1 from parked where state = 'case' having count(*) >= 2"))
    written = lines.getvalue()
    found = parsed(lines)
    assert len(found) >= 5
    assert any("correlation" in line for line in found), "what happens to a message is told with its id"
    assert {name for name, canary in CANARIES.items() if canary in written} == set()
    assert Path(hospital.folder, "dsn").read_text() not in written
