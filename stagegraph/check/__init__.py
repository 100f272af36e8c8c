"""Checking Dockerfiles: one, many, mended; what is known of their builds, and settings."""
