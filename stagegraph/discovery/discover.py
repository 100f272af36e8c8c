"""Every build that a repository runs."""

from __future__ import annotations

from pathlib import Path

from stagegraph.discovery.use import Discovery


def discover(root: Path) -> Discovery:
    """The builds found in the repository at ``root``."""
    return Discovery()
