"""Splits a Dockerfile into instructions with dockerfile_parse; the only module that imports it.

dockerfile_parse differs from BuildKit: it has no heredocs, ends an instruction at a blank continuation
line, reads an escaped backslash as a continuation, counts lines from 0, and splits at white space that
BuildKit does not split at. So ``logical`` joins each instruction to one line with a mark at its end,
dockerfile_parse splits these lines into keyword and value, and the spans come from ``logical``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from dockerfile_parse import DockerfileParser

from stagegraph.dockerfile.flags import split_flags
from stagegraph.dockerfile.heredocs import Heredoc
from stagegraph.dockerfile.logical import Logical, Reader
from stagegraph.dockerfile.words import SPACE, keyword_and_rest
from stagegraph.errors import DockerfileError
from stagegraph.source import Source, Span

_END = "\0"  # so that a backslash at the end is not a continuation, and trailing space stays
_PLAIN_KEYWORD = re.compile(r"[A-Za-z]+(?:[ \t]|\Z)")


class Line(NamedTuple):
    """One instruction, split: ``keyword`` in lower case, ``flags`` unparsed, ``rest`` the arguments."""

    keyword: str
    flags: tuple[str, ...]
    rest: str
    logical: Logical

    @property
    def text(self) -> str:
        """The whole instruction on one line, as BuildKit prints it."""
        return self.logical.text.strip(SPACE)

    @property
    def span(self) -> Span:
        """Where it is in the file."""
        return self.logical.span

    @property
    def comments(self) -> tuple[str, ...]:
        """The comments right above it."""
        return self.logical.comments

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        """The heredocs that it opens."""
        return self.logical.heredocs


class Lines(NamedTuple):
    """The instructions of a file up to the first error in its lines, which is ``error``."""

    lines: tuple[Line, ...]
    escape: str
    error: DockerfileError | None


def read_lines(source: Source) -> Lines:
    """Split ``source`` into instructions.

    The error is returned, not raised: an earlier instruction can have one of its own, and BuildKit
    reports the first.
    """
    reader = Reader(source)
    error = reader.read_all()
    return Lines(lines=tuple(_split(reader.instructions)), escape=reader.escape, error=error)


def _split(instructions: Sequence[Logical]) -> list[Line]:
    text = "".join(f"{logical.text} {_END}\n" for logical in instructions)
    structure = DockerfileParser(fileobj=BytesIO(text.encode("utf-8", "replace"))).structure
    heads = {item["startline"]: item for item in structure}
    return [_line(logical, heads.get(number)) for number, logical in enumerate(instructions)]


def _line(logical: Logical, head: dict[str, str] | None) -> Line:
    if head is not None and _PLAIN_KEYWORD.match(logical.text):
        written, rest = logical.text[: len(head["instruction"])], head["value"].removesuffix(_END)
    else:
        written, rest = keyword_and_rest(logical.text)
    return line_of(logical, written, rest)


def line_of(logical: Logical, written: str, rest: str) -> Line:
    """The Line of ``logical``, whose keyword is ``written``, followed by ``rest``."""
    flags, arguments = split_flags(rest)
    return Line(keyword=written.lower(), flags=tuple(flags), rest=arguments.strip(SPACE), logical=logical)
