"""The letters of PNG and PDF: Arimo, as wide as Arial, out of a package and not out of the system."""

from __future__ import annotations

from pathlib import Path

from stagegraph.errors import RenderError

FAMILY = "Arimo"


def font_file() -> Path:
    """The file of the family, which holds its regular and its bold letters.

    Raises RenderError where its package is missing: a machine may have no fonts at all, and a program
    that draws without them leaves out all text and says nothing.
    """
    try:
        import fontpkg
    except ImportError:
        raise _missing() from None
    try:
        return Path(fontpkg.path(FAMILY))
    except fontpkg.FontpkgError:
        raise _missing() from None


def in_package_font(svg: str) -> str:
    """``svg`` with the family of the package before those that a system may have."""
    return svg.replace("font-family:Arial,", f"font-family:{FAMILY},Arial,", 1)


def _missing() -> RenderError:
    return RenderError(f"there is no font {FAMILY} to write with", hint="pip install fontpkg-arimo")
