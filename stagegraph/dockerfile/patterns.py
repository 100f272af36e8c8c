"""Matches the shell patterns of ``${X#p}``, ``${X%p}`` and ``${X/p/r}`` in linear time.

A set of positions is an integer, bit i for "the first i characters matched", so that no pattern
backtracks. Rules: moby/buildkit frontend/dockerfile/shell/lex.go, convertShellPatternToRegex.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_STAR = "*"
_ANY = "?"
_TEMPLATE = r"(?a:\$(?:(\$)|(\w+)|\{(\w+)\}))"


class PatternError(ValueError):
    """A backslash is before a character that cannot be escaped."""


class TooLongError(Exception):
    """The result of a replacement is longer than allowed."""


def tokens(pattern: str) -> tuple[tuple[str, bool], ...]:
    """``pattern`` as (character, is a wildcard) pairs; PatternError on an invalid escape."""
    pairs: list[tuple[str, bool]] = []
    position = 0
    while position < len(pattern):
        char, following = pattern[position], pattern[position + 1 : position + 2]
        position += 1
        if char != "\\":
            pairs.append((char, char in (_STAR, _ANY)))
        elif following not in ("}", "/"):
            if following not in (_STAR, _ANY, "\\") or not following:
                raise PatternError(f"invalid escape '\\{following}'")
            pairs.append((following, False))
            position += 1
    return tuple(pairs)


def without_prefix(pattern: str, value: str, *, longest: bool) -> str:
    """``value`` without the shortest or the longest prefix that ``pattern`` matches."""
    ends = _ends(tokens(pattern), value, 1)
    return value[_pick(ends, longest) :] if ends else value


def without_suffix(pattern: str, value: str, *, longest: bool) -> str:
    """``value`` without the shortest or the longest suffix that ``pattern`` matches."""
    ends = _ends(tokens(pattern)[::-1], value[::-1], 1)
    return value[: len(value) - _pick(ends, longest)] if ends else value


def replaced(pattern: str, value: str, replacement: str, *, everywhere: bool, most: int) -> str:
    """``value`` with the first, or every, longest match of ``pattern`` replaced.

    Raises TooLongError when the replacements have more than ``most`` characters.
    """
    parsed = tokens(pattern)
    if everywhere:
        return _replace_all(parsed, value, replacement, most)
    match = _find(parsed, value, 0)
    return value if match is None else value[: match[0]] + replacement + value[match[1] :]


def _replace_all(parsed: Sequence[tuple[str, bool]], value: str, replacement: str, most: int) -> str:
    # Go's ReplaceAllString: no empty match directly after another match, and $0 in the replacement.
    parts: list[str] = []
    last = position = 0
    while position <= len(value) and (match := _find(parsed, value, position)):
        start, end = match
        parts.append(value[last:start])
        if end > last or start == 0:
            parts.append(_filled(replacement, value[start:end]))
            most -= len(parts[-1])
            if most < 0:
                raise TooLongError
        last = end
        position = max(end, position + 1)
    return "".join(parts) + value[last:]


def _filled(template: str, match: str) -> str:
    def part(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        return match if (reference[2] or reference[3]) == "0" else ""

    return re.sub(_TEMPLATE, part, template)


def _find(parsed: Sequence[tuple[str, bool]], value: str, position: int) -> tuple[int, int] | None:
    """The leftmost match at or after ``position``, the longest of those that start there."""
    if (_STAR, True) not in parsed:
        return _find_fixed(parsed, value, position)
    rest = value[position:]
    starts = _ends(parsed[::-1], rest[::-1], (1 << (len(rest) + 1)) - 1)
    if not starts:
        return None
    start = len(rest) - (starts.bit_length() - 1)
    end = _ends(parsed, rest[start:], 1).bit_length() - 1
    return position + start, position + start + end


def _find_fixed(parsed: Sequence[tuple[str, bool]], value: str, position: int) -> tuple[int, int] | None:
    """A match of a pattern without *: a regular expression cannot backtrack over it."""
    if len(parsed) > len(value) - position:
        return None
    expression = "".join("." if wildcard else re.escape(char) for char, wildcard in parsed)
    match = re.compile(expression).search(value, position)
    return match.span() if match else None


def _pick(ends: int, longest: bool) -> int:
    return ends.bit_length() - 1 if longest else (ends & -ends).bit_length() - 1


def _ends(parsed: Sequence[tuple[str, bool]], value: str, starts: int) -> int:
    """The positions at which a match from one of ``starts`` can end, as a set of bits."""
    positions = _positions(value)
    not_newline = ((1 << len(value)) - 1) & ~positions.get("\n", 0)
    current = starts
    for char, wildcard in parsed:
        if wildcard and char == _STAR:
            current |= ((current & not_newline) + not_newline) ^ not_newline
        elif wildcard:
            current = (current & not_newline) << 1
        else:
            current = (current & positions.get(char, 0)) << 1
    return current


def _positions(value: str) -> dict[str, int]:
    lists: dict[str, list[int]] = {}
    for index, char in enumerate(value):
        lists.setdefault(char, []).append(index)
    return {char: _bits(indexes, len(value)) for char, indexes in lists.items()}


def _bits(indexes: list[int], length: int) -> int:
    marks = bytearray(length // 8 + 1)
    for index in indexes:
        marks[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(marks, "little")
