"""Documents on their way in: a header and lines, as the rows of one `load()`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from careloom.systems.odoo.cells import FieldInfo, Value
from careloom.systems.odoo.readback import Row
from careloom.systems.odoo.schema import Schema, to_cells


@dataclass(frozen=True, slots=True)
class Draft:
    """A document to create. `key` is its external id, by which it is made once however often it is asked for.

    `values` are columns of `load()`. `lines` are the records of the one2many field `lines_field`, and all have the same
    columns: what one line leaves out another would get by Odoo's default. `company` is the only company whose records
    the call may see. `correlation` is kept beside the document where the addon is installed.
    """

    key: str
    values: Mapping[str, Value]
    lines: Sequence[Mapping[str, Value]] = ()
    lines_field: str = ""
    company: int | None = None
    correlation: str = ""

    def line_key(self, number: int) -> str:
        """The external id of a line, from 1; a line without one would be doubled by a repeated `load()`."""
        return f"{self.key}_l{number}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The draft as rows of `load()` for these columns."""

    draft: Draft
    columns: tuple[str, ...]
    row: Row


async def prepare(schema: Schema, model: str, draft: Draft) -> Prepared:
    """Check every value against its field. Raises MappingError or ContractBroken, naming the column."""
    infos = await schema.fields(model)
    header = to_cells(infos, model, draft.values)
    lines = await _lines(schema, infos, draft) if draft.lines else []
    first = lines[0] if lines else {}
    if any(line.keys() != first.keys() for line in lines):
        raise ValueError(f"the lines of a {model} have different columns: give each line every column")
    columns = (*sorted(header), *sorted(first))
    empty = ("",) * len(header)
    head = (*(header[column] for column in sorted(header)), *(first[column] for column in sorted(first)))
    more = tuple((*empty, *(line[column] for column in sorted(line))) for line in lines[1:])
    return Prepared(draft, columns, Row(draft.key, head, more))


async def _lines(schema: Schema, infos: Mapping[str, FieldInfo], draft: Draft) -> list[dict[str, str]]:
    relation = infos[draft.lines_field].relation
    fields = await schema.fields(relation)
    return [
        {f"{draft.lines_field}/id": draft.line_key(number)}
        | {f"{draft.lines_field}/{column}": text for column, text in to_cells(fields, relation, line).items()}
        for number, line in enumerate(draft.lines, 1)
    ]
