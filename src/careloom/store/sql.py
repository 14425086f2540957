"""Named SQL: every statement has a name, a reason, and one place, `store/queries/<file>.sql`.

-- name: append_events
-- One round trip for a whole micro-batch.
INSERT INTO ...
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"--\s*name:\s*(?P<name>\S*)\s*$")
_COMMENT = "--"


class Queries(Mapping[str, str]):
    """The statements of one file, by attribute (`log.append_events`) or by key."""

    def __init__(self, file: str, statements: Mapping[str, str]) -> None:
        self._file = file
        self._statements = dict(statements)

    def __getattr__(self, name: str) -> str:
        try:
            return self._statements[name]
        except KeyError:
            raise AttributeError(f"{self._file} has no statement named {name}") from None

    def __getitem__(self, name: str) -> str:
        return self._statements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


@cache
def queries(name: str) -> Queries:
    """The statements of `store/queries/<name>.sql`. Raises LookupError for no such file, ValueError for a bad one."""
    source = files("careloom.store").joinpath("queries", f"{name}.sql")
    if not source.is_file():
        raise LookupError(f"there is no store/queries/{name}.sql")
    return parse(f"{name}.sql", source.read_text(encoding="utf-8"))


def parse(file: str, text: str) -> Queries:
    """Split the text of a file into its statements.

    Raises ValueError for a statement without a name, a name that is no Python name or is used twice, and a
    statement without a line of why.
    """
    statements: dict[str, str] = {}
    for name, lines in _blocks(file, text):
        if not name.isidentifier() or name in statements:
            raise ValueError(f"{file}: the name {name!r} is used twice or is no Python name")
        statements[name] = _statement(f"{file}: {name}", lines)
    return Queries(file, statements)


def _blocks(file: str, text: str) -> Iterator[tuple[str, list[str]]]:
    name: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if found := _NAME.match(line):
            if name is not None:
                yield name, lines
            name, lines = found["name"], []
        elif name is None and line.strip() and not line.startswith(_COMMENT):
            raise ValueError(f"{file}: a statement comes before the first '-- name:' line")
        else:
            lines.append(line)
    if name is not None:
        yield name, lines


def _statement(where: str, lines: list[str]) -> str:
    first = next((number for number, line in enumerate(lines) if not line.startswith(_COMMENT)), len(lines))
    if not any(line.strip("- \t") for line in lines[:first]):
        raise ValueError(f"{where} does not say why it exists: write a comment line below its name")
    statement = "\n".join(lines[first:]).strip().removesuffix(";").rstrip()
    if not statement:
        raise ValueError(f"{where} has no statement")
    return statement
