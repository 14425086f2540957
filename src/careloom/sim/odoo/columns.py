"""Short ways to say what a column is, for models with many of them."""

from __future__ import annotations

from typing import Any

from careloom.sim.odoo.fields import Field


def char(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="char", string=string, **options)


def text(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="text", string=string, **options)


def number(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="float", string=string, **options)


def quantity(name: str, string: str, **options: Any) -> Field:
    """A number with the digits of "Product Unit": two, unless somebody changes that."""
    return number(name, string, digits=2, **options)


def price(name: str, string: str, major: int, **options: Any) -> Field:
    """A number with the digits of "Product Price": two in 18.0, while 19.0 keeps what it is given."""
    return number(name, string, digits=2 if major < 19 else None, **options)


def money(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="monetary", string=string, **options)


def whole(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="integer", string=string, **options)


def flag(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="boolean", string=string, **options)


def day(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="date", string=string, **options)


def moment(name: str, string: str, **options: Any) -> Field:
    return Field(name=name, type="datetime", string=string, **options)


def choice(name: str, string: str, *choices: tuple[str, str], **options: Any) -> Field:
    return Field(name=name, type="selection", string=string, selection=choices, **options)


def link(name: str, string: str, relation: str, **options: Any) -> Field:
    return Field(name=name, type="many2one", string=string, relation=relation, **options)


def lines(name: str, string: str, relation: str, inverse: str, **options: Any) -> Field:
    return Field(name=name, type="one2many", string=string, relation=relation, inverse=inverse, **options)


def links(name: str, string: str, relation: str, **options: Any) -> Field:
    return Field(name=name, type="many2many", string=string, relation=relation, **options)
