"""Findings: what is worth saying about a Dockerfile, as data; one rule, or a few of a kind, a file."""
