"""Compares two builds: which stages and edges were added, removed, renamed or changed."""
