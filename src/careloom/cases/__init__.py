"""The human exception queue: what the machinery cannot decide waits here for a person."""
