"""A Markdown file as lines, and back to the same bytes: encoding, byte-order mark, line ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from stagegraph.errors import InputError
from stagegraph.source import Source

MAX_BYTES = 4 * 1024 * 1024  # a book; what is longer is no page that people read
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")  # the line ends of CommonMark
_UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = {_UTF8_MARK: "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_KEPT = {"utf-8": "surrogateescape", "utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The lines of a file with their ends; bytes that are no text are kept as lone surrogates."""

    source: Source
    mark: bytes
    encoding: str
    lines: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """Whether every byte is text in ``encoding``, so that any letter can be written beside it."""
        return not any("\ud800" <= char <= "\udfff" for char in self.source.text)

    def encoded(self, lines: Iterable[str]) -> bytes:
        """``lines`` as bytes in the encoding of this file, its mark first."""
        return self.mark + "".join(lines).encode(self.encoding, _KEPT[self.encoding])


def document_from_bytes(data: bytes, name: str) -> Document:
    """``data`` as a Document; InputError when it is too long or no whole UTF-16."""
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{len(data):,} bytes are too many for a page; the limit is {MAX_BYTES:,}",
            source=Source(name=name, text=""),
        )
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    encoding = _MARKS.get(mark, "utf-8")
    try:
        text = data[len(mark) :].decode(encoding, _KEPT[encoding])
    except UnicodeDecodeError:
        raise InputError(
            "this file begins as UTF-16 and is not",
            source=Source(name=name, text=""),
            hint="save it as UTF-8",
        ) from None
    lines = tuple(_LINE.findall(text))
    shown = tuple(line.rstrip("\r\n") for line in lines)
    return Document(
        source=Source(name=name, text=text, lines=shown), mark=mark, encoding=encoding, lines=lines
    )


def end_of(line: str) -> str:
    """The line end that ``line`` has, or nothing."""
    return line[len(line.rstrip("\r\n")) :]
