"""The code blocks of the hand-written pages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.markdown import NOTE, ROOT

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^(?P<fence>```+)(?P<language>\w+)\n(?P<text>.*?)^(?P=fence)$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """One fenced block. `note` is the comment right above it: `file: NAME`, `terminal: NAME, ready when: TEXT`,
    `value: NAME` or `not run: WHY`."""

    path: Path
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A line after `$ `, and what the page says it prints."""

    text: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """The words of its first program; comments, redirections and variables before it are left out."""
        words = shlex.split(self.text, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        return words


def pages(*, generated: bool = False) -> list[Path]:
    """Every page of the documentation; those made from the code only if asked for."""
    found = [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "src").rglob("README.md")),
    ]
    return [path for path in found if generated or not path.read_text("utf-8").startswith(NOTE)]


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of one page, in order."""
    text = path.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("fence")) + 1
        yield Block(path, line, found["language"], found["note"] or "", found["text"])


def commands(block: Block) -> list[Command]:
    """The commands of a console block, with the lines shown below each."""
    made: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            made.append(Command(line[2:], ()))
        elif made:
            made[-1] = Command(made[-1].text, (*made[-1].shown, line))
    return made


def shows(output: str, expected: tuple[str, ...]) -> bool:
    """Whether the lines of `expected` come in this order in `output`; `...` stands for anything within a line, and a
    line of it alone for any lines."""
    at = 0
    lines = [line.rstrip() for line in output.splitlines()]
    for line in expected:
        if line == "...":
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("...")))
        at = next((number for number in range(at, len(lines)) if pattern.fullmatch(lines[number])), -1) + 1
        if not at:
            return False
    return True
