"""Matches records to the lines of a Dockerfile and computes critical path, slack and savings."""
