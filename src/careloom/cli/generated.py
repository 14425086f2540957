"""Generated hospitals, where one is installed: the product does not know its own simulation, so whoever has a
population says so by an entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer

from careloom.core.errors import ConfigurationError
from careloom.identity.matching.evaluating import Labelled
from careloom.identity.matching.headings import FIELDS
from careloom.identity.matching.normalising import features_of_row

Population = Annotated[int | None, typer.Option("--population", min=1, help="A generated hospital of so many persons.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed generates and trains the same.")]
_COLUMNS = {field: [field] for field in FIELDS}


def generated(persons: int, seed: int) -> list[Labelled]:
    """A generated hospital. Raises ConfigurationError where none is installed."""
    hospital: Callable[[int, int], Iterator[Any]] = _offered("hospital")
    return [Labelled(features_of_row(sent.row, _COLUMNS), str(sent.person)) for sent in hospital(persons, seed)]


def real_names() -> Mapping[str, frozenset[str]]:
    """By feature, the names of generated hospitals that people really have; the others are made up."""
    names: Callable[[], Mapping[str, frozenset[str]]] = _offered("names")
    return names()


def _offered(name: str) -> Any:
    found = next(iter(entry_points(group="careloom.populations", name=name)), None)
    if found is None:
        raise ConfigurationError("no generated hospital is installed; measure on files")
    return found.load()
