"""What Odoo's errors mean to us.

Odoo's HTTP status says little (500 is both "try again" and "never"), and its messages are translated, differ by version
and quote record values. So an error is classed by its exception name alone, `debug` (a server traceback) is dropped,
and the message is kept only in `private_detail`, which no repr, str or log shows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    Contention,
    ContractBroken,
    Rejected,
    Throttled,
    Unavailable,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Where and what: the exception's `name`, the model and method called, the row of a batch, the field if known."""

    name: str
    model: str
    method: str
    row: int | None = None
    field: str | None = None
    private_detail: str = dataclasses.field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        place = f"{self.model}.{self.method}" if self.model else self.method
        if self.row is not None:
            place += f" row {self.row}"
        if self.field:
            place += f" field {self.field}"
        return f"{place}: {self.name}"


class OdooFault(CareloomError):
    """Mixed into each error that comes from Odoo, so that callers can ask where it happened.

    `stops` is true when no call at all can succeed until a person acts: the breaker then stops the connection.
    """

    fault: Fault
    stops: bool = False

    @property
    def name(self) -> str:
        return self.fault.name

    @property
    def model(self) -> str:
        return self.fault.model

    @property
    def method(self) -> str:
        return self.fault.method

    @property
    def row(self) -> int | None:
        return self.fault.row

    @property
    def private_detail(self) -> str:
        """Odoo's own words. They may quote a record: never print, log or store them unsealed."""
        return self.fault.private_detail


class OdooRejected(OdooFault, Rejected):
    pass


class OdooAccessRefused(OdooFault, AccessRefused):
    pass


class OdooContractBroken(OdooFault, ContractBroken):
    pass


class OdooUnavailable(OdooFault, Unavailable):
    pass


class OdooThrottled(OdooFault, Throttled):
    pass


class OdooContention(OdooFault, Contention):
    pass


class OdooAmbiguous(OdooFault, AmbiguousError):
    pass


@dataclass(frozen=True, slots=True)
class Meaning:
    """How one exception name is treated, and what its reader should do."""

    error: type[OdooFault]
    advice: str
    stops: bool = False


_DATA = Meaning(OdooRejected, "Odoo refuses these values: correct the source data or the mapping")
_RULE = Meaning(OdooRejected, "an Odoo business rule refuses this: look at the record's state, it may be done already")
_RIGHTS = Meaning(OdooAccessRefused, "grant the API user rights on this model, record and company")
_KEY = Meaning(OdooAccessRefused, "renew the API key: it is wrong, expired or removed", stops=True)
_CONTRACT = Meaning(OdooContractBroken, "this Odoo lacks a model, method, field or argument that the mapping uses")
_RETRY = Meaning(OdooContention, "another writer was faster: it is tried again")
_AWAY = Meaning(OdooUnavailable, "Odoo has no database connection, or the database name is wrong")
_SLOW_DOWN = Meaning(OdooThrottled, "Odoo or a proxy asks for fewer calls: lower the rate")

MEANINGS: Mapping[str, Meaning] = {
    "odoo.exceptions.ValidationError": _DATA,
    "odoo.exceptions.UserError": _RULE,
    "odoo.exceptions.RedirectWarning": _RULE,
    "odoo.exceptions.MissingError": Meaning(OdooRejected, "the record does not exist any more: send its data anew"),
    "odoo.exceptions.AccessError": _RIGHTS,
    "odoo.exceptions.AccessDenied": _KEY,
    "werkzeug.exceptions.Unauthorized": _KEY,
    "werkzeug.exceptions.Forbidden": _RIGHTS,
    "builtins.ValueError": _CONTRACT,
    "builtins.TypeError": _CONTRACT,
    "builtins.IndexError": _CONTRACT,
    "builtins.KeyError": _CONTRACT,
    "builtins.AttributeError": _CONTRACT,
    "werkzeug.exceptions.NotFound": _CONTRACT,
    "werkzeug.exceptions.BadRequest": _CONTRACT,
    "werkzeug.exceptions.UnprocessableEntity": _CONTRACT,
    "werkzeug.exceptions.UnsupportedMediaType": _CONTRACT,
    "psycopg2.errors.InvalidTextRepresentation": _DATA,
    "psycopg2.errors.SerializationFailure": _RETRY,
    "psycopg2.errors.DeadlockDetected": _RETRY,
    "psycopg2.errors.LockNotAvailable": _RETRY,
    "odoo.exceptions.LockError": _RETRY,
    "odoo.exceptions.ConcurrencyError": _RETRY,
    "psycopg2.OperationalError": _AWAY,
    "psycopg2.InterfaceError": _AWAY,
    "psycopg2.errors.AdminShutdown": _AWAY,
    "psycopg2.pool.PoolError": _AWAY,
    "werkzeug.exceptions.ServiceUnavailable": _AWAY,
    "werkzeug.exceptions.TooManyRequests": _SLOW_DOWN,
}
"""Exception names as measured on 18.0 and 19.0. A name that is not here is permanent: a person must look."""

_UNKNOWN = Meaning(OdooRejected, "an Odoo error that Careloom does not know: look into Odoo's log at this time")

CONTENTION_MARKS = ("could not serialize", "deadlock detected", "could not obtain lock")
"""`load()` swallows the exception and reports only PostgreSQL's message, so these few words must be read."""


def raised(fault: Fault) -> OdooFault:
    """The error for an exception that Odoo reported by name."""
    meaning = MEANINGS.get(fault.name, _UNKNOWN)
    return make(meaning.error, fault, meaning.advice, stops=meaning.stops)


def make(error: type[OdooFault], fault: Fault, advice: str, *, stops: bool = False) -> OdooFault:
    """An error of this class that says what happened, where, and what to do."""
    made = error(f"Odoo {fault}: {advice}")
    made.fault = fault
    made.stops = stops
    if isinstance(made, Rejected):
        made.field = fault.field
    return made
