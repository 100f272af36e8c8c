"""The curve of each link of a Mermaid diagram: another one where the usual one would run through a box.

Mermaid leads a link from the side of its box if its next point is far aside, and a box beside it is then in
its way. The lines are worked out as Mermaid draws them, for letters of several widths, since the font of the
reader is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from stagegraph.formats.dagre_order import Layered
from stagegraph.formats.dagre_ranks import tight_ranks
from stagegraph.formats.mermaid_paths import DrawnLinks
from stagegraph.formats.mermaid_size import (
    MOST_BOXES,
    RANK_SPACING,
    boxes_and_links,
    is_across,
    is_small,
    size_of,
)
from stagegraph.formats.mermaid_style import count_links
from stagegraph.picture.legibility import is_legible
from stagegraph.picture.view import Picture

_LETTERS = (1.055, 0.98, 1.13)  # widths, compared with those of Arial
_SPACINGS = (RANK_SPACING, 45, 60)  # pixels between ranks
_INSIDE, _BESIDE = 1.0, -3.0  # pixels inside a box from which on a line runs through it; and its distance
_FEW = 3  # links with other curves; for more, ranks further apart may be better
_CURVES = ("stepBefore", "stepAfter", "linear")  # in the order of their looks
_TURNED = MappingProxyType({"stepBefore": "stepAfter", "stepAfter": "stepBefore"})


class Lines(Struct, frozen=True, kw_only=True):
    """How the links of a diagram are drawn."""

    spacing: int = RANK_SPACING  # pixels between ranks
    curves: Mapping[int, str] = MappingProxyType({})  # by the number of a link, where it is not the usual one
    struck: int = 0  # links that run through a box whatever their curve
    shared: int = 0  # links that lie on another one for a part of their way

    @property
    def cost(self) -> int:
        """How bad they look."""
        return 100 * self.struck + 10 * self.shared + len(self.curves)


USUAL = Lines()


def lines_of(drawn: Picture) -> Lines:
    """The curves with which no link of ``drawn`` runs through a box, or the best ones that there are.

    Without frames: Mermaid lays these out in another way. Ranks are further apart where that saves curves,
    as long as the diagram can be read.
    """
    best = USUAL
    if drawn.groups or not 0 < len(drawn.boxes) <= MOST_BOXES:
        return best
    for number, lines in enumerate(_by_spacing(drawn)):
        best = min(best, lines, key=lambda each: each.cost) if number else lines
        if best.cost <= _FEW:
            break
    return best


def _by_spacing(drawn: Picture) -> Iterator[Lines]:
    sizes, links = boxes_and_links(drawn)
    ranks = tight_ranks(len(sizes), links)
    if not is_small(ranks, links):
        return
    layered = Layered(ranks, links)  # the widths of letters do not change it
    for spacing in _SPACINGS:
        drawings = [DrawnLinks(drawn, layered, letters, spacing / 2) for letters in _LETTERS]
        if spacing != RANK_SPACING and not is_legible(*size_of(drawn, drawings[0].layout)):
            return
        yield _chosen(drawings, count_links(drawn), spacing, turned=is_across(drawn))


def _chosen(drawings: Sequence[DrawnLinks], count: int, spacing: int, *, turned: bool) -> Lines:
    """The curves of the first ``count`` links, which are visible."""
    curves: dict[int, str] = {}
    struck = shared = 0
    for link in range(count):
        if any(drawing.struck(link, "bump", _INSIDE) for drawing in drawings):
            clear = _clear(drawings, link)
            alone = [curve for curve in clear if not drawings[0].shares(link, curve, curves)]
            struck += not clear
            shared += bool(clear) and not alone
            if clear:
                curves[link] = (alone or clear)[0]
    if turned:
        curves = {link: _TURNED.get(curve, curve) for link, curve in curves.items()}
    return Lines(spacing=spacing, curves=curves, struck=struck, shared=shared)


def _clear(drawings: Sequence[DrawnLinks], link: int) -> list[str]:
    """The curves with which a link keeps its distance from boxes, or else those that run through none."""
    for inside in (_BESIDE, _INSIDE):
        clear = [curve for curve in _CURVES if not any(each.struck(link, curve, inside) for each in drawings)]
        if clear:
            return clear
    return []


def curve_lines(curves: Mapping[int, str]) -> Iterator[str]:
    """The lines of a diagram that name the curves of its links."""
    links_of: dict[str, list[str]] = {}
    for link, curve in sorted(curves.items()):
        links_of.setdefault(curve, []).append(str(link))
    for curve, links in sorted(links_of.items()):
        yield f"  linkStyle {','.join(links)} interpolate {curve}"
