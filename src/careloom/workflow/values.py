"""What steps give, as bytes and back: by the annotation of the function, so that a replay sees the same types."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, get_type_hints

import msgspec

from careloom.core.errors import ConfigurationError
from careloom.core.outcomes import ErrorKind
from careloom.workflow.errors import StepFailed

_NOTHING = b"null"


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a step failed, as it is kept."""

    reason: str
    kind: str = ErrorKind.PERMANENT.value
    field: str | None = None

    def as_error(self, step: str) -> StepFailed:
        """To be raised in the code of the run, at first and in each replay."""
        return StepFailed(step, self.reason, ErrorKind(self.kind), self.field)


def encoded(value: object, step: str) -> bytes:
    """JSON. Raises ConfigurationError for what has none: that is a mistake in the step."""
    try:
        return _NOTHING if value is None else msgspec.json.encode(value)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"the step {step} gives a {type(value).__name__}, which cannot be kept ({type(error).__name__}); "
            "give plain values, dataclasses or msgspec structs"
        ) from None


def decoded(data: bytes | None, type_: Any) -> Any:
    """The value as `type_`."""
    if data is None or data == _NOTHING:
        return None
    return msgspec.json.decode(data, type=type_)


@lru_cache(maxsize=4096)
def result_type(function: Callable[..., Any]) -> Any:
    """What a function says it gives; Any where it says nothing."""
    try:
        return get_type_hints(function).get("return", Any)
    except (NameError, TypeError):
        return Any


def name_of(function: Callable[..., Any]) -> str:
    """A step's name: the function's own. Raises ConfigurationError for a lambda, which has none."""
    name = getattr(function, "__name__", "") or type(function).__name__
    if name == "<lambda>":
        raise ConfigurationError("a step needs a name: give it `name=`, or a function that has one")
    return name


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Positional parameters in order; those bound to an instance are without it."""
    return list(inspect.signature(function).parameters.values())
