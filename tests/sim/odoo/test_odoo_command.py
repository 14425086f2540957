"""`python -m careloom.sim.odoo` says where it listens and how to call it; and the server is fast enough for a demo."""

import asyncio
import os
import re
import sys

import aiohttp
import pytest

from careloom.sim.odoo import SimulatedOdoo
from careloom.sim.odoo.__main__ import arguments, greeting


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
