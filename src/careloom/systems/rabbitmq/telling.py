"""What an error of AMQP means for us. Reply codes: AMQP 0-9-1 section 1.2; confirms: RabbitMQ's extension."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from careloom.core.errors import (
    AccessRefused,
    AmbiguousError,
    CareloomError,
    ContractBroken,
    Rejected,
    Throttled,
    Unavailable,
)


class LoginRefused(AccessRefused):
    """The server refuses our account, or its rights."""

    stops = True


class Telling:
    """Turns the library's errors into ours. `errors` is its module of them."""

    def __init__(self, errors: Any) -> None:
        self._errors = errors

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Around what can be asked again without harm."""
        try:
            yield
        except CareloomError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            raise (self._plain(error) or self._lost(error)) from None

    @contextmanager
    def published(self, *, alone: Callable[[], bool]) -> Iterator[None]:
        """Around a publication: one that was sent and not confirmed may have happened. `alone`: no other is under way,
        so that a channel that the server closes for a bad one was closed for this one."""
        errors = self._errors
        try:
            yield
        except errors.PublishError:
            raise ContractBroken("no queue takes this routing key; bind one, or correct `routing_key`") from None
        except errors.DeliveryError:
            raise Throttled("the server cannot take it now: is a queue full?", retry_after=1.0) from None
        except errors.ChannelInvalidStateError as error:
            raise self._lost(error) from None
        except errors.ChannelPreconditionFailed:
            if alone():
                raise Rejected("the server refuses this event; it may be too large for it") from None
            raise AmbiguousError("the channel was closed with several events on it; the id tells a repeat") from None
        except (Exception, asyncio.CancelledError) as error:
            raise (self._plain(error) or _unknown(error)) from None

    def _plain(self, error: BaseException) -> CareloomError | None:
        """What it means before and after sending alike."""
        errors = self._errors
        if isinstance(error, errors.AuthenticationError | errors.ProbableAuthenticationError):
            return LoginRefused("the server refuses our account; correct user, password or its virtual host")
        if isinstance(error, errors.ChannelAccessRefused):
            return LoginRefused("our account may not do this; give it the rights on the exchange or queue")
        if isinstance(error, errors.ChannelNotFoundEntity):
            return ContractBroken("there is no such exchange or queue; make it, or correct its name")
        for one in (error, error.__cause__, error.__context__):  # the library wraps what it got from the socket
            if isinstance(one, ssl.SSLCertVerificationError):
                return AccessRefused(f"the server's certificate is not trusted: {one.verify_message}; check `tls.ca`")
        if isinstance(error, errors.InvalidFrameError) and "Connection.OpenOk" in str(error):
            # All that the library tells of a connection that is closed in answer to `connection.open`.
            return ContractBroken("the server does not open this virtual host; make it, or correct the end of `url`")
        return None

    def _lost(self, error: BaseException) -> CareloomError:
        """What it means when nothing was sent, or may be asked again."""
        _mind_cancellation(error)
        if isinstance(error, self._errors.ChannelPreconditionFailed):
            return ContractBroken("it was made with other properties than `declare` gives; do not declare it here")
        if isinstance(error, self._errors.ChannelLockedResource):
            return Unavailable("another connection has the queue for itself")
        return Unavailable(f"the RabbitMQ server cannot be used: {type(error).__name__}")


def _unknown(error: BaseException) -> CareloomError:
    _mind_cancellation(error)
    return AmbiguousError(f"the server has not confirmed it ({type(error).__name__}); the id tells a repeat")


def _mind_cancellation(error: BaseException) -> None:
    """Our own cancellation goes on; the library cancels what waits on a channel that is lost, too."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error
