"""The tables, read from the migrations with their comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tests.docs.markdown import ROOT, code, page, table

MIGRATIONS = ROOT / "src" / "careloom" / "store" / "migrations"
_INTRO = """\
The tables of a deployment's database, as the migrations make them. Read them freely; write to them only through
Careloom: the chains, the account of messages and the order of subjects depend on it. Bodies are sealed,
subjects and external ids stand there as keyed digests ([sealing and
erasure](../explanation/sealing-and-erasure.md)). The table `migration` says which steps were applied."""
_TABLE = re.compile(r"^((?:--[^\n]*\n)*)create table (\w+) \(\n(.*?)\n\)[^;\n]*;", re.M | re.S)
_ADDED = re.compile(r"^((?:--[^\n]*\n)*)alter table (\w+)\n((?:    add column [^;]*?)+);", re.M | re.S)
_COLUMN = re.compile(r"^    add column (\w+) (.*?)(?=,\n    add column|\Z)", re.M | re.S)
_CONSTRAINTS = ("primary key", "check", "unique", "foreign key")


@dataclass(frozen=True)
class Table:
    """One table: the comment above it, and (name, definition) of each column."""

    name: str
    comment: str
    columns: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]


def tables() -> list[Table]:
    """Those of all migrations, in their order, with the columns that later ones added."""
    texts = [path.read_text("utf-8") for path in sorted(MIGRATIONS.glob("*.sql"))]
    added = [one for text in texts for one in _ADDED.findall(text)]
    return [_with(_table(*found), added) for text in texts for found in _TABLE.findall(text)]


def schema_page() -> str:
    """docs/reference/schema.md"""
    return page("Database schema", _INTRO, *map(_section, tables()))


def _with(one: Table, added: list[tuple[str, str, str]]) -> Table:
    mine = [(comment, columns) for comment, name, columns in added if name == one.name]
    comment = "\n".join([one.comment, *(_said(comment) for comment, _ in mine if comment)])
    found = [column for _, columns in mine for column in _COLUMN.findall(columns)]
    more = tuple((name, " ".join(definition.split())) for name, definition in found)
    return replace(one, comment=comment, columns=(*one.columns, *more))


def _table(comment: str, name: str, body: str) -> Table:
    lines = [line.strip().rstrip(",") for line in body.splitlines()]
    columns = tuple(tuple(line.split(None, 1)) for line in lines if line and not line.startswith(_CONSTRAINTS))
    return Table(name, _said(comment), columns, tuple(line for line in lines if line.startswith(_CONSTRAINTS)))  # type: ignore[arg-type]


def _said(comment: str) -> str:
    return "\n".join(line.removeprefix("--").removeprefix(" ") for line in comment.splitlines())


def _section(one: Table) -> str:
    rows = [(code(name), *_definition(definition)) for name, definition in one.columns]
    keys = "".join(f"\n\n`{key}`" for key in one.keys)
    comment = f"{_comment(one.comment)}\n\n" if one.comment else ""
    return f"## {one.name}\n\n{comment}{table(('column', 'type', 'notes'), rows)}{keys}"


def _definition(text: str) -> tuple[str, str]:
    definition, _, note = text.partition("--")
    return code(" ".join(definition.strip().rstrip(",").split())), note.strip()


def _comment(text: str) -> str:
    """Sentences flow together; an indented line was drawn by hand and stays a block."""
    if re.search(r"^\S+: |^ {6,}", text, re.M):
        return f"```text\n{text}\n```"
    return " ".join(text.split())
