"""How wide a text is in Arial, without a font: the layout is the same on every machine."""

from __future__ import annotations

import unicodedata
from types import MappingProxyType

# Advance widths in thousandths of the size, from the font Arimo, which is as wide as Arial.
_REGULAR = {
    191: "'", 222: "ijl‘’", 260: "|", 278: " !,./:;I[\\]ft", 333: "()-`r“”·", 334: "{}", 355: '"', 389: "*",
    469: "^", 500: "Jcksvxyz", 556: "#$0123456789?L_abdeghnopqu–", 549: "±", 584: "+<=>~−", 611: "FTZ",
    667: "&ABEKPSVXY", 722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1000: "—…→", 1015: "@",
}  # fmt: skip
_BOLD = {
    238: "'", 278: " ,./I\\ijl‘’", 280: "|", 333: "!()-:;[]`ft·", 389: "*r{}", 474: '"', 500: "z“”",
    556: "#$0123456789J_aceksvxy–", 549: "±", 584: "+<=>^~−", 611: "?FLTZbdghnopqu", 667: "EPSVXY",
    722: "&ABCDHKNRU", 778: "GOQw", 833: "M", 889: "%m", 944: "W", 975: "@", 1000: "—…→",
}  # fmt: skip
_WIDE = 1050  # of a Chinese letter or an emoji in the fonts that systems have
_OTHER = 780  # of a letter of any other script, rather more than less
_NO_WIDTH = ("Mn", "Me", "Cf")


def _by_letter(widths: dict[int, str]) -> MappingProxyType[str, int]:
    return MappingProxyType({letter: width for width, letters in widths.items() for letter in letters})


WIDTHS = MappingProxyType({False: _by_letter(_REGULAR), True: _by_letter(_BOLD)})


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line in pixels at ``size`` pixels; exact where ``is_measured``, else generous."""
    table = WIDTHS[bold]
    return sum(table.get(letter) or _width_of(letter, bold) for letter in text) * size / 1000


def is_measured(text: str) -> bool:
    """Whether the width of every letter of ``text`` is known."""
    table = WIDTHS[False]
    return all(letter in table for letter in text)


def _width_of(letter: str, bold: bool) -> int:
    if unicodedata.category(letter) in _NO_WIDTH:
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return _WIDE
    plain = unicodedata.normalize("NFD", letter)[0]  # an accent makes no letter wider
    return WIDTHS[bold].get(plain, _OTHER)
