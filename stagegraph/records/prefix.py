"""Finds the lines of ``--progress=plain`` in a log, whatever another program wrote before each of them.

CI systems, docker compose, kubectl and others put a time, the name of a job or of a container before each
line. The prefix is detected from the lines themselves: without its times it is the same in all lines of a
build. Lines with different prefixes are different streams.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from msgspec import Struct, field

_LONGEST_PREFIX = 300  # characters
_OPENING_WITHIN = 2 * _LONGEST_PREFIX  # bytes
_MOST_NUMBERS = 8  # in a line that are tried
_MOST_PREFIXES = 1000
_ENOUGH = 32  # lines of one shape that show which of its numbers count up
_FEWEST_VALUES = 3  # of a number that counts up
_MOST_LINES_OF_VALUE = 4  # on average

_NUMBER = re.compile(r"#(?<![\w#&/'\"`(]#)(\d{1,6}) ")
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours and cursor
    r"|[\]_P^][^\x07\x1b]*(?:\x07|\x1b\\)"  # commands with text, such as the times of Buildkite
    r"|[@-Z\\-_])?"
)
_CLOCK = re.compile(
    r"(?<![\w.-])(?:"
    r"(?:\d{4}[-/.]\d\d[-/.]\d\d[T ]|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?)?"
    r"\d{1,4}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[AP]M|[+-]\d\d:?\d\d))?"
    r"(?: \d\d[OE]\+?(?= |\Z))?"  # GitLab names the stream after the time
    r"|\d{4}[-/.]\d\d[-/.]\d\d"
    r"|L?\d{1,6}:\d{1,6}s"
    r"|\d{1,6}[.,]\d{1,9}s?|(?:\d{1,3}h ?)?(?:\d{1,3}m ?)?\d{1,6}m?s|\d{9,20}"
    r")(?![\w.])"
)
_DIGITS = re.compile(r"\d+")
_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_SPACES = re.compile(r"\s+")
# What the first line of a vertex, or of a build, begins with: only such a line makes a prefix known.
_OPENING = re.compile(
    r"\[[^\]]{1,300}\] |building with |resolve image config for |docker-image://"
    r"|importing cache manifest |exporting (?:to|cache) "
)


class NumberedLine(NamedTuple):
    """One line ``#5 text`` of a log."""

    position: int  # of the line in the log, from 1
    prefix: str  # what is before the number
    number: int
    text: str


class _Form(NamedTuple):
    """What prefixes have in common that differ in their digits at most."""

    name: str  # without times, with single spaces, and 0 for each number
    numbers: tuple[tuple[int, int], ...]  # where the numbers are that do not belong to a time


class _Shape(Struct):
    """Prefixes that differ only in their numbers, each of which counts lines or names a job."""

    pending: list[tuple[list[str], NumberedLine]] = field(default_factory=list)
    counters: frozenset[int] | None = None  # positions of the numbers that count; None: not yet known


def is_opening(text: str) -> bool:
    """Whether ``text`` is the first line of a vertex that BuildKit names in a way of its own."""
    return bool(_OPENING.match(text))


def opens_a_log(line: bytes) -> bool:
    """Whether ``line`` has a number and the name of a vertex, perhaps behind a prefix."""
    if b"#" not in line:
        return False
    numbers = _NUMBER.finditer(without_escapes(line[:_OPENING_WITHIN].decode("utf-8", "replace")))
    return any(is_opening(number.string[number.end() :]) for number in islice(numbers, _MOST_NUMBERS))


def without_escapes(text: str) -> str:
    """``text`` without the escape sequences of a terminal."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def numbered_lines(lines: Iterable[bytes]) -> Iterator[tuple[str, NumberedLine]]:
    """Each numbered line of a log with the name of its stream: its prefix without times and counters.

    The lines of one stream are in order; those of different streams may not be.
    """
    finder = _StreamFinder()
    for position, line in enumerate(lines, 1):
        if b"#" in line:
            text = line.decode("utf-8", "replace").rstrip()
            if "\x1b" in text:
                text = without_escapes(text)
            match = _NUMBER.search(text, 0, _LONGEST_PREFIX)
            if match is None:
                continue
            if match.start():
                yield from finder.find(position, text, match)
            else:
                yield "", NumberedLine(position, "", int(match[1]), text[match.end() :])
    yield from finder.rest()


class _StreamFinder:
    def __init__(self) -> None:
        self._known = {""}  # the streams in which a step has begun
        self._shapes: dict[str, _Shape] = {}

    def find(
        self, position: int, text: str, match: re.Match[str] | None
    ) -> Iterable[tuple[str, NumberedLine]]:
        """The line ``text``, if it is one of a known stream or begins one, and those that waited for it.

        ``match`` is the first number in it.
        """
        for _ in range(_MOST_NUMBERS):
            if match is None:
                return ()
            prefix = text[: match.start()]
            line = NumberedLine(position, prefix, int(match[1]), text[match.end() :])
            form = _form(prefix.encode().translate(_ZEROS))
            if not form.numbers:
                if self._is_known(form.name, line.text):
                    return ((form.name, line),)
            elif shape := self._shape(form.name, line.text):
                return self._add(shape, form, line)
            match = _NUMBER.search(text, match.end(), _LONGEST_PREFIX)
        return ()

    def rest(self) -> Iterator[tuple[str, NumberedLine]]:
        """The lines that still wait for more of their shape."""
        for name, shape in self._shapes.items():
            yield from self._decided(name, shape)

    def _is_known(self, stream: str, text: str) -> bool:
        if stream not in self._known and len(self._known) < _MOST_PREFIXES and is_opening(text):
            self._known.add(stream)
        return stream in self._known

    def _shape(self, name: str, text: str) -> _Shape | None:
        shape = self._shapes.get(name)
        if shape is None and len(self._shapes) < _MOST_PREFIXES and is_opening(text):
            shape = self._shapes[name] = _Shape()
        return shape

    def _add(self, shape: _Shape, form: _Form, line: NumberedLine) -> Iterable[tuple[str, NumberedLine]]:
        numbers = [line.prefix[start:end] for start, end in form.numbers]
        if shape.counters is not None:
            return self._named(form.name, shape.counters, numbers, line)
        shape.pending.append((numbers, line))
        return self._decided(form.name, shape) if len(shape.pending) >= _ENOUGH else ()

    def _decided(self, name: str, shape: _Shape) -> Iterator[tuple[str, NumberedLine]]:
        pending, shape.pending = shape.pending, []
        if shape.counters is None:
            shape.counters = _counters(pending)
        for numbers, line in pending:
            yield from self._named(name, shape.counters, numbers, line)

    def _named(
        self, name: str, counters: frozenset[int], numbers: Sequence[str], line: NumberedLine
    ) -> Iterable[tuple[str, NumberedLine]]:
        """The line with its stream: the name of its form, with the numbers that do not count."""
        kept = ("" if position in counters else number for position, number in enumerate(numbers))
        stream = _with_numbers(name, tuple(kept))
        return ((stream, line),) if self._is_known(stream, line.text) else ()


@lru_cache(maxsize=1 << 10)
def _with_numbers(name: str, numbers: tuple[str, ...]) -> str:
    left = iter(numbers)
    return _DIGITS.sub(lambda _: next(left), name)


def _counters(lines: Sequence[tuple[Sequence[str], NumberedLine]]) -> frozenset[int]:
    """Which numbers of the prefixes count up from line to line: line numbers, or times of an unknown form.

    Many jobs in step print the same lines one after the other; one build repeats a name only now and then.
    """
    openings = [(line.number, line.text) for _, line in lines if is_opening(line.text)]
    if 2 * len(set(openings)) <= len(openings) > 1:
        return frozenset()
    result = set()
    for position, column in enumerate(zip(*(numbers for numbers, _ in lines), strict=True)):
        values = [int(value[:30]) for value in column]
        distinct = len(set(values))
        rises = all(a <= b for a, b in pairwise(values))
        if rises and distinct >= _FEWEST_VALUES and distinct * _MOST_LINES_OF_VALUE >= len(values):
            result.add(position)
    return frozenset(result)


@lru_cache(maxsize=1 << 10)
def _form(zeroed: bytes) -> _Form:
    """The form of a prefix of which ``zeroed`` has 0 for each digit: a time is one with any digits.

    Prefixes of one form are so looked at once. A carriage return begins the line again.
    """
    zeros = zeroed.decode()
    start = zeros.rfind("\r") + 1
    kept: list[str] = []
    numbers: list[tuple[int, int]] = []
    for end, after in [*(match.span() for match in _CLOCK.finditer(zeros, start)), (len(zeros), 0)]:
        kept.append(_DIGITS.sub("0", zeros[start:end]))
        numbers += [match.span() for match in _DIGITS.finditer(zeros, start, end)]
        start = after
    name = _SPACES.sub(" ", "".join(kept).removeprefix("\ufeff")).strip()
    return _Form(name, tuple(numbers))
