"""A page as text, its lines byte for byte, and what a page language must be able to read and write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from stagegraph.errors import InputError
from stagegraph.source import Source

MAX_BYTES = 4 * 1024 * 1024
_UTF8_MARK = b"\xef\xbb\xbf"
_ENCODINGS = {_UTF8_MARK: "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ERRORS = {"utf-8": "surrogateescape", "utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}


class Comment(NamedTuple):
    """A comment of a page; its lines count from 0, and ``end`` is exclusive."""

    text: str
    start: int
    end: int
    depth: int  # how many lists and quotes it is in, as the parser counts them
    alone: bool  # whether it can be a marker: its lines hold nothing else


class PageLanguage(Struct, frozen=True, kw_only=True):
    """How one language writes comments, headings and the parts of a diagram."""

    name: str
    suffixes: tuple[str, ...]
    comment: tuple[str, str]  # what is before and after the text of a marker
    openings: tuple[str, ...]  # what a marker that is read can begin with
    not_alone: tuple[str, str] = ("a marker must be alone on its line", "move the other text")
    comments: Callable[[str, str], Iterator[Comment]]  # those in a text that contain a word
    heading: Callable[[str, str], tuple[str, ...]]  # the lines that add a heading to a text
    heading_end: Callable[[str, str], int | None]  # the line (from 0) after the first such heading
    escaped: Callable[[str], str]
    mermaid: Callable[[Iterable[str], str, str], Iterator[str]]  # of lines, with a dialect and a title
    image: Callable[[str, str, str], Iterator[str]]  # of a path, with words for it, in a text
    table: Callable[[Sequence[tuple[str, str]]], Iterator[str]]  # the first row is the head
    collapsed: Callable[[str, Iterable[str]], Iterator[str]] | None  # lines below a summary
    mermaid_needs: str = ""  # the extension that draws Mermaid; if one is needed, the default is a picture
    dialects: Mapping[str, str] = {}  # of Mermaid, in place of others

    def marker(self, text: str) -> str:
        """A comment on one line."""
        return text.join(self.comment)

    @property
    def default_format(self) -> str:
        """What a block shows unless its marker says otherwise."""
        return "svg" if self.mermaid_needs else "mermaid"

    @property
    def end_marker(self) -> str:
        """The marker that ends a block."""
        return self.marker("/stagegraph")


class PageText(Struct, frozen=True, kw_only=True):
    """The lines of a page with their line ends; invalid bytes are kept as lone surrogates."""

    source: Source
    language: PageLanguage
    mark: bytes  # the byte-order mark
    encoding: str
    lines: tuple[str, ...]

    @property
    def is_valid(self) -> bool:
        """Whether every byte is valid in ``encoding``, so that any character can be added."""
        return not any("\ud800" <= char <= "\udfff" for char in self.source.text)

    def encoded(self, lines: Iterable[str]) -> bytes:
        """``lines`` as the bytes of a file with the byte-order mark and encoding of this one."""
        return self.mark + "".join(lines).encode(self.encoding, _ERRORS[self.encoding])


def page_from_bytes(data: bytes, name: str, language: PageLanguage) -> PageText:
    """Decodes ``data``; InputError, which calls it ``name``, if it is too large or damaged UTF-16."""
    if len(data) > MAX_BYTES:
        raise InputError(
            f"this file is larger than {MAX_BYTES:,} bytes",
            source=Source(name=name, text=""),
            hint="split it into smaller files",
        )
    mark = next((mark for mark in _ENCODINGS if data.startswith(mark)), b"")
    encoding = _ENCODINGS.get(mark, "utf-8")
    try:
        text = data[len(mark) :].decode(encoding, _ERRORS[encoding])
    except UnicodeDecodeError:
        raise InputError(
            "this file has a UTF-16 mark but is not UTF-16",
            source=Source(name=name, text=""),
            hint="save it as UTF-8",
        ) from None
    # the line ends of CommonMark: str.splitlines knows more
    lines = tuple(re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text))
    shown = tuple(line.rstrip("\r\n") for line in lines)
    return PageText(
        source=Source(name=name, text=text, lines=shown),
        language=language,
        mark=mark,
        encoding=encoding,
        lines=lines,
    )


def line_end(line: str) -> str:
    """The line end of ``line``, or an empty string."""
    return line[len(line.rstrip("\r\n")) :]


def text_lines(text: str) -> list[str]:
    """The lines of ``text`` without their ends, numbered as in ``PageText.lines``."""
    return re.split(r"\r\n?|\n", text)
