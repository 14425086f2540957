"""Every command of `careloom`, read from the command line itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import typer
from tests.docs.markdown import code, page, prose, table

import careloom.cli
from careloom.cli.app import build

_WORDS = {bool: "flag", str: "text", int: "number", float: "number", Path: "path", UUID: "UUID", datetime: "time"}
_INTRO = "Every command takes `--help`. Times are ISO 8601; without an offset they are UTC."


@cache
def commands() -> Mapping[str, Any]:
    """Each command by the words that call it: `parked list`."""
    return dict(_leaves(typer.main.get_command(build()), ()))


def commands_page() -> str:
    """docs/reference/commands.md"""
    known = commands()
    overview = table(
        ("command", "what it does"),
        [(f"[`careloom {name}`](#careloom-{_slug(name)})", _first(known[name])) for name in known],
    )
    return page("Commands", _INTRO, overview, "## Exit codes", _exit_codes(), *map(_section, known, known.values()))


def undocumented() -> list[str]:
    """Commands, arguments and options without a word of help."""
    found = [name for name, command in commands().items() if not command.help]
    for name, command in commands().items():
        found += [f"{name} {parameter.name}" for parameter in _own(command) if not parameter.help]
    return found


def options(command: Any) -> set[str]:
    """The options that a command takes, `--json` and `-c` alike."""
    return {
        option
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("-")
    } | {"--help"}


def _leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield " ".join(path), command
        return
    for name, child in children.items():
        yield from _leaves(child, (*path, name))


def _section(name: str, command: Any) -> str:
    arguments = [one for one in _own(command) if one.param_type_name == "argument"]
    usage = " ".join(["careloom", name, *map(_placeholder, arguments), "[OPTIONS]"])
    described = table(("argument", "type", "meaning"), [(_name(a), _type(a), a.help or "") for a in arguments])
    rows = [_option(one) for one in _own(command) if one.param_type_name == "option"]
    optional = table(("option", "type", "default", "meaning"), rows)
    blocks = [f"## careloom {name}", prose(command.help), f"```text\n{usage}\n```", described, optional]
    return "\n\n".join(block for block in blocks if block)


def _option(parameter: Any) -> tuple[str, str, str, str]:
    default = "required" if parameter.required else _default(parameter.default)
    meaning = parameter.help or ""
    if parameter.envvar:
        meaning += f" Environment: {code(parameter.envvar)}."
    return (
        ", ".join(code(opt) for opt in (*parameter.opts, *parameter.secondary_opts)),
        _type(parameter),
        default,
        meaning,
    )


def _default(value: Any) -> str:
    return "" if value in (None, False, "") else "on" if value is True else code(value)


def _type(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    inner = get_args(annotation)
    word = _WORDS.get(inner[0] if inner else annotation, "text")
    return f"{word}, may be repeated" if parameter.multiple or parameter.nargs == -1 else word


def _placeholder(argument: Any) -> str:
    name = _name(argument).strip("`")
    return name if argument.required else f"[{name}]"


def _name(argument: Any) -> str:
    return code(argument.metavar or argument.name.upper())


def _own(command: Any) -> list[Any]:
    return [parameter for parameter in command.params if parameter.name != "help" and not parameter.hidden]


def _exit_codes() -> str:
    """From the docstring of the command line, which is where they are promised."""
    text = prose(inspect.getdoc(careloom.cli)).partition("Exit codes: ")[2].rstrip(".")
    return table(("code", "meaning"), [tuple(one.strip().split(" ", 1)) for one in text.split(";")])


def _first(command: Any) -> str:
    return prose(command.help).split("\n\n")[0]


def _slug(name: str) -> str:
    return name.replace(" ", "-")
