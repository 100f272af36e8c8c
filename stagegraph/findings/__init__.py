"""Findings: what is worth saying about a Dockerfile, as data."""
