"""`manifest.toml`: what a kind of system promises and handles, for the hub, the docs, the console and its tests.

A kind's settings are not listed here: `Settings` in its connector is their one declaration, typed for the code that
uses them. A kind without code (`extends`) gives that one's settings other defaults, as `preset`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from careloom.core.errors import ConfigurationError

DataClass: TypeAlias = Literal["public", "operational", "financial", "personal", "phi"]
ErrorName: TypeAlias = Literal["transient", "throttled", "ambiguous", "rejected", "access", "contract", "format"]
EventType = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)+\.v[0-9]+$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Guarantees(_Table):
    """What a kind promises. The conformance suite holds it to each, and the docs show them."""

    durable_acknowledgement: bool = Field(default=False, description="acknowledges only what is committed")
    ordered: bool = Field(default=False, description="keeps the order of one sender or one subject")
    deduplicates: bool = Field(default=False, description="a repeat has no second effect")
    tells_ambiguous: bool = Field(default=False, description="a result that is not known is reported as such")
    idempotent_key: bool = Field(default=False, description="sends a key by which the other side drops repeats")
    read_back: bool = Field(default=False, description="after doubt it asks the other side what became of it")
    max_batch: int = Field(default=1, ge=1, description="most events or rows in one call")


class Manifest(_Table):
    """What `manifest.toml` says."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="the name of the folder")
    summary: str = Field(min_length=10, description="one line")
    direction: Literal["in", "out", "both"]
    formats: tuple[str, ...] = Field(default=(), description="what it carries")
    guarantees: Guarantees = Guarantees()
    data_classes: tuple[DataClass, ...] = Field(min_length=1, description="what its data may be")
    masks: tuple[str, ...] = Field(default=(), description="paths hidden wherever a body is shown")
    errors: tuple[ErrorName, ...] = Field(default=(), description="what may come of a call")
    cases: tuple[str, ...] = Field(default=(), description="cases that it opens by itself")
    publishes: tuple[EventType, ...] = Field(default=(), description="canonical events that its messages become")
    consumes: tuple[EventType, ...] = Field(default=(), description="canonical events that it is sent; empty: any")
    extends: str | None = Field(default=None, description="the kind that this one is, with other defaults")
    preset: Mapping[str, Any] = Field(default_factory=dict, description="those defaults")


def read_manifest(file: Path) -> Manifest:
    """Raises ConfigurationError that lists every problem."""
    where = f"systems/{file.parent.name}/manifest.toml"
    try:
        manifest = Manifest.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{where} is no TOML: {type(error).__name__}") from None
    except ValidationError as error:
        raise ConfigurationError("\n".join(problems(error, where))) from None
    if manifest.name != file.parent.name:
        raise ConfigurationError(f"{where}: name must be that of its folder, {file.parent.name}")
    if manifest.preset and not manifest.extends:
        raise ConfigurationError(f"{where}: preset gives defaults to the kind it extends; say which that is")
    return manifest


def problems(error: ValidationError, path: str) -> list[str]:
    """Each problem as `path.field: what is wrong`, without the value, which may be a secret."""
    return [
        f"{'.'.join([path, *(str(part) for part in one['loc'])])}: {_worded(one['type'], one['msg'])}"
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _worded(type_: str, message: str) -> str:
    if type_ == "extra_forbidden":
        return "there is no such setting; remove it or correct its name"
    return message.removeprefix("Value error, ")
