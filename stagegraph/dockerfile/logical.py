"""Physical lines to logical ones: continuations joined, comments and heredoc bodies set apart.

Rules: moby/buildkit frontend/dockerfile/parser/parser.go, Parse.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from stagegraph.dockerfile.expand import ExpansionError
from stagegraph.dockerfile.flags import split_flags
from stagegraph.dockerfile.heredocs import Heredoc, heredocs_of_line
from stagegraph.dockerfile.mounts import FALSE, TRUE
from stagegraph.dockerfile.whitespace import BETWEEN_WORDS, SPACE
from stagegraph.dockerfile.words import is_json_list
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


_DIRECTIVE = re.compile(r"([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*\Z")
_NAMES = frozenset({"syntax", "escape", "check"})


class DirectiveError(ValueError):
    """A directive is given twice, or the escape character is none of the two."""


class Directives:
    """Reads directives line by line until the first line that is none."""

    def __init__(self) -> None:
        self.escape = "\\"
        self.values: dict[str, str] = {}
        self.done = False  # a line that is none was met: no directive counts after it

    def read(self, line: str) -> bool:
        """Whether ``line``, stripped at its left and of its end, is a directive that counts."""
        if self.done:
            return False
        match = _DIRECTIVE.match(line[1:].lstrip(SPACE)) if line.startswith("#") else None
        name = match[1].lower() if match else ""
        if match is None or name not in _NAMES:
            self.done = True
            return False
        self._set(name, match[2])
        return True

    def _set(self, name: str, value: str) -> None:
        if name in self.values:
            raise DirectiveError(f"the {name} directive is given twice")
        self.values[name] = value
        if name == "escape":
            if value not in ("\\", "`"):
                raise DirectiveError(f"the escape character must be \\ or `, not {value}")
            self.escape = value
        elif name == "check":
            _check_options(value)


def _check_options(text: str) -> None:
    """Raise a DirectiveError for what is no setting of BuildKit's checks (linter.go, ParseLintOptions)."""
    for option in text.strip(SPACE).split(";", 1):
        name, equals, value = (part.strip(SPACE) for part in option.partition("="))
        if not equals or name not in ("skip", "error", "experimental"):
            raise DirectiveError(f"the check directive has no option {name or option}")
        if name == "error" and value not in TRUE | FALSE:
            raise DirectiveError(f"error of the check directive is true or false, not {value}")


_OPENS_HEREDOC = frozenset({"run", "copy", "add"})


class Logical(NamedTuple):
    """One instruction as BuildKit joins it."""

    text: str
    span: Span
    comments: tuple[str, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()


class Reader:
    """Reads one Dockerfile; ``escape`` is known once the first instruction is."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.directives = Directives()
        self._lines = physical_lines(source)
        self._number = 0
        self.found: list[Logical] = []
        self._comments: list[str] = []

    @property
    def escape(self) -> str:
        """The escape character: a backslash unless the file says a backtick."""
        return self.directives.escape

    def read_all(self) -> DockerfileError | None:
        """Fill ``found``; the first fault of lines or heredocs ends the reading and is returned."""
        try:
            while self._number < len(self._lines):
                self._one()
        except DockerfileError as error:
            return error
        return None

    def _one(self) -> None:
        """Read one instruction, comment or blank line."""
        raw = self._take()
        start = self._number
        text = raw.rstrip("\r\n")
        if text[:1] in SPACE:
            text = text.lstrip(SPACE)
        is_directive = not self.directives.done and self._directive(text)
        if not text:
            return
        if text[0] == "#":
            if not is_directive:
                self._comment(raw[1:].strip(SPACE))
            return
        text, ended = self._without_continuation(text)
        if text or not ended:
            self.found.append(self._whole(text if ended else self._joined(text), start))
            self._comments = []

    def _comment(self, text: str) -> None:
        """Keep a comment for the instruction below it; an empty one parts that from what is above."""
        if text:
            self._comments.append(text)
        else:
            self._comments = []

    def _take(self) -> str:
        line = self._lines[self._number]
        self._number += 1
        if len(line) > SURE_CHARACTERS:
            check_length(self.source, line, self._number)
        return line

    def _directive(self, text: str) -> bool:
        try:
            return self.directives.read(text)
        except DirectiveError as error:
            raise self._error(str(error), self._number) from None

    def _without_continuation(self, text: str) -> tuple[str, bool]:
        """``text`` less its continuation character, and whether the instruction ends here."""
        trimmed = text.rstrip(" \t")
        escape = self.directives.escape
        if trimmed[-1:] == escape and trimmed[-2:-1] != escape:
            return trimmed[:-1], False
        return text, True

    def _joined(self, first: str) -> str:
        parts, ended = [first], False
        while not ended and self._number < len(self._lines):
            raw = self._take().rstrip("\r\n")
            stripped = raw.lstrip(SPACE)
            if stripped and not stripped.startswith("#"):
                part, ended = self._without_continuation(raw)
                parts.append(part)
        return "".join(parts)

    def _whole(self, text: str, start: int) -> Logical:
        end = self._number
        heredocs: tuple[Heredoc, ...] = ()
        if "<<" in text and _can_open_heredoc(text):
            heredocs = tuple(self._body(heredoc, start, end) for heredoc in self._opened(text, start))
        return Logical(text, Span(start, self._number), tuple(self._comments), heredocs)

    def _opened(self, text: str, start: int) -> list[Heredoc]:
        try:
            return heredocs_of_line(text)
        except ExpansionError as error:
            raise self._error(f"a heredoc cannot be read: {error}", start) from None

    def _body(self, heredoc: Heredoc, start: int, end: int) -> Heredoc:
        content: list[str] = []
        while self._number < len(self._lines):
            raw = self._take()
            line = raw.rstrip("\r\n")
            if (line.lstrip("\t") if heredoc.chomp else line) == heredoc.name:
                return Heredoc(
                    name=heredoc.name, expand=heredoc.expand, chomp=heredoc.chomp, content="".join(content)
                )
            content.append(raw)
        raise self._unterminated(heredoc, start, end)

    def _unterminated(self, heredoc: Heredoc, start: int, end: int) -> DockerfileError:
        column = self.source.line_at(start).find("<<") + 1
        length = len(heredoc.name) + 2 if column else 0
        span = Span(line=start, end_line=end, column=max(column, 1), length=length)
        return DockerfileError(
            f"the heredoc {heredoc.name} is never ended",
            source=self.source,
            span=span,
            hint=f"put a line that is only {heredoc.name} after its text",
        )

    def _error(self, message: str, line: int) -> DockerfileError:
        return DockerfileError(
            message, source=self.source, span=Span(line=line, end_line=max(line, self._number))
        )


def _can_open_heredoc(text: str) -> bool:
    """RUN, COPY and ADD in shell form, and ONBUILD of those."""
    keyword, rest = _keyword(text)
    if keyword == "onbuild":
        keyword, rest = _keyword(_without_flags(rest))
    return keyword in _OPENS_HEREDOC and not is_json_list(_without_flags(rest))


def _keyword(text: str) -> tuple[str, str]:
    parts = BETWEEN_WORDS.split(text.strip(SPACE), maxsplit=1)
    return parts[0].lower(), parts[1] if len(parts) == 2 else ""


def _without_flags(text: str) -> str:
    return split_flags(text)[1]
