"""How the connection stands, for its card: series, modules, latency, the life of the key, and what others add."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from careloom.core.clock import Clock
from careloom.core.errors import CareloomError, PermanentError
from careloom.systems.odoo.connection import Connection
from careloom.systems.odoo.keylife import KeyWatch

MODULES: Final = ("account", "purchase", "sale", "stock", "careloom_connector")
LOOK_SECONDS: Final = 3600.0
AGAIN_SECONDS: Final = 300.0
_log = logging.getLogger(__name__)


class Standing:
    """Looks once an hour, whoever asks how often; `add` is for what other parts of the kind have to tell."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self.key_watch: KeyWatch | None = None
        self._due = 0.0
        self._facts: dict[str, Any] = {}
        self._parts: dict[str, Callable[[], Mapping[str, Any] | None]] = {}

    def add(self, name: str, part: Callable[[], Mapping[str, Any] | None]) -> None:
        """Show what `part` tells under this name, for example `feed`; None while there is nothing to tell."""
        self._parts[name] = part

    async def look(self) -> None:
        """Look, if an hour has passed, the last look failed five minutes ago, or the key is another one.

        Never raises what Odoo says.
        """
        renewed = self.key_watch is not None and self.key_watch.renewed()
        if self._connection.maintenance or (self._clock.monotonic() < self._due and not renewed):
            return
        self._due = self._clock.monotonic() + AGAIN_SECONDS
        try:
            self._facts["odoo"] = str(await self._connection.version())
            self._facts["modules"] = await self._modules()
            if self.key_watch is not None:
                await self.key_watch.look()
        except CareloomError as error:
            _log.warning("%s: its standing is not known for now: %s", self._connection.system, error)
        else:
            self._due = self._clock.monotonic() + LOOK_SECONDS

    def card(self) -> Mapping[str, Any]:
        """What this process knows; see `Shown.card`."""
        parts = {name: told for name, part in self._parts.items() if (told := part())}
        if latency := self._connection.latency.card():
            parts["latency"] = latency
        if self.key_watch is not None and self.key_watch.life is not None:
            parts["key"] = self.key_watch.life.card(self._clock.now())
        return {**self._facts, **parts}

    async def _modules(self) -> Mapping[str, str]:
        """The version of each module that matters and is installed; nothing when the user may not see them."""
        asked = {"domain": [["name", "in", MODULES]], "fields": ["name", "state", "latest_version"]}
        try:
            rows = await self._connection.call("ir.module.module", "search_read", asked, repeatable=True)
        except PermanentError as error:
            if getattr(error, "stops", False):
                raise
            return {}
        return {row["name"]: row["latest_version"] or "" for row in rows if row["state"] in ("installed", "to upgrade")}
