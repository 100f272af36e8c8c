"""The lines of text in a picture, and the sizes of boxes, labels and frames in pixels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import NamedTuple

from stagegraph.model import BUILT, NodeKind
from stagegraph.picture.theme import MARKED, style_name
from stagegraph.picture.view import Arrow, Box, Group, Picture
from stagegraph.source import printable

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
NAME, SMALL, LABEL = 13.0, 10.5, 10.5  # sizes of letters
MARK = 16.0  # width of the mark of a role, to the left of a name
_ABOVE = {NodeKind.IMAGE: 6.0, NodeKind.CONTEXT: 5.0, NodeKind.NAMED_CONTEXT: 5.0}  # rim or tab of a shape
_SIDE, _TOP = 12.0, 8.0
_NARROWEST = 64.0
_BAND = 22.0  # height of the title band of a frame
_TITLE = 16.0
_MOST_TITLE_LINES = 6
_MOST_TITLE_CHARACTERS = 2_000
_ELLIPSIS = "…"


def _by_letter(widths: dict[int, str]) -> MappingProxyType[str, int]:
    return MappingProxyType({letter: width for width, letters in widths.items() for letter in letters})


WIDTHS = MappingProxyType({False: _by_letter(_REGULAR), True: _by_letter(_BOLD)})


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line in pixels at ``size`` pixels; exact if ``is_measured``, else rounded up."""
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


class Line(NamedTuple):
    """One line of text."""

    text: str
    size: float
    bold: bool = False

    @property
    def width(self) -> float:
        """The width of its letters."""
        return text_width(self.text, self.size, bold=self.bold)

    @property
    def height(self) -> float:
        """The distance to the top of the next line."""
        return self.size * 1.32


class Size(NamedTuple):
    """Width and height."""

    width: float
    height: float


def box_lines(box: Box) -> list[Line]:
    """The lines of a box: its name, and the smaller lines below it."""
    if box.kind is None:
        return [Line(text=box.label, size=11.5), *_small(box.sublabel)]
    bold = box.kind in BUILT
    return [Line(text=box.label, size=NAME, bold=bold), *_small(box.sublabel)]


def box_size(box: Box) -> Size:
    """The size of a box."""
    lines = box_lines(box)
    widest = max([lines[0].width + mark_room(box), *(line.width for line in lines[1:])])
    small = box.kind is None
    return Size(
        width=max(widest + (1.6 if small else 2) * _SIDE, _NARROWEST),
        height=text_height(lines) + (1.5 if small else 2) * _TOP + above(box),
    )


def box_sizes(drawn: Picture) -> dict[str, Size]:
    """The size of each box by its id.

    The steps of a stage have one width: that of the widest, or of the title where it stands above them.
    """
    sizes = {box.id: box_size(box) for box in drawn.boxes}
    boxes = drawn.grouped()
    for group in (group for group in drawn.groups if group.chain):
        own = [sizes[box.id] for box in boxes[group.id]]
        titles = [band_size(group)] if drawn.direction in ("TB", "BT") else []
        widest = max(size.width for size in (*own, *titles))
        sizes |= {box.id: Size(widest, sizes[box.id].height) for box in boxes[group.id]}
    return sizes


def band_size(group: Group) -> Size:
    """The size of the title band of a frame."""
    return Size(width=frame_line(group).width + frame_mark(group) + 2 * _TOP, height=_BAND)


def above(box: Box) -> float:
    """The height of the rim or tab above the text of a box."""
    return _ABOVE.get(box.kind, 0.0) if box.kind else 0.0


def mark_room(box: Box) -> float:
    """The width of the role mark in a box, or 0."""
    return MARK if box.kind is not None and style_name(box) in MARKED else 0.0


def label_lines(arrow: Arrow) -> list[Line]:
    """The lines of the label of an arrow."""
    return [Line(text=text, size=LABEL) for text in arrow.label.split("\n")] if arrow.label else []


def label_size(lines: Sequence[Line]) -> Size:
    """The size of the label of an arrow, with a margin."""
    return Size(width=max(line.width for line in lines) + 8, height=text_height(lines) + 3)


def frame_line(group: Group) -> Line:
    """The title line of the frame of a stage."""
    return Line(text=group.label, size=12.0, bold=True)


def title_lines(title: str, room: float) -> list[Line]:
    """The title of a picture in lines of at most ``room`` pixels; what is after the sixth is cut."""
    shown = printable(title)[:_MOST_TITLE_CHARACTERS]
    lines = [Line(text=text, size=_TITLE, bold=True) for text in _wrapped(shown, room)]
    if len(lines) <= _MOST_TITLE_LINES:
        return lines
    last = lines[_MOST_TITLE_LINES - 1]
    return [*lines[: _MOST_TITLE_LINES - 1], last._replace(text=f"{last.text[:-1].rstrip()}{_ELLIPSIS}")]


def _wrapped(text: str, room: float) -> Iterator[str]:
    """``text`` in bold lines of ``room``, broken between words; a word that is longer is broken inside."""
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if _title_width(joined) <= room:
            line = joined
            continue
        if line:
            yield line
        *full, line = _pieces(word, room)
        yield from full
    if line:
        yield line


def _pieces(word: str, room: float) -> list[str]:
    """``word`` in pieces of at most ``room`` pixels, at least one character each."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and _title_width(pieces[-1] + letter) > room:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _title_width(text: str) -> float:
    return text_width(text, _TITLE, bold=True)


def frame_mark(group: Group) -> float:
    """The width of the role mark in a frame, or 0."""
    return MARK if style_name(group) in MARKED else 0.0


def text_height(lines: Sequence[Line]) -> float:
    """The height of a block of lines."""
    return sum(line.height for line in lines)


def _small(text: str) -> list[Line]:
    return [Line(text=line, size=SMALL) for line in text.split("\n")] if text else []
