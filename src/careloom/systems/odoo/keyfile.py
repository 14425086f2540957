"""The file that holds an API key: replaced as a whole or not at all, and readable by its owner alone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from careloom.core.errors import ConfigurationError


def key_path(reference: str, base: Path) -> Path:
    """The file of a `file:` reference, links followed. Raises ConfigurationError for any other."""
    scheme, _, rest = reference.partition(":")
    if scheme != "file":
        raise ConfigurationError(
            f"api_key is {scheme}:, which cannot be written: put the key into a file and set `api_key` to file:PATH"
        )
    return (base / Path(rest).expanduser()).resolve()


class KeyFile:
    """Replaces a key file. One at a time: entering makes a draft beside it, which no other may have at that time.

    Raises ConfigurationError when the folder cannot be written, so that nothing was begun.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._draft = path.with_name(f".{path.name}.rotating")

    def __enter__(self) -> Self:
        try:
            self._open()
        except FileExistsError:
            raise ConfigurationError(
                f"{self._draft} is there: the key is being rotated now, or that was cut short; remove it if it was"
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be replaced ({type(error).__name__}): run this as the file's owner, in a folder "
                "that may be written"
            ) from None
        return self

    def __exit__(
        self, type_: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._draft.unlink(missing_ok=True)

    def put(self, key: str) -> None:
        """The file holds this key from now on, or, when OSError is raised, the one before."""
        self._draft.unlink(missing_ok=True)
        self._open(f"{key}\n")
        self._draft.replace(self.path)
        with suppress(OSError):  # it is in place; after a loss of power the one before may be
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _open(self, text: str = "") -> None:
        number = os.open(self._draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(number, "w", encoding="ascii") as file:
            if self.path.exists():
                # Who owned it goes on reading it: the hub may be another user than the one who rotates.
                self._own(number)
            file.write(text)
            file.flush()
            os.fsync(number)

    def _own(self, number: int) -> None:
        was, now = self.path.stat(), os.fstat(number)
        if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
            try:
                os.fchown(number, was.st_uid, was.st_gid)
            except OSError:
                self._draft.unlink(missing_ok=True)
                raise
