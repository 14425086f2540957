"""The error tree. Each error says what happened, to what, and what to do, and never quotes personal data.

CareloomError
├── ConfigurationError        settings are wrong or incomplete; nothing was started
├── FormatError               bytes that are not what they claim to be; carries a location
├── MappingError              a well-formed message that cannot become a canonical event; names the field
├── TransientError            will pass by itself
│   ├── Unavailable           the other side cannot be reached, or says so
│   │   └── HeldBack          not even tried: a breaker holds calls back
│   ├── Throttled             the other side asks us to slow down
│   └── Contention            two writers met; one must try again
├── AmbiguousError            sent, and no answer: it may or may not have happened
└── PermanentError            will fail again until somebody changes something
    ├── Rejected              the other side refuses this data
    ├── AccessRefused         credentials or rights are missing; the connection stops, not the queue
    └── ContractBroken        the other side does not have what the mapping relies on
"""

from __future__ import annotations

from careloom.core.outcomes import Category, ErrorKind, Outcome, Park, Retry


class CareloomError(Exception):
    """Base of all errors that we raise on purpose. Anything else that escapes a handler is a bug."""

    kind: ErrorKind = ErrorKind.PERMANENT
    category: Category = Category.UNKNOWN

    def outcome(self) -> Outcome:
        """The outcome a handler would have returned for this error."""
        if self.kind is ErrorKind.TRANSIENT:
            return Retry(str(self), after=getattr(self, "retry_after", None), category=self.category)
        field = getattr(self, "field", None)
        return Park(str(self), kind=self.kind, field=field, case=self.case, category=self.category)

    @property
    def case(self) -> str:
        """The kind of case this error opens."""
        return "ambiguous-outcome" if self.kind is ErrorKind.AMBIGUOUS else "delivery"


class ConfigurationError(CareloomError):
    """Settings are wrong or incomplete."""


class FormatError(CareloomError):
    """Bytes that do not follow their format. `location` says where, in the format's own terms (`PID-3.1`)."""

    category = Category.SCHEMA

    def __init__(self, message: str, location: str = "") -> None:
        super().__init__(f"{location}: {message}" if location else message)
        self.reason = message
        self.location = location

    @property
    def field(self) -> str | None:
        return self.location or None

    @property
    def case(self) -> str:
        return "mapping"


class MappingError(CareloomError):
    """A well-formed message without what an event needs. `field` is the source field (`PID-3`)."""

    category = Category.MAPPING

    def __init__(self, message: str, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.reason = message
        self.field = field

    @property
    def case(self) -> str:
        return "mapping"


class TransientError(CareloomError):
    """Will pass by itself."""

    kind = ErrorKind.TRANSIENT

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(TransientError):
    """The other side cannot be reached, or says that it is not ready."""

    category = Category.NETWORK


class HeldBack(Unavailable):
    """Not even tried, since the other side is known to be away: it does not count as an attempt."""

    def outcome(self) -> Outcome:
        return Retry(str(self), after=self.retry_after, counted=False, category=self.category)


class Throttled(TransientError):
    """The other side asks us to slow down."""

    category = Category.THROTTLING


class Contention(TransientError):
    """Two writers met and this one must try again."""

    category = Category.NETWORK


class AmbiguousError(CareloomError):
    """The request was sent and no answer came: it may or may not have happened."""

    kind = ErrorKind.AMBIGUOUS
    category = Category.NETWORK


class PermanentError(CareloomError):
    """Will fail again until somebody changes something."""


class Rejected(PermanentError):
    """The other side refuses this data."""

    category = Category.BUSINESS

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @property
    def case(self) -> str:
        return "rejected-posting"


class AccessRefused(PermanentError):
    """Credentials or rights are missing: the connection must stop, not burn the queue."""

    category = Category.AUTHENTICATION


class ContractBroken(PermanentError):
    """The other side lacks a model, field, method or version that we rely on."""

    category = Category.SCHEMA
