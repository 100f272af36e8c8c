"""A comparison as SVG."""

from __future__ import annotations

from msgspec.structs import replace

from stagegraph.comparison.changes import Comparison
from stagegraph.formats.svg import svg_of
from stagegraph.picture.change_picture import change_picture
from stagegraph.picture.view import View


def render(comparison: Comparison, view: View) -> str:
    """Both graphs in one picture, always with a legend: without it the borders cannot be understood."""
    return svg_of(change_picture(comparison, view), replace(view, legend=True))
