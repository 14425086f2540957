"""`python -m careloom.sim.odoo` says where it listens and how to call it; and the server is fast enough for a demo."""

import asyncio
import os
import re
import sys
import time
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.odoo.__main__ import arguments, greeting
from careloom.sim.odoo.areas import every_model, indexes
from careloom.sim.odoo.dispatch import Dispatcher, Invocation
from careloom.sim.odoo.founding import found
from careloom.sim.odoo.store import Store, Transaction


def test_by_default_it_is_for_this_machine_only() -> None:
    options = arguments([])
    assert (options.host, options.port, options.version, options.workers) == ("127.0.0.1", 8069, "19.0", 2)


def test_an_unknown_version_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--version", "17.0"])
    assert "18.0" in capsys.readouterr().err


async def test_the_greeting_is_all_one_needs(odoo: SimulatedOdoo) -> None:
    text = greeting(odoo)
    assert all(one in text for one in (odoo.url, odoo.database, odoo.login, odoo.api_key))


async def test_the_process_serves_what_its_greeting_says(session: aiohttp.ClientSession) -> None:
    command = [sys.executable, "-m", "careloom.sim.odoo", "--port", "0", "--version", "19.0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(5)]
    facts = dict(re.findall(r"^\s*(url|API key): (\S+)$", "".join(lines), re.MULTILINE))
    headers = {"Authorization": f"bearer {facts['API key']}"}
    async with session.post(f"{facts['url']}/json/2/res.users/context_get", json={}, headers=headers) as answer:
        assert (await answer.json())["uid"] == 5
    process.terminate()
    await process.wait()


def one_hundred(clock: Any) -> float:
    """The CPU seconds of a load of 100 new rows, the best of five."""
    known = every_model(19)
    store = Store(known, indexes(known))
    [_, user] = found(store, known, clock, False)
    fields = ["id", "name", "ref", "street", "email", "country_id/id", "state_id/id", "zip"]
    best = 1.0
    for attempt in range(5):
        data = [
            [f"hip.{attempt}.{n}", "Ida", f"R{n}", "1 St", "i@example.test", "base.us", "base.state_us_14", "62701"]
            for n in range(100)
        ]
        tx = Transaction(store, datetime(2026, 11, 20))
        call = Invocation("res.partner", "load", named={"fields": fields, "data": data})
        started = time.process_time()
        answer = Dispatcher(known, 19).run(call, user, tx)
        tx.commit()
        best = min(best, time.process_time() - started)
        assert len(answer["ids"]) == 100
    return best


def test_a_load_of_one_hundred_rows_takes_less_than_ten_milliseconds(clock: Any) -> None:
    assert one_hundred(clock) < 0.010
