"""The vocabulary every other room shares: ids, time, envelopes, outcomes, errors, settings. No I/O."""
