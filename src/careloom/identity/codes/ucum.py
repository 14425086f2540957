"""Units of the Unified Code for Units of Measure, case sensitive (UCUM 2.2), and how much of one is so much of another.

Reading them is ucumvert's; here a text is bounded before it gets there, and what is known is remembered. The first use
in a process loads the tables of units, which takes a second or two: `prepare()` does so ahead of time.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any, Final

from careloom.core.errors import FormatError

LONGEST: Final = 60
DEEPEST: Final = 6
_DIGITS: Final = 15
_REMEMBERED: Final = 4096
_LONG_NUMBER: Final = re.compile(r"[0-9]{7}|[A-Za-z\])'*^+-][0-9]{3}")
_ANNOTATION: Final = re.compile(r"\{[!-z|~]*\}")
_ONE: Final = Decimal(1)


def prepare() -> None:
    """Load the tables now."""
    _parser()
    _registry()


def unit(text: str) -> str:
    """The unit as it is written. Raises FormatError."""
    if (wrong := _grammatical(_bounded(text))) is not None:
        raise FormatError(wrong.reason, wrong.location)
    return text


def same_kind(one: str, other: str) -> bool:
    """Whether amounts of the one can be given in the other: of the same dimension, and counting the same thing."""
    first, second = _parsed(unit(one)), _parsed(unit(other))
    return _counted(one) == _counted(other) and bool(first.dimensionality == second.dimensionality)


def convert(amount: Decimal, source: str, target: str) -> Decimal:
    """So much of `source` in `target`, to 15 digits. Raises FormatError where they measure different things, and for
    units such as `[iU]`, `[arb'U]` or `{tablet}`, which nothing else is equal to."""
    if source == target:
        return amount
    if not same_kind(source, target):
        raise FormatError(f"{source} and {target} measure different things", "unit")
    if not amount.is_finite():
        raise FormatError("it is no number", "amount")
    try:
        with localcontext() as context:
            context.prec = 28
            found = _registry().Quantity(amount * _factor(source), _parsed(source).units)
            given = found.to(_parsed(target).units).magnitude / _factor(target)
            context.prec = _DIGITS
            return _plain(+Decimal(given))
    except (InvalidOperation, ArithmeticError):
        raise FormatError("the amount is too large or too small", "amount") from None
    except Exception as error:  # pint has many of its own, such as those of logarithms
        raise FormatError(f"{source} cannot be given in {target} ({type(error).__name__})", "unit") from None


def _plain(number: Decimal) -> Decimal:
    """Without zeros at the end, and never as 1E+3."""
    short = number.normalize()
    return short.quantize(_ONE) if short == short.to_integral_value() and abs(short.adjusted()) < _DIGITS else short


def _bounded(text: str) -> str:
    if not text:
        raise FormatError("it is empty", "unit")
    if len(text) > LONGEST:
        raise FormatError(f"{len(text)} characters, more than {LONGEST}", "unit")
    at = next((at for at, one in enumerate(text, 1) if not "!" <= one <= "~"), None)
    if at is not None:
        raise FormatError("it may not stand in a unit", f"unit character {at}")
    if text.count("(") > DEEPEST:
        raise FormatError(f"more than {DEEPEST} parentheses", "unit")
    if _LONG_NUMBER.search(_ANNOTATION.sub("", text)):
        raise FormatError("a number is too long", "unit")
    return text


@lru_cache(maxsize=_REMEMBERED)
def _counted(text: str) -> tuple[str, ...]:
    """What is counted: `{tablet}` and `{vial}` are both 1 to UCUM, and nobody wants the one as the other."""
    return tuple(sorted(_ANNOTATION.findall(text)))


@lru_cache(maxsize=_REMEMBERED)
def _parsed(text: str) -> Any:
    """A quantity of pint: one of this unit. What is wrong is remembered too, since a sender repeats it."""
    found = _looked_up(text)
    if isinstance(found, FormatError):
        raise FormatError(found.reason, found.location)
    return found


@lru_cache(maxsize=_REMEMBERED)
def _grammatical(text: str) -> FormatError | None:
    """What is wrong with it."""
    from lark.exceptions import LarkError, UnexpectedInput
    from ucumvert import parse_ucum  # type: ignore[import-untyped]

    try:
        parse_ucum(text, _parser())
    except LarkError as error:
        cause = error.__cause__ or error.__context__
        column = getattr(cause, "column", None) if isinstance(cause, UnexpectedInput) else None
        place = f"unit character {column}" if isinstance(column, int) and column > 0 else "unit"
        return FormatError("UCUM has no such unit", place)
    return None


@lru_cache(maxsize=_REMEMBERED)
def _looked_up(text: str) -> Any:
    registry = _registry()
    if not _ANNOTATION.sub("", text):
        return registry.Quantity(_ONE, "")
    try:
        return _exact(registry, registry.from_ucum(text))
    except Exception as error:  # [pH] and others have no definition in pint
        return FormatError(f"{text} is a unit, but nothing is known to convert it ({type(error).__name__})", "unit")


@lru_cache(maxsize=1)
def _parser() -> Any:
    from ucumvert import get_ucum_parser

    return get_ucum_parser()


def _exact(registry: Any, found: Any) -> Any:
    return registry.Quantity(Decimal(str(found.magnitude)), found.units)


def _factor(text: str) -> Decimal:
    magnitude: Decimal = _parsed(text).magnitude
    return magnitude


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry(non_int_type=Decimal)
