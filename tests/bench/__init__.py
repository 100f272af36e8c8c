"""Benchmarks: run by hand, never as a test."""
