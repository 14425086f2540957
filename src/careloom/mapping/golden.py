"""A golden corpus: files, and beside each, as `NAME.expected.json`, what was reviewed and accepted that they become."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from careloom.core.errors import ConfigurationError
from careloom.mapping.catalogue import Mapping
from careloom.mapping.source import Settings
from careloom.mapping.translation import translate_bytes

Choose: TypeAlias = Callable[[str, str], Mapping | None]
SUFFIX: Final = ".expected.json"
_NOTHING: Final = object()


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
        """In the order of the files' names; a file without an accepted result differs as a whole. Raises
        ConfigurationError for two files of one name, and for a result that is no JSON."""
        for file in self._files():
            for path, was, now in _compared(self._accepted(file), self._made(file)):
                yield Difference(file.name, path, _shown(was), _shown(now))

    def accept(self) -> Iterator[Path]:
        """Write what the files become now; gives the results that were written. Raises as `differences`."""
        for file in self._files():
            made = self._made(file)
            if any(_compared(self._accepted(file), made)):
                target = _beside(file)
                target.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
                yield target

    def _files(self) -> list[Path]:
        found = sorted(
            one
            for one in self._folder.iterdir()
            if one.is_file() and not one.name.startswith(".") and not one.name.endswith(SUFFIX)
        )
        counted = Counter(map(_beside, found))
        for target, count in counted.items():
            if count > 1:
                raise ConfigurationError(f"{target.name} would be the result of {count} files; rename one of them")
        return found

    def _made(self, file: Path) -> Any:
        made = list(translate_bytes(file.read_bytes(), file.name, self._settings, choose=self._choose))
        return json.loads(json.dumps(made))

    def _accepted(self, file: Path) -> Any:
        target = _beside(file)
        if not target.is_file():
            return _NOTHING
        try:
            return json.loads(target.read_text("utf-8"))
        except (ValueError, RecursionError):
            raise ConfigurationError(f"{target.name} is no JSON; restore it, or delete it and accept anew") from None


def _beside(file: Path) -> Path:
    return file.with_name(file.stem + SUFFIX)


def _shown(value: Any) -> Any:
    return None if value is _NOTHING else value


def _compared(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _compared(was.get(name, _NOTHING), now.get(name, _NOTHING), f"{path}/{name}")
    elif isinstance(was, list) and isinstance(now, list):
        for index in range(max(len(was), len(now))):
            one = was[index] if index < len(was) else _NOTHING
            other = now[index] if index < len(now) else _NOTHING
            yield from _compared(one, other, f"{path}/{index}")
    elif type(was) is not type(now) or was != now:
        yield path or "/", was, now
