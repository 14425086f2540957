"""`careloom match train`: of the index what it teaches itself; of a generated hospital the model that is shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.generated import Population, Seed, generated, real_names
from careloom.cli.output import By, Json, console, json_line
from careloom.identity.index.teaching import estimated, taught
from careloom.identity.matching import shipped, thresholds, training
from careloom.identity.matching.counting import counted
from careloom.identity.matching.evaluating import pairs
from careloom.identity.matching.model import Model
from careloom.log.operators import Act


def train(
    weights: Annotated[
        bool, typer.Option("--weights", help="Estimate the weights anew too, not only names; zones by probability.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Decide by it from now on; else only say what it is.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is put on record.")] = "",
    population: Population = None,
    seed: Seed = 1,
    zones: Annotated[
        int | None,
        typer.Option("--zones", min=1, help="Choose the zones on another generated hospital of so many persons."),
    ] = None,
    zones_seed: Annotated[int, typer.Option("--zones-seed", help="Its seed.")] = 3,
    write: Annotated[
        bool, typer.Option("--write", help="Write it over the model that comes with the package.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", help="Write it to this file instead.")] = None,
    config: Config = DEFAULT_CONFIG,
    by: By = "cli",
    json: Json = False,
) -> None:
    """Teach the model what the person index holds: how frequent names are, how rare one person is among so many. With
    --population, train one on a generated hospital instead, and choose its zones from the precision measured there."""
    if population is None:
        if apply and not reason:
            raise typer.BadParameter("say why: --reason TEXT", param_hint="--reason")
        model, kept = go(_of_index(config, Act(by, reason), seed, weights=weights, apply=apply)), apply
    else:
        model, kept = _of_hospital(population, seed, zones, zones_seed), False
        target = shipped.FILE if write else output
        if target is not None:
            target.write_bytes(shipped.written(model, real_names()))
            kept = True
    _show(model, kept=kept, json=json)


async def _of_index(config: Path, act: Act, seed: int, *, weights: bool, apply: bool) -> Model:
    async with deployment(config) as here:
        index = here.persons
        try:
            model = await (estimated(index, seed) if weights else taught(index))
            if apply:
                await index.use(model, act)
        finally:
            await index.close()
    return model


def _of_hospital(persons: int, seed: int, zones: int | None, zones_seed: int) -> Model:
    records = generated(persons, seed)
    name = f"hospital-{persons}-{seed}"
    model = training.train([one.features for one in records], version=name, seed=seed)
    if zones is None:
        return thresholds.measured(model, list(pairs(model, records)), records, f"a generated hospital, {name}")
    records = generated(zones, zones_seed)
    there = counted(model, (one.features for one in records))
    on = f"a generated hospital, hospital-{zones}-{zones_seed}"
    found = thresholds.measured(there, list(pairs(there, records)), records, on)
    return thresholds.with_zones(model, found)


def _show(model: Model, *, kept: bool, json: bool) -> None:
    names = {feature: len(terms) for feature, terms in model.frequencies.items()}
    said: dict[str, Any] = {
        "model": model.version, "records": model.records, "prior": model.prior, "names": names, "link": model.link,
        "review": model.review, "measured": model.measured, "kept": kept,
    }  # fmt: skip
    if json:
        json_line(said)
        return
    for key, value in said.items():
        console.print(f"{key:>9} {value}", markup=False)
