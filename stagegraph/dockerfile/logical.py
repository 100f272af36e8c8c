"""Reads lines as BuildKit does: directives, continuations, comments, heredoc bodies.

Rules: moby/buildkit frontend/dockerfile/parser/parser.go, Parse, and directives.go.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

from stagegraph.dockerfile.expand import ExpansionError
from stagegraph.dockerfile.flags import split_flags
from stagegraph.dockerfile.heredocs import Heredoc, ends, heredocs_of_line
from stagegraph.dockerfile.mounts import FALSE, TRUE
from stagegraph.dockerfile.words import SPACE, is_json_list, keyword_and_rest
from stagegraph.errors import DockerfileError, InputError
from stagegraph.source import Source, Span

MAX_BYTES = 4 * 1024 * 1024  # a thousand times an ordinary Dockerfile
MAX_LINE_BYTES = 65_535  # bufio.MaxScanTokenSize - 1
SURE_CHARACTERS = MAX_LINE_BYTES // 4  # no line of so few has too many bytes
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_DIRECTIVE = r"([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*\Z"
_DIRECTIVES = frozenset({"syntax", "escape", "check"})
_OPENS_HEREDOC = frozenset({"run", "copy", "add"})


def source_from_bytes(data: bytes, name: str) -> Source:
    """``data`` as a Source; InputError if it cannot be the text of a Dockerfile.

    Bytes that are not UTF-8 become U+FFFD, as in BuildKit's expansion.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"the file is too large for a Dockerfile: {len(data):,} bytes, the limit is {MAX_BYTES:,}",
            source=Source(name=name, text=""),
            hint="check that this is the right file",
        )
    if data[:2] in _UTF16_MARKS:
        raise InputError(
            "the file is UTF-16, but BuildKit reads UTF-8",
            source=Source(name=name, text=""),
            hint="save it as UTF-8",
        )
    return Source(name=name, text=data.decode("utf-8", "replace"))


def physical_lines(source: Source) -> list[str]:
    """The lines of ``source`` with their ends, the byte-order mark dropped.

    BuildKit's scanner stops at a line over 65,535 bytes: the caller asks ``check_length``.
    """
    text = source.text.removeprefix("\ufeff")
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def check_length(source: Source, line: str, number: int) -> None:
    """Raise a DockerfileError if line ``number`` is longer than BuildKit's scanner accepts."""
    if _bytes(line.removesuffix("\n")) > MAX_LINE_BYTES:
        raise DockerfileError(
            f"the line is longer than {MAX_LINE_BYTES:,} bytes, the limit of BuildKit",
            source=source,
            span=Span(line=number, end_line=number),
            hint="split it with a continuation, or copy a script into the build",
        )


def _bytes(line: str) -> int:
    """The length of ``line`` in bytes; a U+FFFD was one invalid byte."""
    return len(line.encode("utf-8", "surrogatepass")) - 2 * line.count("\ufffd")


class DirectiveError(ValueError):
    """A directive is given twice or has an invalid value."""


class Directives:
    """Parser directives, read line by line up to the first line that is not one."""

    def __init__(self) -> None:
        self.escape = "\\"
        self.values: dict[str, str] = {}
        self.done = False  # after another line, directives no longer count

    def read(self, line: str) -> bool:
        """Whether ``line``, without white space at its start and end, is a directive that counts."""
        if self.done:
            return False
        match = re.match(_DIRECTIVE, line[1:].lstrip(SPACE)) if line.startswith("#") else None
        name = match[1].lower() if match else ""
        if match is None or name not in _DIRECTIVES:
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


def frontend(text: str) -> str:
    """The image that the syntax directive names, which reads the file; empty for BuildKit's own frontend.

    Rules: moby/buildkit frontend/dockerfile/parser/directives.go, ParseDirective.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[0].startswith("#!"):
        lines = lines[1:]
    for mark in ("#", "//"):
        directives = Directives()
        with suppress(DirectiveError):
            for line in (one.strip(SPACE) for one in lines):
                if not line.startswith(mark) or not directives.read("#" + line[len(mark) :]):
                    break
        if value := directives.values.get("syntax", ""):
            return value.split(" ", 1)[0]
    return ""


def other_frontend(text: str) -> str:
    """The frontend of ``text`` if it is not Docker's: it reads the file by its own rules; else empty.

    Docker's are docker/dockerfile, docker/dockerfile-upstream and mirrors of them.
    """
    name = frontend(text)
    image = name.partition("@")[0].rpartition("/")[2].partition(":")[0]
    own = r"(?:.*[._-])?dockerfile(?:-(?:upstream|labs|experimental|frontend|mirror))?"
    return "" if not name or re.fullmatch(own, image, re.IGNORECASE) else name


def _check_options(text: str) -> None:
    """Raise a DirectiveError for an invalid ``# check=`` (linter.go, ParseLintOptions)."""
    for option in text.strip(SPACE).split(";", 1):
        name, equals, value = (part.strip(SPACE) for part in option.partition("="))
        if not equals or name not in ("skip", "error", "experimental"):
            raise DirectiveError(f"unknown option {name or option} in the check directive")
        if name == "error" and value not in TRUE | FALSE:
            raise DirectiveError(f"error in the check directive must be true or false, not {value}")


class Logical(NamedTuple):
    """One instruction as BuildKit joins it."""

    text: str
    span: Span
    comments: tuple[str, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()


class Reader:
    """Reads one Dockerfile; ``escape`` is final after the first instruction."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.directives = Directives()
        self._lines = physical_lines(source)
        self._number = 0
        self.instructions: list[Logical] = []
        self._comments: list[str] = []

    @property
    def escape(self) -> str:
        """The escape character: a backslash, or a backtick if the file sets it."""
        return self.directives.escape

    def read_all(self) -> DockerfileError | None:
        """Fill ``instructions``; return the first error in lines or heredocs, which ends the reading."""
        try:
            while self._number < len(self._lines):
                self._one()
        except DockerfileError as error:
            return error
        return None

    def _one(self) -> None:
        """Read one instruction, comment or blank line."""
        raw = self._take()
        text = raw.rstrip("\r\n")
        if text[:1] in SPACE:
            text = text.lstrip(SPACE)
        if not self.directives.done and self._directive(text):
            return
        if text[:1] == "#":
            self._comment(raw[1:].strip(SPACE))
        elif text:
            self._instruction(text)

    def _instruction(self, text: str) -> None:
        start, ended = self._number, True
        if text[-1] in " \t" or text[-1] == self.directives.escape:
            text, ended = self._without_continuation(text)
        if not ended:
            text = self._joined(text)
        heredocs = self._heredocs(text, start) if "<<" in text else ()
        self.instructions.append(Logical(text, Span(start, self._number), tuple(self._comments), heredocs))
        self._comments = []

    def _comment(self, text: str) -> None:
        """Keep a comment for the instruction below it; an empty comment drops those above."""
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
        """``text`` without its continuation character, and whether the instruction ends here."""
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

    def _heredocs(self, text: str, start: int) -> tuple[Heredoc, ...]:
        end = self._number
        if not _can_open_heredoc(text):
            return ()
        return tuple(self._body(heredoc, start, end) for heredoc in self._opened(text, start))

    def _opened(self, text: str, start: int) -> list[Heredoc]:
        try:
            return heredocs_of_line(text)
        except ExpansionError as error:
            raise self._error(f"invalid heredoc: {error}", start) from None

    def _body(self, heredoc: Heredoc, start: int, end: int) -> Heredoc:
        content: list[str] = []
        while self._number < len(self._lines):
            raw = self._take()
            if ends(heredoc, raw.rstrip("\r\n")):
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
            f"the heredoc {heredoc.name} has no end",
            source=self.source,
            span=span,
            hint=f"add a line with only {heredoc.name} after its text",
        )

    def _error(self, message: str, line: int) -> DockerfileError:
        return DockerfileError(
            message, source=self.source, span=Span(line=line, end_line=max(line, self._number))
        )


def _can_open_heredoc(text: str) -> bool:
    """Whether ``text`` is RUN, COPY or ADD in shell form, or ONBUILD of one of them."""
    keyword, rest = keyword_and_rest(text)
    if keyword.lower() == "onbuild":
        keyword, rest = keyword_and_rest(_without_flags(rest))
    return keyword.lower() in _OPENS_HEREDOC and not is_json_list(_without_flags(rest))


def _without_flags(text: str) -> str:
    return split_flags(text)[1]
