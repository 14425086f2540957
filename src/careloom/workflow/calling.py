"""Calls the function of a step: with what the code gave it, and what its annotations ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, get_type_hints
from uuid import UUID

from careloom.core.errors import AmbiguousError
from careloom.workflow.declaration import Workflow
from careloom.workflow.values import name_of, parameters_of


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step. `key` is the same in every try: give it to the other side as its idempotency key."""

    key: UUID
    number: int
    run: UUID
    correlation: UUID


class Binder(Protocol):
    """Finds what a function's further parameters ask for: the systems of a flow, our own tables."""

    def __call__(self, workflow: str, parameter: str, wanted: Any) -> object:
        """Raises ConfigurationError when nothing fits, or more than one."""


class Calls:
    """Calls functions with what they ask for; what that is, is found once for each."""

    def __init__(self, binder: Binder) -> None:
        self._binder = binder
        self._known: dict[tuple[str, Any, int], tuple[Mapping[str, object], str | None]] = {}

    async def __call__(
        self,
        function: Callable[..., Awaitable[Any]],
        arguments: tuple[Any, ...],
        attempt: Attempt,
        workflow: Workflow,
        seconds: float | None = None,
    ) -> Any:
        """Raises AmbiguousError when there is no answer within `seconds`: it may have happened."""
        fixed, at = self.bound(function, len(arguments), workflow.name)
        named = dict(fixed) if at is None else {**fixed, at: attempt}
        if seconds is None:
            return await function(*arguments, **named)
        try:
            async with asyncio.timeout(seconds):
                return await function(*arguments, **named)
        except TimeoutError:
            raise AmbiguousError(f"{name_of(function)} gave no answer within {seconds:g} s") from None

    def bound(self, function: Callable[..., Any], taken: int, workflow: str) -> tuple[Mapping[str, object], str | None]:
        """What the parameters after the first `taken` get, and which of them gets the Attempt."""
        known = (workflow, function, taken)
        found = self._known.get(known)
        if found is None:
            found = self._known[known] = self._bind(function, taken, workflow)
        return found

    def _bind(self, function: Callable[..., Any], taken: int, workflow: str) -> tuple[Mapping[str, object], str | None]:
        hints = get_type_hints(function)
        fixed: dict[str, object] = {}
        at = None
        for parameter in parameters_of(function)[taken:]:
            wanted = hints.get(parameter.name)
            if wanted is Attempt:
                at = parameter.name
            elif parameter.default is parameter.empty:
                fixed[parameter.name] = self._binder(workflow, parameter.name, wanted)
        return fixed, at
