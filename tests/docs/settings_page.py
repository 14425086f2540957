"""Every setting: the sections of careloom.toml and those of each kind of system."""

from __future__ import annotations

import re
import types
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
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
    "calendars": "`[calendars.NAME]` says on which days schedules that name it are due.",
    "feeds": "`[feeds.NAME]` says how often the system of that name sends, and when it may be quiet. Every system that"
    " sends is watched, one without a section by what its history says.",
    "alerts": '`[alerts.OWNER]` says who is told of the cases of that owner; `[alerts."*"]` is for all others.',
    "deliveries": "`[deliveries.NAME]` sends events to a system as they are.",
}
# Settings that say nothing of themselves where they are defined.
_MEANINGS = {
    "connect_timeout": "longest time to connect",
    "answer_timeout": "longest time to an answer",
    "by": "which of its forms this is",
    "every": "seconds between two looks",
    "password": "the password of `user`",
}
_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", date: "date"}
_TYPES |= dict.fromkeys((IPv4Network, IPv6Network), "IP network")
_REFERENCE = get_args(SecretRef)[1]


def settings_page() -> str:
    """docs/reference/settings.md"""
    blocks = [_section(name, field) for name, field in configuration.Settings.model_fields.items()]
    blocks += [_kind(name, kind.manifest.summary, kind.settings) for name, kind in kinds().items()]
    blocks += [_model(f"### {_title(one)}", prose(one.__doc__), one) for one in sorted(_shared(), key=_title)]
    environment = table(("variable", "meaning"), [(code(name), text) for name, text in _ENVIRONMENT.items()])
    return page("Settings", _INTRO, *blocks, "## Environment", environment)


def undocumented() -> list[str]:
    """Settings that say nothing of themselves."""
    return [
        f"{model.__module__}.{model.__name__}.{name}"
        for model in dict.fromkeys([*_roots(), *_below(_roots())])
        for name, field in model.model_fields.items()
        if not _meaning(name, field)
    ]


def environment() -> tuple[set[str], set[str]]:
    """The variables that are documented, and those that the code reads."""
    pattern = re.compile(r'"(CARELOOM_[A-Z_]+)"')
    sources = [path.read_text("utf-8") for path in (ROOT / "src/careloom").rglob("*.py")]
    return set(_ENVIRONMENT), {name for source in sources for name in pattern.findall(source)}


def _section(name: str, field: FieldInfo) -> str:
    submodel = next(_submodels(field.annotation), None)
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
    """Its own words; else those of what every setting of this name is, or of the table that it holds."""
    inner = next(_submodels(field.annotation), None)
    own = prose(inner.__doc__).partition(".")[0] if inner and inner.__doc__ else ""
    said = field.description or _MEANINGS.get(name) or own[:1].lower() + own[1:]
    return said + _bounds(field) if said else ""


def _bounds(field: FieldInfo) -> str:
    limits = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    said = [f"{word} {getattr(m, n):,}" for m in field.metadata for n, word in limits.items() if hasattr(m, n)]
    return f" ({', '.join(said)})" if said else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default_factory() if field.default_factory else field.default  # type: ignore[call-arg]
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel) or value in ((), frozenset(), {}):
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
        models = [_named(one) for one in _submodels(inner[1])]
        return f"table of {' or '.join(models)}" if models else "table"
    if annotation in _TYPES:
        return _TYPES[annotation]
    return _link(annotation) if issubclass(annotation, BaseModel) else str(annotation.__name__)


def _link(model: type[BaseModel]) -> str:
    title = _title(model)
    return f"[{title}](#{title.lower().replace(' ', '-')})"


def _title(model: type[BaseModel]) -> str:
    """Its name, with that of its kind where several kinds have one of this name."""
    name = model.__name__
    alike = Counter(one.__name__ for one in _shared())
    return f"{name} of {model.__module__.split('.')[2]}" if alike[name] > 1 else name


@cache
def _shared() -> tuple[type[BaseModel], ...]:
    """Tables within tables: those that have no section of their own."""
    sections = [one for field in configuration.Settings.model_fields.values() for one in _submodels(field.annotation)]
    own = {configuration.Settings, *sections, *(kind.settings for kind in kinds().values())}
    return tuple(model for model in dict.fromkeys(_below(_roots())) if model not in own)


def _roots() -> list[type[BaseModel]]:
    return [configuration.Settings, *(kind.settings for kind in kinds().values())]


def _below(models: Iterable[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    for model in models:
        inner = [one for field in model.model_fields.values() for one in _submodels(field.annotation)]
        yield from inner
        yield from _below(inner)


def _submodels(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _submodels(one)
