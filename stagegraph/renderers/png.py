"""PNG: the SVG drawn by resvg, in a font that comes along; the system helps with other scripts."""

from __future__ import annotations

import re
from dataclasses import replace

from stagegraph.errors import RenderError
from stagegraph.model import Report
from stagegraph.renderers.fonts import FAMILY, font_file, in_package_font
from stagegraph.renderers.svg import svg
from stagegraph.renderers.view import View

SCALE = 2.0
MOST_PIXELS = 40_000_000
_SIZE = re.compile(r'<svg width="(\d+)" height="(\d+)"')


def png(report: Report, view: View) -> bytes:
    """``report`` as PNG, two pixels a point, fewer where that would be over 40 million.

    The theme is light unless it is dark: a PNG follows nobody's mode.
    """
    try:
        import resvg_py
    except ImportError:
        raise RenderError("PNG needs the package resvg-py", hint="pip install resvg-py") from None
    text = in_package_font(svg(report, replace(view, theme="dark" if view.theme == "dark" else "light")))
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=text,
                zoom=zoom_of(text),
                font_files=[str(font_file())],
                font_family=FAMILY,
                sans_serif_family=FAMILY,
            )
        )
    except (ValueError, RuntimeError) as error:
        raise RenderError(f"resvg cannot draw the picture: {error}", hint="write svg instead") from None


def zoom_of(text: str) -> float:
    """How many pixels a point of this SVG gets."""
    match = _SIZE.search(text)
    points = int(match[1]) * int(match[2]) if match else 1
    return min(SCALE, float((MOST_PIXELS / max(points, 1)) ** 0.5))
