"""How far a model was read by `write_date`, when no row of it has an order of its own.

`write_date` is when the writing transaction began, so a row may appear with an older one than was read already
(`odoo/CONTRACT.md` section 5). Each look therefore goes back by an overlap, which must be longer than any transaction
of that Odoo. Once the newest row has been known for so long, nothing older can appear any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


class Mark(msgspec.Struct, frozen=True):
    """The newest `write_date` that was read (UTC, as Odoo writes it; empty before the first row), and since when."""

    newest: str = ""
    since: datetime | None = None

    def moved(self, newest: str, now: datetime) -> Mark:
        """The mark after a row of this date."""
        return Mark(newest[:19], now) if newest[:19] > self.newest else self

    def start(self, now: datetime, overlap: float) -> str | None:
        """From which `write_date` to read, itself included; None for all that there is.

        Always for `>=`: 18.0 compares microseconds, which nobody can see, and `>` in 19.0 means the next second.
        """
        if not self.newest or self.since is None:
            return None
        newest = datetime.strptime(self.newest, _FORMAT)
        settled = now - self.since > timedelta(seconds=overlap)
        return (newest + timedelta(seconds=1 if settled else -overlap)).strftime(_FORMAT)


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """How far one watch was followed: its own rows, those of its triggers by model, and when it was last swept.

    `epoch` is that of the settings when it began. `halted` says that the database went back in time, and that nothing
    is told until a person has looked.
    """

    epoch: int
    own: Mark = Mark()
    triggers: dict[str, Mark] = {}
    swept: datetime | None = None
    halted: bool = False
