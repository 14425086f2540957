"""Where spans go: to the collector that the settings name, by OTLP over HTTP, and nowhere else."""

from __future__ import annotations

from typing import Final

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from careloom.core.errors import ConfigurationError

LONGEST_SECONDS: Final = 2.0
"""For one batch with all its tries: a hub that ends while the collector is away waits no longer for it."""


def to_collector(url: str, headers: dict[str, str] | None = None) -> SpanProcessor:
    """In batches, from a thread of its own: no message waits for the collector, and when it is away the spans are lost.
    `url` is the collector's address for traces, with its path. Raises ConfigurationError without the extra."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise ConfigurationError(
            "telemetry.collector: sending traces needs one more library: pip install careloom[otlp]"
        ) from None
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=url, headers=headers or {}, timeout=LONGEST_SECONDS))
