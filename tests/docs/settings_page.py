"""Every setting: the sections of careloom.toml and those of each kind of system."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from tests.docs.markdown import ROOT, code, page, prose, table

from careloom.core.secrets import SecretRef
from careloom.hub import configuration
from careloom.systems.registry import kinds

_INTRO = """\
`careloom.toml` is TOML. A setting that is not listed here is refused; problems are listed with their paths,
never with the value. A *secret reference* is `env:NAME` or `file:PATH`, never the value; a relative `file:`
path is below the folder of the file. Times are in seconds, sizes in octets."""
_ENVIRONMENT = {
    "CARELOOM_CONFIG": "the settings file, where `--config` is not given",
    "CARELOOM_ACTOR": "who is acting, where `--by` is not given",
    "CARELOOM_DATABASE_URL": "the PostgreSQL to use, where `store.url` is empty",
    "CARELOOM_DATA": "the data folder, where `store.data` is empty",
    "CARELOOM_PG_USER": "the user that the embedded PostgreSQL runs as, when the hub runs as root",
}
_PER_SYSTEM = "`[systems.NAME]`, with `kind` naming the kind. Names are lower-case letters, digits and hyphens."
_MAPS = {
    "systems": _PER_SYSTEM + " What else stands there depends on the kind, below.",
    "flows": "`[flows.NAME]` switches a flow on that writes to systems. Each line binds a parameter of its handlers to"
    ' one: `erp = "odoo"`. A flow that needs no system is on as soon as its module is in `hub.flows`.',
    "sources": "`[sources.NAME]` says how the system of that name writes what it sends.",
    "deliveries": "`[deliveries.NAME]` sends events to a system as they are.",
}
# Settings that say nothing of themselves where they are defined.
_MEANINGS = {"connect_timeout": "longest time to connect", "answer_timeout": "longest time to an answer"}
_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
_TYPES |= dict.fromkeys((IPv4Network, IPv6Network), "IP network")
_REFERENCE = get_args(SecretRef)[1]


def settings_page() -> str:
    """docs/reference/settings.md"""
    blocks = [_section(name, field) for name, field in configuration.Settings.model_fields.items()]
    blocks += [_kind(name, kind.manifest.summary, kind.settings) for name, kind in kinds().items()]
    nested = {model.__name__: model for kind in kinds().values() for model in _nested(kind.settings)}
    blocks += [_model(f"### {name}", prose(nested[name].__doc__), nested[name]) for name in sorted(nested)]
    environment = table(("variable", "meaning"), [(code(name), text) for name, text in _ENVIRONMENT.items()])
    return page("Settings", _INTRO, *blocks, "## Environment", environment)


def undocumented() -> list[str]:
    """Settings that say nothing of themselves."""
    models: list[type[BaseModel]] = [kind.settings for kind in kinds().values()]
    roots: list[type[BaseModel]] = [*models, configuration.Settings]
    models += [inner for model in roots for inner in _nested(model)]
    return [
        f"{model.__module__}.{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not (field.description or name in _MEANINGS)
    ]


def environment() -> tuple[set[str], set[str]]:
    """The variables that are documented, and those that the code reads."""
    pattern = re.compile(r'"(CARELOOM_[A-Z_]+)"')
    sources = [path.read_text("utf-8") for path in (ROOT / "src/careloom").rglob("*.py")]
    return set(_ENVIRONMENT), {name for source in sources for name in pattern.findall(source)}


def _section(name: str, field: FieldInfo) -> str:
    submodel = _submodel(field.annotation)
    if name in _MAPS:
        return _model(f"## [{name}.NAME]", _MAPS[name], submodel) if submodel else f"## [{name}.NAME]\n\n{_MAPS[name]}"
    assert submodel is not None
    return _model(f"## [{name}]", prose(submodel.__doc__), submodel)


def _kind(name: str, summary: str, model: type[BaseModel]) -> str:
    return _model(f'## Systems of kind "{name}"', f"{summary}.\n\n{prose(model.__doc__)}", model)


def _model(heading: str, text: str, model: type[BaseModel]) -> str:
    rows = [(code(name), _type(f), _default(f), _meaning(name, f)) for name, f in model.model_fields.items()]
    return f"{heading}\n\n{text}\n\n{table(('setting', 'type', 'default', 'meaning'), rows)}"


def _meaning(name: str, field: FieldInfo) -> str:
    return (field.description or _MEANINGS.get(name, "")) + _bounds(field)


def _bounds(field: FieldInfo) -> str:
    limits = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    said = [f"{word} {getattr(m, n):,}" for m in field.metadata for n, word in limits.items() if hasattr(m, n)]
    return f" ({', '.join(said)})" if said else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default_factory() if field.default_factory else field.default  # type: ignore[call-arg]
    if value is None or value is PydanticUndefined or value in ((), frozenset(), {}):
        return ""
    return code(_toml(value))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, frozenset | tuple | set):
        inner = sorted(map(_toml, value)) if not isinstance(value, tuple) else map(_toml, value)
        return f"[{', '.join(inner)}]"
    return f"{value:,}".replace(",", "_") if isinstance(value, int) and value > 99_999 else str(value)


def _type(field: FieldInfo) -> str:
    return "secret reference" if _REFERENCE in field.metadata else _named(field.annotation)


def _named(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return "secret reference" if _REFERENCE in inner else _named(inner[0])
    if origin in (Union, types.UnionType):
        names = dict.fromkeys(_named(one) for one in inner if one is not type(None))
        return " or ".join(names)
    if origin is Literal:
        return " or ".join(code(_toml(one)) for one in inner)
    if origin in (tuple, frozenset):
        return f"list of {_named(inner[0])}"
    if origin is not None and issubclass(origin, Mapping):
        return "table"
    if annotation in _TYPES:
        return _TYPES[annotation]
    name = annotation.__name__
    return f"[{name}](#{name.lower()})" if issubclass(annotation, BaseModel) else str(name)


def _nested(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        inner = _submodel(field.annotation)
        if inner is not None:
            yield inner


def _submodel(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _submodel(one))), None)
