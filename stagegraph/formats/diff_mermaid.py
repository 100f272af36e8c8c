"""A comparison as a Mermaid flowchart within GitHub's limits."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from stagegraph.comparison.changes import Comparison
from stagegraph.formats.mermaid import fitting, still_smaller
from stagegraph.picture.change_picture import change_picture
from stagegraph.picture.view import Picture, View


def render(comparison: Comparison, view: View) -> str:
    """Both graphs in one flowchart, the differences marked; simplified until GitHub shows it."""
    return fitting(_simpler_and_simpler(comparison, view), view)


def _simpler_and_simpler(comparison: Comparison, view: View) -> Iterator[Picture]:
    yield change_picture(comparison, view)
    unlabelled = change_picture(comparison, replace(view, labels=False))
    yield unlabelled
    yield from still_smaller(unlabelled)
