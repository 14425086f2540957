"""What a kind of case is: who answers for it, how soon, what may be done, with which data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import msgspec

from careloom.cases.states import State
from careloom.core.errors import ConfigurationError, FormatError
from careloom.core.outcomes import Category

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PATH: Final = re.compile(r" - at `(\$[\w.\[\]]*)`$")
PRIORITIES: Final[Mapping[str, int]] = MappingProxyType({"critical": 1, "high": 2, "normal": 3, "low": 4})
"""By criticality; 1 is worked first."""


class Action(StrEnum):
    """What a person may decide."""

    SUPPLY = "supply"  # give the data that is missing
    EDIT = "edit"  # correct the payload and handle it again
    RETRY = "retry"  # handle it again as it is
    RESOLVE = "resolve"  # it was settled elsewhere
    APPROVE = "approve"
    REJECT = "reject"
    WAIVE = "waive"  # go on without
    DISCARD = "discard"  # give it up


ENDS: Final[Mapping[Action, State]] = MappingProxyType(
    {
        **dict.fromkeys(Action, State.RESOLVED),
        Action.WAIVE: State.WAIVED,
        Action.DISCARD: State.DISCARDED,
    }
)
"""What each action makes of a case."""


class Supplied(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of what people supply: data of an action."""


@dataclass(frozen=True)
class CaseKind:
    """One kind. `actions` are offered in this order, the first is what is suggested; `data` is what each needs, if it
    needs any. `runbook` is the anchor in docs/operations/runbook.md. `category` is the sort of
    failure that it is, where whoever opens a case does not know better."""

    name: str
    meaning: str
    owner: str
    sla: timedelta
    runbook: str
    actions: tuple[Action, ...]
    data: Mapping[Action, type[Supplied]] = field(default_factory=dict)
    criticality: str = "normal"
    category: Category = Category.BUSINESS

    def must_be_whole(self) -> None:
        """Raises ConfigurationError, naming everything that is missing."""
        wrong = [text for said, text in self._asked() if not said]
        if wrong:
            raise ConfigurationError(f"the kind of case {self.name!r} lacks {', '.join(wrong)}")

    def _asked(self) -> Iterator[tuple[object, str]]:
        yield _NAME.fullmatch(self.name), "a name of lower-case words joined by hyphens"
        yield self.meaning.strip(), "a meaning"
        yield self.owner.strip(), "an owner"
        yield self.sla > timedelta(0), "an SLA above zero"
        yield self.runbook.strip(), "a runbook"
        yield self.actions, "an action"
        yield self.criticality in PRIORITIES, "a criticality: low, normal, high or critical"
        yield not set(self.data) - set(self.actions), "the actions that it has data for"

    def read(self, action: Action, data: bytes) -> Supplied | None:
        """What was supplied with an action. Raises FormatError, located, without quoting a value."""
        shape = self.data.get(action)
        if shape is None:
            if data.strip() not in (b"", b"null", b"{}"):
                raise FormatError(f"{action} of {self.name} takes no data", "$")
            return None
        return _decoded(shape, data or b"{}")

    @cached_property
    def schemas(self) -> Mapping[str, dict[str, Any]]:
        """JSON Schema of the data of each action that needs some."""
        return {action.value: _plain(msgspec.json.schema(shape)) for action, shape in self.data.items()}


def _decoded(shape: type[Supplied], data: bytes) -> Supplied:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        # The rest of the text may name a member that is not ours, which may be anything.
        raise FormatError("is not what this action needs; see the kinds of cases", found[1] if found else "$") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise FormatError("is not JSON", "$") from None


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    return made


class CaseKinds:
    """The kinds of a deployment by name."""

    def __init__(self, kinds: Iterable[CaseKind]) -> None:
        """Raises ConfigurationError for a kind without owner, SLA, runbook or actions, and for two of one name."""
        self._kinds: dict[str, CaseKind] = {}
        for kind in kinds:
            self.register(kind)

    def register(self, kind: CaseKind) -> None:
        """Add one. Raises ConfigurationError."""
        kind.must_be_whole()
        if kind.name in self._kinds:
            raise ConfigurationError(f"two kinds of case are named {kind.name!r}; rename one of them")
        self._kinds[kind.name] = kind

    def __iter__(self) -> Iterator[CaseKind]:
        return iter(self._kinds.values())

    def of(self, name: str) -> CaseKind:
        """The kind of that name; one that nobody declared has what `UNDECLARED` says, since a case must open."""
        found = self._kinds.get(name)
        return found if found is not None else UNDECLARED


UNDECLARED: Final = CaseKind(
    name="undeclared",
    meaning="a flow opened it under a name that is not declared",
    owner="integration",
    sla=timedelta(days=1),
    runbook="case-delivery",
    actions=(Action.RETRY, Action.EDIT, Action.RESOLVE, Action.WAIVE, Action.DISCARD),
    category=Category.UNKNOWN,
)
