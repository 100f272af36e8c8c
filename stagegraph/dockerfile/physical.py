"""Bytes to physical lines: encoding, byte-order mark, limits."""

from __future__ import annotations

from stagegraph.errors import DockerfileError, InputError
from stagegraph.source import Source, Span

MAX_BYTES = 4 * 1024 * 1024  # a thousand times an ordinary Dockerfile
MAX_LINE_BYTES = 65_535  # bufio.MaxScanTokenSize - 1
SURE_CHARACTERS = MAX_LINE_BYTES // 4  # no line of so few has too many bytes
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def source_from_bytes(data: bytes, name: str) -> Source:
    """``data`` as a Source; InputError when it is no text that BuildKit could read as a Dockerfile.

    Bytes that are not UTF-8 become U+FFFD, as BuildKit's expansion makes them.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{len(data):,} bytes are too many for a Dockerfile; the limit is {MAX_BYTES:,}",
            source=Source(name=name, text=""),
            hint="is this the right file?",
        )
    if data[:2] in _UTF16_MARKS:
        raise InputError(
            "this file is UTF-16, and BuildKit reads UTF-8",
            source=Source(name=name, text=""),
            hint="save it as UTF-8",
        )
    return Source(name=name, text=data.decode("utf-8", "replace"))


def physical_lines(source: Source) -> list[str]:
    """The lines of ``source`` with their ends, the byte-order mark dropped.

    A line over 65,535 bytes stops the reading there, as it stops BuildKit's scanner: the caller
    finds out through ``check_length``.
    """
    text = source.text.removeprefix("\ufeff")
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def check_length(source: Source, line: str, number: int) -> None:
    """Raise a DockerfileError when line ``number`` is longer than BuildKit's scanner takes."""
    if _bytes(line.removesuffix("\n")) > MAX_LINE_BYTES:
        raise DockerfileError(
            f"this line is longer than {MAX_LINE_BYTES:,} bytes, the most that BuildKit reads",
            source=source,
            span=Span(line=number, end_line=number),
            hint="break it with a continuation, or copy a script into the build",
        )


def _bytes(line: str) -> int:
    """How long ``line`` was as bytes; a character that was none stands for one byte."""
    return len(line.encode("utf-8", "surrogatepass")) - 2 * line.count("\ufffd")
