"""Two flows await one event, each by its own key: a run that names the event waits for the signal of its own flow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.workflow.conftest import house_on
from tests.workflow.processes import EVENT

from careloom.core.errors import ConfigurationError
from careloom.flows import Flow
from careloom.model import PatientDischarged
from careloom.store.database import Database
from careloom.workflow.declaration import Registry
from careloom.workflow.diagram import diagram
from careloom.workflow.run import Run

assert isinstance(EVENT, PatientDischarged)
NUMBER = EVENT.patient.identifier[0].value
ward, kitchen = Flow("ward", owner="nursing", sla="1d"), Flow("kitchen", owner="catering", sla="1d")
ward.awaits(PatientDischarged, by=lambda event: event.patient.identifier[0].value)
kitchen.awaits(PatientDischarged, by=lambda _: "any bed")


@ward.workflow()
async def clean(run: Run, number: str) -> str:
    return "left" if await run.wait_for(PatientDischarged, number, within="1d") else "stays"


@kitchen.workflow()
async def cook(run: Run, key: str) -> str:
    return "one less" if await run.wait_for(PatientDischarged, key, within="1d") else "as many"


WORKFLOWS, SIGNALS = [clean, cook], [*ward.signals, *kitchen.signals]


async def test_each_gets_the_event_by_its_own_key(database: Database) -> None:
    async with house_on(database, WORKFLOWS, SIGNALS) as house:
        runs = [
            await house.begin(workflow, key)
            for workflow, key in ((clean, NUMBER), (clean, "any bed"), (cook, "any bed"), (cook, NUMBER))
        ]
        await house.settle()
        await house.tell(EVENT, "m-1")
        await house.handled(lambda: house.rows("select 1 from run where ended is not null having count(*) = 2"))
        await house.later(timedelta(days=1).total_seconds())
        results = [(await house.result(run))[1] for run in runs]
    assert results == [b'"left"', b'"stays"', b'"one less"', b'"as many"']


def test_the_picture_names_the_signal_of_its_flow() -> None:
    registry = Registry(WORKFLOWS, SIGNALS)
    assert "ward.PatientDischarged" in diagram(clean, registry)
    assert "kitchen.PatientDischarged" in diagram(cook, registry)


def test_a_flow_without_one_takes_the_only_one_and_else_nobody_guesses() -> None:
    assert Registry([], ward.signals).signal_for(PatientDischarged, "porter.fetch") is ward.signals[0]
    for signals, count in ((SIGNALS, 2), ([], 0)):
        with pytest.raises(ConfigurationError, match=f"porter.fetch waits for .* {count} signals fit"):
            Registry([], signals).signal_for(PatientDischarged, "porter.fetch")


def test_one_that_awaits_an_event_by_two_keys_says_which() -> None:
    flow = Flow("porter", owner="transport", sla="1d")
    flow.awaits(PatientDischarged, by=lambda _: "bed", name="bed")
    flow.awaits(PatientDischarged, by=lambda _: "chair", name="chair")
    with pytest.raises(ConfigurationError, match="2 signals fit"):
        Registry([], [*flow.signals, *ward.signals]).signal_for(PatientDischarged, "porter.fetch")
