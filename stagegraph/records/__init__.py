"""Reads what BuildKit reports about builds (bundles, event streams, logs) into records."""
