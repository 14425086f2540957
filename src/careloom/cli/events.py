"""The catalogue of canonical events: what there is, who owns it, who consumes it, its schema."""

from __future__ import annotations

import json as json_
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, escaped, json_line, listing
from careloom.core.errors import ConfigurationError
from careloom.hub.checking import NoIntake
from careloom.hub.node import subscriptions_of
from careloom.hub.systems import open_systems
from careloom.log.lanes import Bank
from careloom.model import CONTRACTS, encode, examples
from careloom.model.contract import Contract
from careloom.model.publication import asyncapi, schemas

Type = Annotated[str, typer.Argument(metavar="TYPE", help="Such as registration.created.v1.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write; made if it is not there.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    group.command(name="list")(list_)
    group.command()(show)
    group.command()(consumers)
    group.command()(publish)


def list_(json: Json = False) -> None:
    """Every event: its owner, its source of truth, its one meaning."""
    for name, contract in CONTRACTS.items():
        if json:
            json_line(_described(name, contract))
        else:
            console.print(f"[bold]{name}[/] ({contract.owner}) {escaped(contract.meaning)}")


def show(type: Type, json: Json = False) -> None:
    """One event in full: what is promised, its example, and with --json its schema."""
    contract = CONTRACTS.get(type)
    if contract is None:
        raise ConfigurationError(f"there is no event {type}; see `careloom events list`")
    example = msgspec.json.decode(encode(examples()[type]))
    if json:
        json_line({**_described(type, contract), "example": example, "schema": schemas()[type]})
        return
    listing(type, [(name, str(value)) for name, value in _described(type, contract).items()])
    console.print_json(data=example)


def consumers(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Who consumes which event in this deployment: every subscription, delivery and route that is set up."""
    for name, found in go(_consumers(config)).items():
        if json:
            json_line({"type": name, "consumers": found})
        else:
            console.print(f"[bold]{name}[/] {', '.join(found) or '(nobody)'}")


def publish(folder: Folder) -> None:
    """Write the AsyncAPI 3.0 document and the JSON Schema of every event, for those who consume them."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = {"asyncapi.json": asyncapi(), **{f"{name}.schema.json": one for name, one in schemas().items()}}
    for name, document in documents.items():
        (folder / name).write_text(json_.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"wrote {len(documents)} documents to {folder}")


async def _consumers(config: Path) -> dict[str, list[str]]:
    async with AsyncExitStack() as stack, deployment(config) as here:
        systems = open_systems(here.configuration, here.store, NoIntake(), here.clock, here.new_id, stack)
        made = subscriptions_of(here.configuration, here.store, systems, here.new_id)
        readers = [subscription for subscription in made if subscription.bank is Bank.EVENTS]
        return {name: [one.name for one in readers if one.wants(name)] for name in CONTRACTS}


def _described(name: str, contract: Contract) -> dict[str, Any]:
    return {
        "type": name,
        "owner": contract.owner,
        "meaning": contract.meaning,
        "source of truth": contract.source_of_truth,
        "publishers": list(contract.publishers),
        "data classes": list(contract.data_classes),
        "retry": contract.retry,
        "retention years": contract.retention_years,
        "sunset": contract.sunset and contract.sunset.isoformat(),
    }
