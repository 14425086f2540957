"""The settings of a folder, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from careloom.core.secrets import SecretRef
from careloom.mapping.reading import FORMATS
from careloom.systems.drop import Habits, Place, Sweep
from careloom.systems.folder.inbox import FolderIn
from careloom.systems.folder.outbox import FolderOut, Naming
from careloom.systems.folder.place import LocalPlace
from careloom.systems.listing import FileLists
from careloom.systems.pgp import opener
from careloom.systems.reception import Reception
from careloom.systems.resilience import Breaker, Gate, TokenBucket
from careloom.systems.seam import Surroundings


class DropSettings(BaseModel):
    """How files are left for us; what folders and servers share. Times in seconds, sizes in octets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field(default="x12", description=f"what is in the files: {', '.join(FORMATS)}")
    pattern: str = Field(default="*", description="which files, as *.edi; hidden and .tmp or .part files never")
    every: float = Field(default=10.0, gt=0, le=86_400, description="seconds between two looks")
    stable_seconds: float = Field(
        default=5.0, ge=0, description="a file is whole when it has not changed so long; 0: files appear in one step"
    )
    unfinished_seconds: float = Field(default=3600.0, gt=0, description="longer than this unfinished is a case")
    largest: int = Field(default=256 * 1024 * 1024, ge=1, description="largest file")
    archive: str = Field(default="archive", min_length=1, description="folder below for what was taken")
    rejected: str = Field(default="rejected", min_length=1, description="folder below for what was put aside")
    pgp_key: SecretRef | None = Field(default=None, description="files are encrypted; our private key, armored")
    pgp_signer: SecretRef | None = Field(default=None, description="and signed; the sender's certificate, armored")

    @field_validator("format")
    @classmethod
    def _known_format(cls, format: str) -> str:
        if format not in FORMATS:
            raise ValueError(f"there are {', '.join(FORMATS)}")
        return format

    @field_validator("archive", "rejected")
    @classmethod
    def _below(cls, folder: str) -> str:
        if Path(folder).is_absolute() or ".." in Path(folder).parts:
            raise ValueError("name a folder below the one of the files")
        return folder

    @model_validator(mode="after")
    def _apart(self) -> DropSettings:
        if self.archive == self.rejected:
            raise ValueError("archive and rejected must be two folders")
        if self.pgp_signer and not self.pgp_key:
            raise ValueError("pgp_signer needs pgp_key: signed files are encrypted files here")
        return self

    def habits(self) -> Habits:
        """The same as a sweep takes it."""
        return Habits(
            pattern=self.pattern,
            stable_seconds=self.stable_seconds,
            unfinished_seconds=self.unfinished_seconds,
            largest=self.largest,
            archive=self.archive,
            rejected=self.rejected,
        )

    def sweep(self, place: Place, around: Surroundings) -> Sweep:
        """What takes the files of a place."""
        reception = Reception(around.system, self.format, around.intake, around.clock, around.source)
        unwrap = opener(self.pgp_key, self.pgp_signer, around.secrets)
        return Sweep(place, reception, around.troubles, around.clock, self.habits(), unwrap)


class Settings(DropSettings):
    """One folder."""

    path: Path = Field(description="the folder; it must be there")
    direction: Literal["in", "out", "list"] = Field(
        default="in", description="`in` takes files, `out` writes them, `list` leaves them there for flows to read rows"
    )
    naming: Naming = Field(default="event", description="out: a file an event, or lines in a file a day")

    @field_validator("path")
    @classmethod
    def _below_the_settings(cls, path: Path, info: ValidationInfo) -> Path:
        base = (info.context or {}).get("base")
        return path if base is None else base / path.expanduser()


def connect(settings: Settings, around: Surroundings) -> FolderIn | FolderOut | FileLists:
    """A folder that is looked through, one that is written to, or lists that flows read, by `direction`."""
    if settings.direction == "out":
        gate = Gate(Breaker(around.system, around.clock), TokenBucket(around.clock, None), 1)
        return FolderOut(settings.path, settings.naming, gate)
    place = LocalPlace(settings.path)
    if settings.direction == "list":
        return FileLists(around.system, place, around.clock, settings.stable_seconds, settings.largest)
    return FolderIn(place, settings.sweep(place, around), settings.every)
