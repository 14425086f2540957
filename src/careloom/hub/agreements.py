"""Files that say what was agreed on with one system: the profile of its HL7 v2 messages, the code lists of its X12."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from careloom.core.errors import ConfigurationError
from careloom.formats.codefile import ReadFile
from careloom.formats.hl7v2 import Profile
from careloom.formats.x12 import CodeLists

_Agreed = TypeVar("_Agreed")


def profile_of(file: Path) -> Profile:
    """The profile in a file. Raises ValueError that names the file and what is wrong with it, or with one that it names
    beside itself."""
    return _read(file, Profile.from_toml)


def code_lists_of(file: Path) -> CodeLists:
    """The code lists in a file, and in those beside it that it names. Raises ValueError that names all that is wrong,
    each with its place."""
    return _read(file, CodeLists.load)


def _read(file: Path, load: Callable[[str, ReadFile], _Agreed]) -> _Agreed:
    try:
        return load(file.read_text("utf-8"), lambda name: (file.parent / name).read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file} cannot be read: it is no UTF-8 text") from None
    except ConfigurationError as error:
        raise ValueError("\n".join(f"{file}: {line}" for line in str(error).splitlines())) from None
