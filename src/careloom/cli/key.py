"""API keys of the callers of the HTTP API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from careloom.cli.deployment import DEFAULT_CONFIG, Config, deployment, go
from careloom.cli.output import Json, console, json_line, listing, moment
from careloom.gateway.classes import Scope
from careloom.gateway.services import USUAL_SCOPES
from careloom.hub.keys import ApiKeys

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="Who the key is for.")]
Scopes = Annotated[
    list[Scope] | None, typer.Option("--scope", help="What it may do; may be given again, and replaces the usual ones.")
]

Roles = Annotated[
    list[str] | None, typer.Option("--role", help="A role it stands in, in cases and approvals; may be given again.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(create)
    app.command("list")(list_)
    app.command()(assign)
    app.command()(revoke)


def create(name: Name, scope: Scopes = None, role: Roles = None, config: Config = DEFAULT_CONFIG) -> None:
    """Make a key and show it, this once: only a digest is kept.

    Without --scope it may send messages, publish events that the settings allow it, and read what holds no personal
    and no financial data. Without --role it may work the cases of every role, and approves nothing.
    """
    console.print(go(_with_keys(config, lambda keys: keys.create(name, scope or USUAL_SCOPES, role))))


def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """All keys by name; never the keys themselves."""
    rows = go(_with_keys(config, lambda keys: keys.list()))
    if json:
        for row in rows:
            json_line(dict(row))
    else:
        listing("API keys", [(row["name"], _described(row)) for row in rows])


def _described(row: Any) -> str:
    roles = "" if row["roles"] is None else f", stands in {', '.join(row['roles']) or 'no role'}"
    revoked = f", revoked {moment(row['revoked'])}" if row["revoked"] else ""
    return f"created {moment(row['created'])}{revoked}, may {', '.join(row['scopes'])}{roles}, id {row['id']}"


def assign(name: Name, role: Roles = None, config: Config = DEFAULT_CONFIG) -> None:
    """Say which roles a key stands in, in place of those before; without --role it stands in none."""
    go(_with_keys(config, lambda keys: keys.assign(name, role or ())))
    console.print(f"{name} stands in {', '.join(sorted(set(role or ()))) or 'no role'}")


def revoke(name: Name, config: Config = DEFAULT_CONFIG) -> None:
    """Withdraw a key; every node refuses it within seconds."""
    go(_with_keys(config, lambda keys: keys.revoke(name)))
    console.print(f"{name} is withdrawn")


async def _with_keys(config: Path, act: Callable[[ApiKeys], Awaitable[T]]) -> T:
    async with deployment(config) as here:
        return await act(ApiKeys(here.store.database, here.clock, here.new_id))
