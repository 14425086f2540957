"""A golden corpus: files, and beside each, as `NAME.expected.json`, what was reviewed and accepted that they become."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from careloom.mapping.catalogue import Mapping
from careloom.mapping.source import Settings
from careloom.mapping.translation import translate_bytes

Choose: TypeAlias = Callable[[str, str], Mapping | None]
SUFFIX = ".expected.json"


class Difference(NamedTuple):
    """One value that is not as it was accepted. None stands for a value that is not there."""

    file: str
    path: str
    was: Any
    now: Any


class Golden:
    """The files of one folder that have an accepted result, and those that have none yet."""

    def __init__(self, folder: Path, settings: Settings, choose: Choose) -> None:
        self._folder = folder
        self._settings = settings
        self._choose = choose

    def differences(self) -> Iterator[Difference]:
        """In the order of the files' names; a file without an accepted result differs as a whole."""
        for file in self._files():
            expected = self._accepted(file)
            now = json.loads(json.dumps(self._made(file)))
            for path, was, is_ in _compared(expected, now):
                yield Difference(file.name, path, was, is_)

    def accept(self) -> Iterator[Path]:
        """Write what the files become now; gives the results that were written."""
        for file in self._files():
            made = self._made(file)
            if self._accepted(file) != json.loads(json.dumps(made)):
                target = _beside(file)
                target.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
                yield target

    def _files(self) -> list[Path]:
        return sorted(one for one in self._folder.iterdir() if one.is_file() and not one.name.endswith(SUFFIX))

    def _made(self, file: Path) -> list[dict[str, Any]]:
        return list(translate_bytes(file.read_bytes(), file.name, self._settings, choose=self._choose))

    def _accepted(self, file: Path) -> Any:
        target = _beside(file)
        return json.loads(target.read_text("utf-8")) if target.is_file() else None


def _beside(file: Path) -> Path:
    return file.with_name(file.stem + SUFFIX)


def _compared(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _compared(was.get(name), now.get(name), f"{path}/{name}")
    elif isinstance(was, list) and isinstance(now, list):
        for index in range(max(len(was), len(now))):
            one = was[index] if index < len(was) else None
            other = now[index] if index < len(now) else None
            yield from _compared(one, other, f"{path}/{index}")
    elif was != now:
        yield path or "/", was, now
