"""PNG: the SVG drawn by resvg, in a font from a package; system fonts are used for other scripts."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from stagegraph.errors import RenderError
from stagegraph.formats import svg
from stagegraph.model import Report
from stagegraph.picture.view import View

FAMILY = "Arimo"
MAX_SCALE = 2.0
SHARP_PIXELS = 3_000_000  # above it the scale falls from 2 towards 1, since PNG costs 1 s for 10 million
MAX_PIXELS = 40_000_000  # above it the scale falls below 1: resvg takes 70 to 110 ms a million pixels


def font_file() -> Path:
    """The file with the regular and bold letters of the family.

    Raises RenderError if its package is missing: on a machine without fonts resvg would leave out all
    text without an error.
    """
    try:
        import fontpkg
    except ImportError:
        raise _missing() from None
    try:
        return Path(fontpkg.path(FAMILY))
    except fontpkg.FontpkgError:
        raise _missing() from None


def in_package_font(text: str) -> str:
    """``text``, an SVG, with the font family of the package before the families of the system."""
    return text.replace("font-family:Arial,", f"font-family:{FAMILY},Arial,", 1)


def _missing() -> RenderError:
    return RenderError(f"the font {FAMILY} is missing", hint="pip install fontpkg-arimo")


def render(report: Report, view: View) -> bytes:
    """``report`` as PNG, 2 pixels a point, and 1 to 2 above 3 million pixels (see ``zoom_of``).

    The theme is light unless it is pinned to dark: a PNG cannot follow the reader's mode.
    """
    try:
        import resvg_py
    except ImportError:
        raise RenderError("PNG needs the package resvg-py", hint="pip install resvg-py") from None
    view = replace(view, theme="dark" if view.theme == "dark" else "light")
    text = in_package_font(svg.render(report, view))
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
        raise RenderError(
            f"resvg cannot draw the picture: {error}", hint="use --format svg instead"
        ) from None


def zoom_of(text: str) -> float:
    """The pixels per point of this SVG: 2, down to 1 for a large picture, less for a huge one."""
    width, height = svg.size_of(text)
    points = max(width * height, 1)
    sharp = min(MAX_SCALE, max(1.0, (SHARP_PIXELS / points) ** 0.5))
    return float(min(sharp, (MAX_PIXELS / points) ** 0.5))
