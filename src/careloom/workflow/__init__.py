"""Durable runs of business processes: plain async code whose steps are done once, over days and crashes."""
