"""What Odoo answers when a call fails: an exception name, a message, and per transport a status or a fault code.

Measured in `odoo/CONTRACT.md` section 3. The `debug` text of every error carries record values on purpose: a real
server's traceback does too, so a client must drop it, and a test can prove that it does.
"""

from __future__ import annotations

import json
from typing import Any

ODOO = "odoo.exceptions."
WERKZEUG = "werkzeug.exceptions."

_FAULTS = {ODOO + "UserError": 2, ODOO + "ValidationError": 2, ODOO + "MissingError": 2, ODOO + "AccessDenied": 3}
_FAULTS[ODOO + "AccessError"] = 4


class OdooError(Exception):
    """A failed call. `name` is the exception's dotted name, `status` what JSON-2 answers with."""

    def __init__(
        self, name: str, message: str, status: int = 500, arguments: list[Any] | None = None, bare: str = ""
    ) -> None:
        super().__init__(message)
        self.bare = bare
        self.column = ""
        self.row = ""
        self.name = name
        self.message = message
        self.status = status
        self.arguments = [message] if arguments is None else arguments

    @property
    def fault(self) -> int:
        """The XML-RPC fault code: 2 a rule, 3 credentials, 4 rights, 1 everything else."""
        return _FAULTS.get(self.name, 1)

    def row_message(self, major: int) -> str:
        """What `load` says of a row that failed so: a database check is named bare, and 18.0 puts quotes around it."""
        if not self.bare:
            return self.row or self.message
        return repr(self.bare) if major == 18 else self.bare

    @property
    def short_name(self) -> str:
        """The name as a traceback shows it: Python's own exceptions without their module."""
        return self.name.removeprefix("builtins.")


def user_error(message: str) -> OdooError:
    return OdooError(ODOO + "UserError", message, 422)


def validation_error(message: str) -> OdooError:
    return OdooError(ODOO + "ValidationError", message, 422)


def constraint_error(bare: str) -> OdooError:
    """A check or a unique index of the database refused a row."""
    return OdooError(ODOO + "ValidationError", f"The operation cannot be completed: {bare}", 422, bare=bare)


def access_error(message: str) -> OdooError:
    return OdooError(ODOO + "AccessError", message, 403)


def access_denied(message: str = "Access Denied") -> OdooError:
    return OdooError(ODOO + "AccessDenied", message, 401)


def missing_error(model: str, record: int, uid: int) -> OdooError:
    where = f"(Record: {model}({record},), User: {uid})"
    return OdooError(ODOO + "MissingError", f"Record does not exist or has been deleted.\n{where}", 404)


def value_error(message: str) -> OdooError:
    return OdooError("builtins.ValueError", message)


def type_error(message: str) -> OdooError:
    return OdooError("builtins.TypeError", message)


def index_error() -> OdooError:
    return OdooError("builtins.IndexError", "list index out of range")


def attribute_error(message: str) -> OdooError:
    return OdooError("builtins.AttributeError", message)


def serialization_failure() -> OdooError:
    """Two transactions wrote the same row, and the server gave up after its own five tries."""
    message = "could not serialize access due to concurrent update\n"
    return OdooError("psycopg2.errors.SerializationFailure", message)


def invalid_integer(column: str, value: str) -> OdooError:
    """PostgreSQL refused text for an integer column; its message quotes the row's values."""
    message = f'invalid input syntax for type integer: "{value}"\nLINE 1: ... "{column}") VALUES (\'{value}\'...\n  ^\n'
    return OdooError("psycopg2.errors.InvalidTextRepresentation", message)


def unknown_database(database: str) -> OdooError:
    return OdooError("psycopg2.OperationalError", f'connection failed: FATAL:  database "{database}" does not exist\n')


def http_error(name: str, status: int, message: str) -> OdooError:
    """One of the web layer's own errors, whose arguments are the message and the status."""
    return OdooError(WERKZEUG + name, message, status, [message, status])


def unauthorized(message: str = "Invalid apikey") -> OdooError:
    return http_error("Unauthorized", 401, message)


def not_found(message: str) -> OdooError:
    return http_error("NotFound", 404, message)


def unprocessable(message: str) -> OdooError:
    return http_error("UnprocessableEntity", 422, message)


def debug_text(error: OdooError, handled: Any) -> str:
    """Text in the shape of a server traceback, with `handled` (the call's arguments: personal data) quoted in it."""
    quoted = json.dumps(handled, default=str)
    steps = ["Traceback (most recent call last):"]
    steps += [f'  File "simulated_odoo/step_{n}.py", line {n * 7}, in step_{n}\n    step({quoted})' for n in (1, 2, 3)]
    return "\n".join([*steps, f"{error.short_name}: {error.message}"]) + "\n"


def error_body(error: OdooError, handled: Any) -> dict[str, Any]:
    """The five keys of every error body; JSON-2 answers with them, JSON-RPC puts them in `error.data`."""
    return {
        "name": error.name,
        "message": error.message,
        "arguments": error.arguments,
        "context": {},
        "debug": debug_text(error, handled),
    }
