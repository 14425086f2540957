"""How much each consumer may ask for, so that none can starve another. Counted by each process for itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from careloom.core.clock import Clock
from careloom.gateway.classes import Traffic


class Quota(BaseModel):
    """So many requests within so many seconds, and at most that many at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests: int = Field(ge=1, description="requests that may be spent at once, and within `seconds`")
    seconds: float = Field(default=60.0, gt=0, description="seconds until all of them have come back")


class ConsumerLimits(BaseModel):
    """What one API key may do in one process. Quotas are per kind of traffic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intake: Quota = Field(default=Quota(requests=600_000), description="messages that systems send")
    publish: Quota = Field(default=Quota(requests=60_000), description="events that applications publish")
    read: Quota = Field(default=Quota(requests=6_000), description="reading events, journeys, catalogues, status")
    lookup: Quota = Field(default=Quota(requests=6_000), description="direct look-ups")
    concurrency: int = Field(default=512, ge=1, description="requests under way at once, of all kinds")

    def quota(self, traffic: Traffic) -> Quota:
        """The quota of one kind of traffic."""
        found: Quota = getattr(self, traffic.value)
        return found


class Limits(BaseModel):
    """The limits of all consumers. `consumers` are exceptions, by the name of the API key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    everyone: ConsumerLimits = ConsumerLimits()
    consumers: Mapping[str, ConsumerLimits] = Field(default_factory=dict)

    def of(self, name: str) -> ConsumerLimits:
        """What holds for the key of this name."""
        return self.consumers.get(name, self.everyone)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking. `remaining` requests are left, all are back in `reset` seconds; `wait` is 0 if admitted."""

    traffic: Traffic
    quota: Quota
    remaining: int
    reset: int
    wait: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4)."""
        window = math.ceil(self.quota.seconds)
        return [
            (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (self.traffic.encode(), self.quota.requests, window)),
            (b"ratelimit", b'"%b";r=%d;t=%d' % (self.traffic.encode(), self.remaining, self.reset)),
        ]


class Limiter:
    """Token buckets and the count of what is under way. Its memory is bounded by the number of keys there are."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._now = clock.monotonic
        self._buckets: dict[tuple[UUID, Traffic], _Bucket] = {}
        self._under_way: dict[UUID, int] = {}

    def take(self, consumer: UUID, name: str, traffic: Traffic) -> Taken:
        """Spend one request, if there is one left."""
        quota = self._limits.of(name).quota(traffic)
        now = self._now()
        bucket = self._buckets.get((consumer, traffic))
        if bucket is None:
            bucket = self._buckets[consumer, traffic] = _Bucket(quota.requests, now)
        rate = quota.requests / quota.seconds
        tokens = min(float(quota.requests), bucket.tokens + (now - bucket.at) * rate)
        wait = 0 if tokens >= 1 else max(1, math.ceil((1 - tokens) / rate))
        bucket.tokens, bucket.at = (tokens if wait else tokens - 1), now
        reset = math.ceil((quota.requests - bucket.tokens) / rate)
        return Taken(traffic, quota, int(bucket.tokens), reset, wait)

    def enter(self, consumer: UUID, name: str) -> bool:
        """Whether one more may be under way; if so, `leave` must follow."""
        busy = self._under_way.get(consumer, 0)
        if busy >= self._limits.of(name).concurrency:
            return False
        self._under_way[consumer] = busy + 1
        return True

    def leave(self, consumer: UUID) -> None:
        """One of its requests ended."""
        left = self._under_way[consumer] - 1
        if left:
            self._under_way[consumer] = left
        else:
            del self._under_way[consumer]
