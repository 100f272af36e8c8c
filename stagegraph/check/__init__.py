"""Checks Dockerfiles by rules, with the builds that are known of each, and fixes dead stages."""
