"""Matches paths with the patterns of Go and of moby/patternmatcher, in time linear in path and pattern.

A pattern is a list of tokens. Most are compiled to an expression that cannot backtrack far; the others are
matched with a set of positions, which is an integer: bit i for "the first i characters matched".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import NamedTuple

_NOT_SLASH = "[^/]"
_ESCAPED_CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "s": r"[\t\n\f\r ]",
    "S": r"[^\t\n\f\r ]",
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
}
_CONTROLS = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}


_REPETITION = r"\{[0-9]+(?:,[0-9]*)?\}"


class PatternError(ValueError):
    """A pattern that Go rejects."""


class TokenKind(Enum):
    """How often the characters of a token occur."""

    ONE = "one"
    MANY = "any number"
    OPTIONAL = "one or none"
    FOLDERS = "nothing, or anything up to a slash"
    START = "nothing, at the start"


class Token(NamedTuple):
    """Part of a pattern; ``chars`` is one character or a character class, as a regular expression."""

    kind: TokenKind
    chars: str = ""


_ANYTHING = Token(TokenKind.MANY, "[\\s\\S]")


def matcher(tokens: Sequence[Token]) -> Callable[[str], bool]:
    """A function that tells whether the whole of a text matches ``tokens``."""
    slow = _slow_matcher(tuple(tokens))
    if not _is_safe(tokens):
        return slow
    fast = re.compile("".join(map(_expression, tokens)) + r"\Z").match
    return lambda text: slow(text) if "\n" in text else fast(text) is not None


def _expression(token: Token) -> str:
    if token.kind is TokenKind.FOLDERS:
        return "(?:.*/)?"
    suffix = {TokenKind.MANY: "*", TokenKind.OPTIONAL: "?"}.get(token.kind, "")
    return r"\A" if token.kind is TokenKind.START else token.chars + suffix


def _is_safe(tokens: Sequence[Token]) -> bool:
    """Whether a backtracking engine needs only linear time: one repetition between two slashes."""
    folders = within = 0
    for position, token in enumerate(tokens):
        if token.kind is TokenKind.ONE and token.chars == "/":
            within = 0
        elif token.kind is TokenKind.FOLDERS or (token.kind is TokenKind.MANY and token.chars != _NOT_SLASH):
            folders += 1 + within if position < len(tokens) - 1 else 0
            within = 0
        elif token.kind in (TokenKind.MANY, TokenKind.OPTIONAL):
            within += 1
        if within > 1 or folders > 1:
            return False
    return True


def _slow_matcher(tokens: tuple[Token, ...]) -> Callable[[str], bool]:
    tests = {token.chars: re.compile(token.chars, re.DOTALL).match for token in tokens if token.chars}

    def matches(text: str) -> bool:
        found: dict[str, list[int]] = {}
        for index, char in enumerate(text):
            found.setdefault(char, []).append(index)
        positions = {char: _bits(indexes, len(text)) for char, indexes in found.items()}
        sets = {
            chars: sum(positions[char] for char in positions if test(char)) for chars, test in tests.items()
        }
        any_char = ((1 << len(text)) - 1) & ~positions.get("\n", 0)
        current = 1
        for token in tokens:
            current = _advance(token, current, sets.get(token.chars, 0), any_char, positions.get("/", 0))
        return bool(current >> len(text) & 1)

    return matches


def _advance(token: Token, current: int, chars: int, any_char: int, slashes: int) -> int:
    if token.kind is TokenKind.ONE:
        return (current & chars) << 1
    if token.kind is TokenKind.OPTIONAL:
        return current | (current & chars) << 1
    if token.kind is TokenKind.START:
        return current & 1
    if token.kind is TokenKind.MANY:
        return current | _spread(current, chars)
    return current | (_spread(current, any_char) & slashes) << 1


def _spread(current: int, chars: int) -> int:
    """``current``, and every position that is reached from it over ``chars`` only."""
    return current | (((current & chars) + chars) ^ chars)


def _bits(indexes: list[int], length: int) -> int:
    marks = bytearray(length // 8 + 1)
    for index in indexes:
        marks[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(marks, "little")


def glob_matcher(pattern: str) -> Callable[[str], bool]:
    """A function that matches as path.Match of Go does; PatternError for what it rejects."""
    return matcher(glob_tokens(pattern))


def glob_tokens(pattern: str) -> list[Token]:
    """The tokens of a pattern of path.Match; PatternError for one that Go rejects."""
    tokens: list[Token] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            if not tokens or tokens[-1] != Token(TokenKind.MANY, _NOT_SLASH):
                tokens.append(Token(TokenKind.MANY, _NOT_SLASH))
        elif char == "?":
            tokens.append(Token(TokenKind.ONE, _NOT_SLASH))
        elif char == "[":
            chars, position = _glob_class(pattern, position)
            tokens.append(Token(TokenKind.ONE, chars))
        else:
            if char == "\\":
                char, position = _escaped(pattern, position)
            tokens.append(Token(TokenKind.ONE, re.escape(char)))
    return tokens


def _escaped(pattern: str, position: int) -> tuple[str, int]:
    if position >= len(pattern):
        raise PatternError(f"`{pattern}` ends with a backslash")
    return pattern[position], position + 1


def _glob_class(pattern: str, position: int) -> tuple[str, int]:
    negated = pattern.startswith("^", position)
    position += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern.startswith("]", position)):
        low, position = _glob_char(pattern, position)
        high = low
        if pattern.startswith("-", position):
            high, position = _glob_char(pattern, position + 1)
        ranges.append((low, high))
    return _class_expression(ranges, negated), position + 1


def _glob_char(pattern: str, position: int) -> tuple[str, int]:
    char = pattern[position : position + 1]
    if not char or char in "-]":
        raise PatternError(f"`{pattern}` has an invalid character class")
    position += 1
    if char == "\\":
        char, position = _escaped(pattern, position)
    if position >= len(pattern):
        raise PatternError(f"`{pattern}` has a [ without its ]")
    return char, position


def _class_expression(ranges: Sequence[tuple[str, str]], negated: bool) -> str:
    inside = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    if not inside:
        return "(?:.|\n)" if negated else "(?!)"
    return f"[{'^' if negated else ''}{inside}]"


def expression_matcher(expression: str) -> Callable[[str], bool]:
    """A function that matches the regular expression that moby/patternmatcher makes of a pattern.

    The expression has characters, escapes, classes, ``*``, ``?`` and the group ``(.*/)?``. A bar separates
    alternatives, since patternmatcher does not escape it; only the first is bound to the start of the
    path, and only the last to its end. Raises PatternError for what Go's regexp rejects.
    """
    alternatives: list[list[Token]] = [[]]
    position = 0
    while position < len(expression):
        if expression[position] == "|":
            alternatives.append([])
            position += 1
        else:
            token, position = _token(expression, position)
            alternatives[-1].append(token)
    last = len(alternatives) - 1
    tests = [
        matcher([_ANYTHING] * (index > 0) + tokens + [_ANYTHING] * (index < last))
        for index, tokens in enumerate(alternatives)
    ]
    return tests[0] if not last else lambda text: any(test(text) for test in tests)


def _token(expression: str, position: int) -> tuple[Token, int]:
    if expression.startswith("(.*/)?", position):
        return Token(TokenKind.FOLDERS), position + 6
    if re.compile(_REPETITION).match(expression, position):
        raise PatternError("a repetition in braces is not supported")
    chars, position = _atom(expression, position)
    following = expression[position : position + 1]
    if following and following in "*?":
        return Token(TokenKind.MANY if following == "*" else TokenKind.OPTIONAL, chars), position + 1
    return Token(TokenKind.ONE if chars else TokenKind.START, chars), position


def _atom(expression: str, position: int) -> tuple[str, int]:
    char = expression[position]
    if char == "[":
        return _expression_class(expression, position + 1)
    if char == "\\":
        chars, position = _expression_escape(expression, position + 1)
        return chars if len(chars) > 1 else re.escape(chars), position
    if char == ".":
        return "[^\n]", position + 1
    if char in "*?":
        raise PatternError(f"nothing to repeat in `{expression}`")
    return "" if char == "^" else re.escape(char), position + 1


def _expression_escape(expression: str, position: int) -> tuple[str, int]:
    """What a backslash means there: one character, or a class of several characters."""
    char, position = _escaped(expression, position)
    if char in _ESCAPED_CLASSES:
        return _ESCAPED_CLASSES[char], position
    if char.isalnum() or not char.isascii():
        if char not in _CONTROLS:
            raise PatternError(f"invalid escape `\\{char}`")
        char = _CONTROLS[char]
    return char, position


def _expression_class(expression: str, position: int) -> tuple[str, int]:
    negated = expression.startswith("^", position)
    position += negated
    start, inside = position, ""
    while position == start or not expression.startswith("]", position):
        if expression.startswith("[:", position):
            raise PatternError("named character classes are not supported")
        low, position = _class_char(expression, position)
        if len(low) > 1:
            inside += low[1:-1] if not low.startswith("[^") else _complement(low)
            continue
        high = low
        if expression.startswith("-", position) and not expression.startswith("-]", position):
            high, position = _class_char(expression, position + 1)
        if len(high) > 1 or high < low:
            raise PatternError(f"invalid range in `{expression}`")
        inside += f"{re.escape(low)}-{re.escape(high)}"
    return f"[{'^' if negated else ''}{inside}]", position + 1


def _complement(chars: str) -> str:
    return {"[^0-9]": r"\D", r"[^\t\n\f\r ]": r"\S", "[^0-9A-Za-z_]": r"\W"}[chars]


def _class_char(expression: str, position: int) -> tuple[str, int]:
    char = expression[position : position + 1]
    if not char:
        raise PatternError("a [ without its ]")
    if char == "\\":
        return _expression_escape(expression, position + 1)
    return char, position + 1
