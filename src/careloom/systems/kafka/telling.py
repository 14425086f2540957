"""What an error of Kafka means for us. The library's errors are named after the codes of the protocol."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ContractBroken,
    Rejected,
    Unavailable,
)


class LoginRefused(AccessRefused):
    """The brokers refuse our account, or its rights."""

    stops = True


class Telling:
    """Turns the library's errors into ours. `errors` is its module of them."""

    def __init__(self, errors: Any) -> None:
        self._refused = (
            errors.AuthenticationFailedError,
            errors.AuthenticationMethodNotSupported,
            errors.SaslAuthenticationFailed,
            errors.UnsupportedSaslMechanismError,
        )
        self._forbidden = (errors.TopicAuthorizationFailedError, errors.ClusterAuthorizationFailedError)
        self._unwanted = (
            errors.MessageSizeTooLargeError,
            errors.RecordListTooLargeError,
            errors.InvalidTimestampError,
            errors.PolicyViolationError,
        )
        self._unknown = (errors.UnknownTopicOrPartitionError, errors.InvalidTopicError)
        self._codec = errors.UnsupportedCodecError

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Around what can be asked again without harm: nothing was sent, or nothing was written."""
        try:
            yield
        except CareloomError:
            raise
        except Exception as error:
            raise self.unsent(error) from None

    @contextmanager
    def published(self) -> Iterator[None]:
        """Around the answer to a record that was handed over: what does not refuse it leaves us in doubt."""
        try:
            yield
        except Exception as error:
            raise (self._plain(error) or _doubt(error)) from None

    def unsent(self, error: Exception) -> CareloomError:
        """What it means when nothing was written."""
        return self._plain(error) or Unavailable(f"the Kafka brokers cannot be used: {type(error).__name__}")

    def _plain(self, error: Exception) -> CareloomError | None:
        if isinstance(error, self._refused):
            return LoginRefused("the brokers refuse our account; correct user, password or mechanism")
        if isinstance(error, self._forbidden):
            return LoginRefused("our account may not do this; give it the rights on the topic")
        if isinstance(error, self._unwanted):
            return Rejected("the brokers refuse this record; it may be too large for the topic")
        if isinstance(error, self._unknown):
            return ContractBroken("there is no such topic; make it, or correct `topic`")
        if isinstance(error, self._codec):
            return ContractBroken("records are compressed in a way that needs a library: pip install 'aiokafka[all]'")
        if isinstance(error, ssl.SSLCertVerificationError):
            return AccessRefused(f"a broker's certificate is not trusted: {error.verify_message}; check `tls.ca`")
        return None


def _doubt(error: Exception) -> CareloomError:
    what = "in time" if isinstance(error, asyncio.TimeoutError | TimeoutError) else type(error).__name__
    return AmbiguousError(f"the brokers have not confirmed it ({what}); the id tells a repeat")
