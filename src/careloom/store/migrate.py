"""The schema, brought up to date by forward-only steps: `store/migrations/NNNN_words.sql`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

from careloom.core.errors import ConfigurationError
from careloom.store.database import Connection
from careloom.store.translation import translated

_FILE = re.compile(r"(?P<version>\d{4})_(?P<words>[a-z0-9_]+)\.sql")
# Any constant will do as long as no other advisory lock in this database has it.
_LOCK = int.from_bytes(hashlib.sha256(b"careloom schema migration").digest()[:8], "big", signed=True)

_TABLE = """
CREATE TABLE IF NOT EXISTS migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_RECORD = "INSERT INTO migration (version, name, checksum) VALUES ($1, $2, $3)"
_APPLIED = "SELECT version, name, checksum FROM migration ORDER BY version"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its file's name without `.sql`, and the statements in it."""

    version: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, the same on systems that end lines otherwise."""
        return hashlib.sha256(self.script.replace("\r\n", "\n").encode()).hexdigest()


async def migrate(connection: Connection, folder: Path | None = None) -> list[str]:
    """Apply the steps that this database lacks, each in its own transaction, and give their names.

    Nodes that start together take turns by an advisory lock that dies with its connection. Raises
    `ConfigurationError` when the database is newer than this code or when an applied file was changed since;
    nothing is applied then.
    """
    steps = load(folder if folder is not None else files("careloom.store").joinpath("migrations"))
    with translated():
        async with _alone(connection):
            await connection.execute(_TABLE)
            applied = {row["version"]: (row["name"], row["checksum"]) for row in await connection.fetch(_APPLIED)}
            _check(steps, applied)
            missing = [step for step in steps if step.version not in applied]
            for step in missing:
                await _apply(connection, step)
    return [step.name for step in missing]


def load(folder: Traversable) -> list[Migration]:
    """The steps of a folder, oldest first. Raises `ConfigurationError` for an absent folder or a bad name."""
    if not folder.is_dir():
        raise ConfigurationError("the schema's migrations are missing from this installation; install Careloom again")
    sources = [source for source in folder.iterdir() if source.name.endswith(".sql")]
    steps = sorted((_read(source) for source in sources), key=lambda step: step.version)
    for older, newer in pairwise(steps):
        if older.version == newer.version:
            raise ConfigurationError(f"migrations {older.name} and {newer.name} have one number; renumber one of them")
    return steps


def _read(source: Traversable) -> Migration:
    named = _FILE.fullmatch(source.name)
    if not named:
        raise ConfigurationError(f"the migration {source.name} must be named NNNN_words.sql, in lower case")
    return Migration(int(named["version"]), source.name.removesuffix(".sql"), source.read_text(encoding="utf-8"))


def _check(steps: Iterable[Migration], applied: dict[int, tuple[str, str]]) -> None:
    known = {step.version: step for step in steps}
    newest = max(applied, default=0)
    for version, (name, checksum) in applied.items():
        if version not in known:
            raise ConfigurationError(
                f"the database has migration {name}, which this Careloom does not know: it was made by a newer or "
                "another version; start that version, or restore a backup from before the upgrade"
            )
        if known[version].checksum != checksum:
            raise ConfigurationError(
                f"migration {name} was changed after it was applied: put the file back as it was, and write the "
                "change as a new migration"
            )
    for step in steps:
        if step.version < newest and step.version not in applied:
            raise ConfigurationError(
                f"migration {step.name} is older than the newest one applied ({newest:04}); give it a higher number"
            )


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[None]:
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        yield
    finally:
        # A lost connection has given the lock back already.
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _apply(connection: Connection, step: Migration) -> None:
    async with connection.transaction():
        await connection.execute(step.script)
        if not connection.is_in_transaction():
            raise ConfigurationError(f"migration {step.name} ends its transaction itself; take its COMMIT out")
        await connection.execute(_RECORD, step.version, step.name, step.checksum)
