"""The error tree: each error is its own outcome, and its kind decides what happens next."""

from __future__ import annotations

import pytest

from careloom.core import errors
from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ConfigurationError,
    Contention,
    ContractBroken,
    FormatError,
    MappingError,
    PermanentError,
    Rejected,
    Throttled,
    TransientError,
    Unavailable,
)
from careloom.core.outcomes import ErrorKind, Park, Retry


@pytest.mark.parametrize("error", [Unavailable("down"), Throttled("slow"), Contention("met"), TransientError("?")])
def test_what_passes_by_itself_is_tried_again(error: CareloomError) -> None:
    assert error.outcome() == Retry(str(error), after=None)


def test_a_wait_that_the_other_side_asked_for_is_kept() -> None:
    assert Throttled("slow down", retry_after=30).outcome() == Retry("slow down", after=30)


def test_what_may_have_happened_is_never_tried_blindly() -> None:
    expected = Park("no answer", kind=ErrorKind.AMBIGUOUS, case="ambiguous-outcome")
    assert AmbiguousError("no answer").outcome() == expected


@pytest.mark.parametrize(
    ("error", "case", "field"),
    [
        (FormatError("is cut short", "PID-3.1"), "mapping", "PID-3.1"),
        (FormatError("is empty"), "mapping", None),
        (MappingError("is missing", "PID-3"), "mapping", "PID-3"),
        (Rejected("refused", "zip"), "rejected-posting", "zip"),
        (AccessRefused("no right"), "delivery", None),
        (ContractBroken("no model"), "delivery", None),
        (PermanentError("no"), "delivery", None),
        (ConfigurationError("incomplete"), "delivery", None),
    ],
)
def test_what_will_fail_again_waits_for_a_person(error: CareloomError, case: str, field: str | None) -> None:
    assert error.outcome() == Park(str(error), kind=ErrorKind.PERMANENT, field=field, case=case)


def test_a_location_stands_before_the_reason() -> None:
    assert str(FormatError("is cut short", "PID-3.1")) == "PID-3.1: is cut short"
    assert str(MappingError("is missing", "PID-3")) == "PID-3: is missing"


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for name, found in vars(errors).items():
        if isinstance(found, type) and issubclass(found, CareloomError):
            assert f"{name} " in drawn or f"{name}\n" in drawn, name
