# Copyright 2026 The Careloom founders
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import base64
import hashlib
import hmac
import json
import logging
import threading
import time
import uuid
from urllib.parse import urlsplit

import requests

_logger = logging.getLogger(__name__)

BODY = json.dumps({"type": "careloom.outbox.changed"}, separators=(",", ":"))
PAUSE = 1.0
TIMEOUT = 3.0


def signature(secret, identity, timestamp, body):
    """The `webhook-signature` of Standard Webhooks: v1, HMAC-SHA256 over "id.timestamp.body"."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{identity}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def is_web(url):
    """Whether the address is one of http or https with a host."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def send(url, secret):
    """One call. It carries no data: the hub pulls. What goes wrong is logged, never raised."""
    try:
        identity, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(secret, identity, timestamp, BODY),
        }
        answer = requests.post(url, data=BODY, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        if not 200 <= answer.status_code < 300:
            _logger.warning("The wake-up of the Careloom hub was answered with status %s.", answer.status_code)
    except (requests.RequestException, ValueError) as wrong:
        _logger.warning("The wake-up of the Careloom hub failed (%s): it polls anyway.", type(wrong).__name__)


class Waker:
    """At most one call per second and database of this process, from a thread; none is forgotten."""

    def __init__(self, post=send, clock=time.monotonic, wait=time.sleep):
        self._post, self._clock, self._wait = post, clock, wait
        self._lock = threading.Lock()
        self._waiting = set()
        self._last = {}

    def notify(self, database, url, secret):
        """Have a call sent soon; returns the thread, or None where one is already waiting or the settings are void."""
        if not secret or not is_web(url):
            return None
        with self._lock:
            if database in self._waiting:
                return None
            self._waiting.add(database)
        thread = threading.Thread(target=self._run, args=(database, url, secret), name="careloom.wake", daemon=True)
        thread.start()
        return thread

    def _run(self, database, url, secret):
        with self._lock:
            delay = self._last.get(database, float("-inf")) + PAUSE - self._clock()
        if delay > 0:
            self._wait(delay)
        with self._lock:
            # What commits from here on gets a call of its own.
            self._waiting.discard(database)
            self._last[database] = self._clock()
        self._post(url, secret)


WAKER = Waker()
