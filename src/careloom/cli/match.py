"""How records of one person are found: train the weights, measure them on labelled sets, look for duplicates."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.generated import Population, Seed, generated
from careloom.cli.match_train import train
from careloom.cli.output import By, Json, console, json_line
from careloom.core.errors import FormatError
from careloom.identity.index.everybody import Everybody
from careloom.identity.matching import counting, labelled, plain_splink, shipped, training
from careloom.identity.matching.dedupe import Done, Proposal
from careloom.identity.matching.dedupe import dedupe as deduplicate
from careloom.identity.matching.evaluating import Figures, Labelled, figures, pairs, same_persons, zoned
from careloom.identity.matching.model import Model
from careloom.identity.matching.zones import Zone
from careloom.log.operators import Act

Maps = Annotated[
    list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="What a column holds; - for none.")
]
_ENOUGH = 500
_TOO_MANY_FOR_THE_PEER = 300_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(evaluate)
    app.command()(dedupe)


def evaluate(
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE [FILE2]", help="Labelled tables in CSV.")] = None,
    truth: Annotated[str, typer.Option("--truth", help="The column that all records of a person share.")] = "",
    maps: Maps = None,
    population: Population = None,
    seed: Seed = 2,
    shipped_only: Annotated[
        bool, typer.Option("--shipped", help="Only the weights that come with the package.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain/--no-plain", help="Measure plain Splink beside it.")] = True,
    region: Annotated[str, typer.Option("--region", help="Whose phone numbers come without country code.")] = "US",
    day_first: Annotated[bool, typer.Option("--day-first", help="Read 03/04/1970 as the third of April.")] = False,
    json: Json = False,
) -> None:
    """Precision, recall and zones on records of which it is known who is who. One file: its duplicates. Two files: the
    second arrives where the first is known."""
    name, records, known, fields = _set(files or [], truth, maps or [], population, seed, region, day_first)
    model, weights = _weights(records, seed, shipped_only or population is not None)
    ours = figures(zoned(model, pairs(model, records, known)), records, known)
    said: dict[str, Any] = {
        "set": name, "records": len(records), "arrivals": len(records) - known, "same": same_persons(records, known),
        "columns": fields, "weights": weights, "prior": model.prior, "link": model.link, "review": model.review,
        "ours": ours,
    }  # fmt: skip
    if plain and len(records) <= _TOO_MANY_FOR_THE_PEER:
        decided = ((pair, _plain_zone(chance)) for pair, chance in plain_splink.predicted(records, known))
        said["splink"] = figures(decided, records, known)
    if json:
        json_line(said)
    else:
        _show(said)


def _set(
    files: list[Path], truth: str, maps: list[str], population: int | None, seed: int, region: str, day_first: bool
) -> tuple[str, list[Labelled], int, dict[str, list[str]]]:
    if population is not None:
        return f"hospital-{population}-{seed}", generated(population, seed), 0, {}
    if not 1 <= len(files) <= 2:
        raise typer.BadParameter("name one file or two, or --population N")
    if not truth:
        raise typer.BadParameter("name the column that tells who is who: --truth COLUMN")
    given = _mapping(maps)
    read = [_table(file, truth, given, region, day_first) for file in files]
    records = [one for table in read for one in table.records]
    known = len(read[0].records) if len(read) == 2 else 0
    return " + ".join(file.name for file in files), records, known, read[-1].fields


def _table(file: Path, truth: str, given: dict[str, str], region: str, day_first: bool) -> labelled.Labels:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            heading = next(csv.reader([lines.readline()], skipinitialspace=True), [])
            lines.seek(0)
            here = {column: field for column, field in given.items() if column in heading or len(heading) < 2}
            _known_somewhere(given, here, heading, file)
            return labelled.read(lines, str(file), truth, here, region=region, day_first=day_first)
    except UnicodeDecodeError as error:
        raise FormatError(f"is no UTF-8 at octet {error.start}", str(file)) from None
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", str(file)) from None


def _known_somewhere(given: dict[str, str], here: dict[str, str], heading: list[str], file: Path) -> None:
    for column in given.keys() - here.keys():
        raise FormatError(f"has no such column; it has {', '.join(heading)}", f"{file}, line 1, column {column}")


def _mapping(maps: list[str]) -> dict[str, str]:
    found = {}
    for one in maps:
        column, equals, field = one.rpartition("=")
        if not equals or not column:
            raise typer.BadParameter(f"{one} is no COLUMN=FIELD", param_hint="--map")
        found[column] = field
    return found


def dedupe(
    apply: Annotated[
        bool, typer.Option("--apply", help="Link what is sure and ask stewards about the rest; else only count.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is put on record.")] = "",
    config: Config = DEFAULT_CONFIG,
    by: By = "cli",
    json: Json = False,
) -> None:
    """Look for duplicates among all records of the person index at once."""
    if apply and not reason:
        raise typer.BadParameter("say why: --reason TEXT", param_hint="--reason")
    done, found = go(_deduped(config, Act(by, reason), apply=apply))
    zones = {zone.value: sum(one.zone is zone for one in found) for zone in (Zone.LINK, Zone.REVIEW)}
    said = {"records": done.records, "found": zones, "linked": done.linked, "asked": done.asked}
    if json:
        json_line(said)
    else:
        console.print(f"{done.records} records: {zones['link']} pairs are surely one person, {zones['review']} may be")
        console.print(
            f"linked {done.linked}, asked about {done.asked}" if apply else "nothing was changed: --apply does"
        )


async def _deduped(config: Path, act: Act, *, apply: bool) -> tuple[Done, list[Proposal]]:
    async with deployment(config) as here:
        index = here.persons
        try:
            return await deduplicate(Everybody(index, act), act.by, apply=apply)
        finally:
            await index.close()


def _weights(records: list[Labelled], seed: int, only_shipped: bool) -> tuple[Model, str]:
    before, features = shipped.default_model(), [one.features for one in records]
    if only_shipped or len(records) < _ENOUGH:
        return counting.counted(before, features), f"shipped ({before.version}), names counted in the set"
    model = training.train(features, version=f"{before.version}, re-estimated", before=before, seed=seed)
    return training.by_probability(model), (
        f"shipped ({before.version}), re-estimated on the set without its labels; zones by probability 0.999 and 0.5"
    )


def _plain_zone(chance: float) -> Zone:
    return Zone.LINK if chance >= plain_splink.LINK else Zone.REVIEW


def _show(said: dict[str, Any]) -> None:
    console.print(f"{said['set']}: {said['records']} records, {said['same']} pairs of one person", markup=False)
    console.print(f"weights: {said['weights']}", markup=False)
    for name in ("ours", "splink"):
        one: Figures | None = said.get(name)
        if one is not None:
            console.print(
                f"{name:>7}: precision {one.precision:.4f} recall {one.recall:.4f} F1 {one.f1:.4f}"
                f" (with review {one.recall_with_review:.4f}); arrivals: link {one.link:.2%},"
                f" review {one.review:.2%}, new {one.new:.2%}",
                markup=False,
            )
