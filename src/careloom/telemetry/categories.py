"""What sort of failure something is: of an error, of what an attempt came to, of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.cases.kinds import CaseKinds
from careloom.core.errors import CareloomError
from careloom.core.outcomes import Category, ErrorKind
from careloom.log.steps import Held

_BY_KIND: Final[Mapping[str, Category]] = {
    ErrorKind.TRANSIENT.value: Category.NETWORK,
    ErrorKind.AMBIGUOUS.value: Category.NETWORK,
}


def of_error(error: BaseException) -> Category:
    """Of an error; one that is none of ours is a bug."""
    return error.category if isinstance(error, CareloomError) else Category.UNKNOWN


def category_of(step: Held, kinds: CaseKinds | None = None) -> Category:
    """Of an attempt that failed. What the error said comes first, then the kind of case, then whether it may pass."""
    if step.category is not None:
        return step.category
    if step.case and kinds is not None:
        return kinds.of(step.case).category
    return _BY_KIND.get(step.error, Category.BUSINESS if step.case else Category.UNKNOWN)
