"""Whatever goes wrong, no name, number or answer of Odoo reaches a log line or an exception."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from careloom.core.errors import CareloomError
from careloom.sim.odoo.server import SimulatedOdoo
from careloom.systems.odoo import Odoo

CANARIES = ["Quillfeather", "MRN777001", "quill@example.org", "zephyrine"]
PARTNER = "res.partner"


@pytest.mark.parametrize(
    "misfortune",
    [
        lambda faults: None,
        lambda faults: faults.drop(times=None, method="load"),
        lambda faults: faults.commit_then_drop(method="load"),
        lambda faults: faults.serialization(times=None, method="load"),
        lambda faults: faults.outage(502),
        lambda faults: faults.html_error(500, times=None),
        lambda faults: faults.throttle(times=None),
        lambda faults: faults.auth_revoked(),
    ],
)
async def test_no_personal_data_in_logs_or_errors(
    sim: SimulatedOdoo,
    connect: Callable[..., Odoo],
    caplog: pytest.LogCaptureFixture,
    misfortune: Callable[[Any], None],
) -> None:
    caplog.set_level(logging.DEBUG)
    odoo = connect(sim)
    shown: list[str] = []
    row = {"name": "Zephyrine Quillfeather", "ref": "MRN777001", "email": "quill@example.org"}
    key = odoo.external_id("patient", "GENHOSP", "MRN777001")
    await odoo.upsert(PARTNER, "careloom.before", {"name": "Before"})
    misfortune(sim.faults)
    for values in (row, row | {"country_id/id": "base.quillfeather"}, row | {"name": ["Quillfeather"]}):
        try:
            shown.append(repr(await odoo.upsert(PARTNER, key, values)))
        except CareloomError as error:
            shown += ["".join(traceback.format_exception(error)), repr(error), repr(vars(error)), str(error.outcome())]
    shown += [caplog.text, *(repr(vars(record)) for record in caplog.records if record.name.startswith("careloom"))]
    found = [canary for canary in (*CANARIES, sim.api_key) for text in shown if canary.lower() in text.lower()]
    assert found == []
