"""The patterns of ``.dockerignore``, --exclude and --parents.

Rules: moby/patternmatcher patternmatcher.go and ignorefile/ignorefile.go; tonistiigi/fsutil filter.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from stagegraph.dockerfile.words import SPACE
from stagegraph.rebuild.patterns import PatternError, expression_matcher, glob_tokens

_SPECIAL = "*[]?^\\"
_LONGEST_LINE = 64 * 1024  # of bufio.Scanner
_ESCAPED = ".+()$"  # patternmatcher means to escape |, { and } too; its table is too small for them


def ignore_patterns(data: bytes) -> tuple[str, ...]:
    """The patterns of an ignore file, cleaned; PatternError for a line that is too long."""
    patterns = []
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if len(line) >= _LONGEST_LINE:
            raise PatternError("a line is too long")
        text = line.removesuffix(b"\r").decode("utf-8", "surrogateescape")
        pattern = "" if text.startswith("#") else text.strip(SPACE)
        if pattern:
            patterns.append(_cleaned(pattern))
    return tuple(patterns)


def _cleaned(pattern: str) -> str:
    negated = pattern.startswith("!")
    pattern = pattern.removeprefix("!").strip(SPACE) if negated else pattern
    if pattern:
        pattern = clean(pattern)
        pattern = pattern[1:] if len(pattern) > 1 and pattern.startswith("/") else pattern
    return f"!{pattern}" if negated else pattern


def clean(path: str) -> str:
    """``path`` as path.Clean of Go returns it."""
    path = posixpath.normpath(path)
    return path[1:] if path.startswith("//") else path


class PathPatterns:
    """Patterns of which the last that matches a path decides; ``!`` takes a match back.

    Raises PatternError for a pattern that BuildKit rejects.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._tests: list[tuple[bool, Callable[[str], bool]]] = []
        self._negated: list[str] = []
        self._plain: list[str] = []
        for pattern in (pattern.strip(SPACE) for pattern in patterns):
            if pattern:
                self._add(clean(pattern))
        self.has_negated = bool(self._negated)

    def _add(self, pattern: str) -> None:
        negated = pattern.startswith("!")
        pattern = pattern[1:] if negated else pattern
        if not pattern:
            raise PatternError("`!` needs a pattern after it")
        glob_tokens(pattern)  # BuildKit checks the syntax with filepath.Match
        self._tests.append((negated, _path_test(pattern)))
        folder = pattern.removesuffix("/**").removesuffix("/*")
        (self._negated if negated else self._plain).append(folder)

    def __bool__(self) -> bool:
        return bool(self._tests)

    def match(self, path: str, parent: int = 0) -> tuple[bool, int]:
        """Whether ``path`` matches, and which patterns did, as bits; ``parent`` are those of its folder."""
        matched, bits = False, 0
        for position, (negated, test) in enumerate(self._tests):
            inherited = parent and parent >> position & 1
            if not inherited and (negated is not matched or not test(path)):
                continue
            bits |= 1 << position
            matched = not negated
        return matched, bits

    def can_reopen(self, folder: str) -> bool:
        """Whether something in ``folder``, which matches, may not match (fsutil filter.go, Walk)."""
        return _may_be_inside(self._negated, folder)

    def can_match_inside(self, folder: str) -> bool:
        """Whether something in ``folder``, which does not match, may match."""
        return _may_be_inside(self._plain, folder)


def _may_be_inside(patterns: list[str], folder: str) -> bool:
    return any(_may_match_below(pattern, folder) for pattern in patterns)


def _may_match_below(pattern: str, folder: str) -> bool:
    """Whether ``pattern`` may match a path in ``folder``: its parts are equal up to the first wildcard."""
    if "|" in pattern:
        return True
    parts, folders = pattern.split("/"), folder.split("/")
    for own, part in zip(parts, folders, strict=False):
        if any(char in own for char in _SPECIAL):
            return True
        if own != part:
            return False
    return len(parts) >= len(folders)


def _path_test(pattern: str) -> Callable[[str], bool]:
    """A function that matches as Pattern.match of patternmatcher.go does."""
    kind, expression = _compiled(pattern)
    if kind == "exact":
        return lambda path: path == pattern
    if kind == "prefix":
        start = pattern[:-2]
        return lambda path: path.startswith(start)
    if kind == "suffix":
        end = pattern[2:]
        return lambda path: path.endswith(end) or (end.startswith("/") and path == end[1:])
    return expression_matcher(expression)


def _compiled(pattern: str) -> tuple[str, str]:
    """The kind of match and the regular expression, as Pattern.compile makes them."""
    kind, parts, position = "exact", [], 0
    while position < len(pattern):
        char, first = pattern[position], position == 0
        position += 1
        if char == "*" and pattern.startswith("*", position):
            position += 1
            position += pattern.startswith("/", position)
            at_end = position == len(pattern)
            parts.append(".*" if at_end else "(.*/)?")
            kind = "suffix" if first else "prefix" if at_end and kind == "exact" else "expression"
        elif char in "*?[]":
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(char, char))
            kind = "expression"
        elif char == "\\":
            parts.append(pattern[position - 1 : position + 1])
            position += 1
            kind = "expression"
        else:
            parts.append(re.escape(char) if char in _ESCAPED else char)
    return kind, "".join(parts)
