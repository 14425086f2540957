"""Failures of the driver that were met while PostgreSQL was killed under a working hub."""

import asyncpg

from careloom.core.errors import PermanentError, TransientError
from careloom.store.translation import translate


def test_a_connection_that_broke_under_a_call_is_made_again_and_parks_nothing() -> None:
    """It once counted as a bug, and with it the event in hand was given to a person."""
    broke = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert isinstance(translate(broke), TransientError)
    assert isinstance(translate(asyncpg.InternalClientError("got result for unknown protocol state 9")), PermanentError)
