"""Columns that are worked out when they are read, by a function or through the record that another column names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from careloom.sim.odoo.environment import Environment
from careloom.sim.odoo.fields import Field, Reader, Row, empty_value


def shown(field: Field, compute: Callable[[Reader, Row], Any], **options: Any) -> Field:
    """`field` without a column: it is worked out whenever it is read."""
    return replace(field, compute=compute, store=False, readonly=True, required=False, **options)


def through(field: Field, model: str, column: str, name: str = "") -> Field:
    """`field` as the value that the record in `column` (of `model`) has under `name`; empty without a record."""
    source = name or field.name

    def compute(reader: Reader, row: Row) -> Any:
        other = reader.row(model, row[column] or 0)
        return asked(reader).raw(asked(reader).models[model].fields[source], other) if other else empty_value(field)

    return shown(field, compute)


def asked(reader: Reader) -> Environment:
    """The call in which a computed field is read: its context and all its models."""
    return cast("Environment", reader)
