"""Every code block of the hand-written pages: settings are checked, Python runs, commands exist."""

from __future__ import annotations

import asyncio
import inspect
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.docs.blocks import Block, Command, blocks, commands, pages
from tests.docs.commands_page import commands as known_commands
from tests.docs.commands_page import options
from tests.docs.markdown import ROOT

from careloom.hub import configuration

PAGES = pages()
LANGUAGES = {"toml", "python", "console", "text", "json", "sql", "mermaid"}
# What a reader has at hand besides Careloom. A program that is not here is perhaps misspelt.
PROGRAMS = {
    "cd", "chmod", "cp", "curl", "export", "openssl", "pg_dump", "pg_restore", "psql", "createdb", "python", "sed",
    "source", "sudo", "systemctl", "tar", "mv", "install",
}  # fmt: skip


def every(language: str) -> list[Block]:
    return [
        block
        for page in PAGES
        for block in blocks(page)
        if block.language == language and not block.note.startswith("not run: ")
    ]


def every_command() -> list[tuple[Block, Command]]:
    return [(block, command) for block in every("console") for command in commands(block)]


def mentioned() -> Iterator[tuple[Path, str]]:
    for page in pages(generated=True):
        for found in re.findall(r"`(careloom [a-z][^`]*)`", page.read_text("utf-8")):
            yield page, found


def test_every_block_is_of_a_kind_that_is_checked_here() -> None:
    strange = [str(block) for page in PAGES for block in blocks(page) if block.language not in LANGUAGES]
    unmarked = [
        str(page)
        for page in PAGES
        if len(re.findall(r"^```+", page.read_text("utf-8"), re.M)) != 2 * len(list(blocks(page)))
    ]

    assert (strange, unmarked) == ([], [])
    assert len(every("toml")) > 8 and len(every("python")) > 4 and len(every_command()) > 30


def own_kinds(page: Path) -> set[str]:
    """The kinds of systems that a reader of a page makes; what uses them is checked where the page is followed."""
    return {c.words[3] for b in blocks(page) for c in commands(b) if c.words[:3] == ["careloom", "new", "system"]}


def uses(block: Block, own: set[str]) -> bool:
    """Whether a block that the reader saves has a system of one of these kinds."""
    systems = tomllib.loads(block.text).get("systems", {}) if block.note.startswith("file: ") else {}
    return any(one.get("kind") in own for one in systems.values())


@pytest.mark.parametrize("block", [one for one in every("toml") if not uses(one, own_kinds(one.path))], ids=str)
def test_settings_are_valid(block: Block, tmp_path: Path) -> None:
    """A fragment is checked as part of the tutorial's settings, so that what it refers to is there."""
    tutorial = next(b for b in blocks(ROOT / "docs/tutorial/first-feed.md") if b.language == "toml")

    configuration.check(merged(tomllib.loads(tutorial.text), tomllib.loads(block.text)), tmp_path)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`; a system is replaced whole."""
    made = dict(base)
    for name, value in over.items():
        section = made.get(name)
        made[name] = {**section, **value} if isinstance(section, Mapping) and isinstance(value, Mapping) else value
    return made


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "first-feed.md"], ids=lambda page: page.name)
def test_python_runs_and_its_tests_pass(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The blocks of a page are one module, in order."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "python" and not block.note.startswith("not run: "):
            exec(compile("\n" * block.line + block.text, str(block.path), "exec"), namespace)
    for name, value in list(namespace.items()):
        if name.startswith("test_"):
            made = value()
            if inspect.isawaitable(made):
                asyncio.run(asyncio.wait_for(made, 10))


@pytest.mark.parametrize(
    ("block", "command"), [pytest.param(*both, id=f"{both[0]} {both[1].text[:40]}") for both in every_command()]
)
def test_commands_exist_with_their_options(block: Block, command: Command) -> None:
    words = command.words
    if words[0] == "make":
        targets = re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
        assert set(words[1:]) <= set(targets), f"{block}: the Makefile has no such target"
    elif words[0] == "careloom":
        assert problem_of(words[1:]) is None, f"{block}: {problem_of(words[1:])}"
    else:
        assert words[0] in PROGRAMS, f"{block}: what is {words[0]}?"


def test_commands_that_pages_mention_exist() -> None:
    wrong = [(page.name, text) for page, text in mentioned() if problem_of(words_of(text)) is not None]

    assert wrong == []


def words_of(text: str) -> list[str]:
    return [word.rstrip(",.;:") for word in text.split()[1:]]


def problem_of(words: list[str]) -> str | None:
    """What is wrong with a call of `careloom`."""
    known = known_commands()
    if not words or words[0].startswith("--help"):
        return None
    name = next((" ".join(words[:n]) for n in (3, 2, 1) if " ".join(words[:n]) in known), None)
    if name is None:
        groups = {" ".join(one.split()[:n]) for one in known for n in range(1, len(one.split()))}
        return None if " ".join(words) in groups else f"there is no command {' '.join(words[:2])}"
    foreign = {word.partition("=")[0] for word in words if re.match(r"-+[a-z]", word)} - options(known[name])
    return f"{name} has no option {foreign}" if foreign else None


def test_the_check_of_commands_would_notice() -> None:
    assert problem_of(["parked", "list", "--json"]) is None
    assert problem_of(["parked", "lits"]) == "there is no command parked lits"
    assert problem_of(["run", "--edge"]) == "run has no option {'--edge'}"
    assert shutil.which("careloom", path=str(ROOT / ".venv/bin")) is None or problem_of(["status"]) is None
