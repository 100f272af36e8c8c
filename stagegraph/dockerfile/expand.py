"""Shell-like expansion of words: ``$X``, ``${X:-word}``, quotes and escapes.

Rules: moby/buildkit frontend/dockerfile/shell/lex.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct, field

from stagegraph.dockerfile import patterns
from stagegraph.dockerfile.words import SPACE

_SPECIAL_PARAMETERS = "@*#?-$!0"
_PLAIN_RUN = re.compile(r"[^$'\"\\`{}/]+")  # characters that neither expand nor end anything
_NO_SPACE = re.compile(r"[!-~]*\Z")
_QUOTED_RUN = re.compile(r'[^"$\\`]+')  # the same inside double quotes
_PLAIN_NAME = re.compile(r"(?:[0-9]+|[A-Za-z_][A-Za-z0-9_]*)(?![^\x00-\x7f])")  # nothing but ASCII follows


_MOST_GROWTH = 128 * 1024  # of one word: Linux takes no longer variable (MAX_ARG_STRLEN in binfmts.h)
_MOST_CHARACTERS = 16 * 1024 * 1024  # of all words of one file
_STEPS_PER_CHARACTER = 256  # steps of a pattern that cost as much as a character


class ExpansionError(ValueError):
    """A word that cannot be expanded: an open quote, an invalid modifier, ``${X:?message}``."""


class MalformedError(ExpansionError):
    """A word that BuildKit rejects whatever its variables hold."""


class ExpansionLimitError(ExpansionError):
    """A word that grows too much, as variables do that repeat each other."""


class Budget(Struct):
    """How many characters variables may still add to the words of one file."""

    characters: int = _MOST_CHARACTERS

    def spend(self, characters: int) -> None:
        """Count ``characters``; ExpansionLimitError when there are too many."""
        self.characters -= characters
        if self.characters < 0:
            raise ExpansionLimitError("the variables of the file expand to too much text")


class Lexer(Struct, frozen=True):
    """Expands words; the defaults are those of FROM, ARG, ENV, COPY and WORKDIR."""

    escape: str = "\\"
    raw_quotes: bool = False  # keep the quotes
    raw_escapes: bool = False  # keep the escape characters
    process_quotes: bool = True  # treat quotes as quotes
    keep_unset: bool = False  # keep unset variables as they are written
    budget: Budget | None = None  # shared by the words of a file

    def word(self, text: str, variables: Mapping[str, str]) -> str:
        """``text`` expanded to one word; ExpansionError if BuildKit rejects it."""
        if self._is_plain(text):
            return text
        return _Scan(self, text, variables).run()[0]

    def words(self, text: str, variables: Mapping[str, str]) -> list[str]:
        """``text`` expanded and then split at white space outside quotes."""
        return _Scan(self, text, variables).run()[1]

    def used(self, text: str, variables: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        """``text`` expanded, and the names of the variables that it uses."""
        if self._is_plain(text):
            return text, frozenset()
        scan = _Scan(self, text, variables)
        return scan.run()[0], frozenset(scan.asked)

    def _is_plain(self, text: str) -> bool:
        return "$" not in text and "'" not in text and '"' not in text and self.escape not in text


lexer_of = cache(Lexer)  # few different ones, used often


class _Words:
    """Collects words: white space ends a word, unless it is quoted."""

    __slots__ = ("done", "parts")

    def __init__(self) -> None:
        self.done: list[str] = []
        self.parts: list[str] = []

    def split(self, text: str) -> None:
        if _NO_SPACE.match(text):
            self.raw(text)
            return
        for char in text:
            if char not in SPACE:
                self.parts.append(char)
            else:
                self.end()

    def raw(self, text: str) -> None:
        if text:
            self.parts.append(text)

    def end(self) -> list[str]:
        if self.parts:
            self.done.append("".join(self.parts))
            self.parts = []
        return self.done


class _Scan(Struct):
    """One pass over a text; ``position`` is the next character."""

    lexer: Lexer
    text: str
    variables: Mapping[str, str]
    position: int = 0
    raw_escapes: bool = False
    asked: set[str] = field(default_factory=set)
    growth: int = 0  # characters that variables added

    def run(self) -> tuple[str, list[str]]:
        self.raw_escapes = self.lexer.raw_escapes
        if self.text.startswith("\ufeff"):  # Go's text/scanner skips a byte-order mark
            self.position = 1
        try:
            return self._until("", self.raw_escapes)
        except RecursionError:
            raise ExpansionError("substitutions are nested too deeply") from None

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _next(self) -> str:
        char = self._peek()
        self.position += 1
        return char

    def _until(self, stop: str, raw_escapes: bool) -> tuple[str, list[str]]:
        """Expand up to ``stop``, which is consumed; an empty ``stop`` is the end of the text."""
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        result: list[str] = []
        words = _Words()
        while char := self._peek():
            if stop and char == stop:
                self.position += 1
                break
            if run := _PLAIN_RUN.match(self.text, self.position):
                self.position = run.end()
                result.append(run[0])
                words.split(run[0])
            else:
                self._one(char, result, words)
        else:
            if stop:
                raise MalformedError(f"missing `{stop}`")
        self.raw_escapes = before
        return "".join(result), words.end()

    def _one(self, char: str, result: list[str], words: _Words) -> None:
        if char == "$":
            value = self._dollar()
            result.append(value)
            words.split(value)
        elif char in "'\"" and self.lexer.process_quotes:
            value = self._single_quoted() if char == "'" else self._double_quoted()
            result.append(value)
            words.raw(value)
        elif char == self.lexer.escape:
            value = self._escaped()
            result.append(value)
            words.raw(value)
        else:
            self.position += 1
            result.append(char)
            words.split(char)

    def _escaped(self) -> str:
        escape = self._next()
        return (escape if self.raw_escapes else "") + self._next()

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.position + 1)
        if end < 0:
            raise MalformedError("a single quote is not closed")
        inside = self.text[self.position + 1 : end]
        self.position = end + 1
        return f"'{inside}'" if self.lexer.raw_quotes else inside

    def _double_quoted(self) -> str:
        self.position += 1
        quote = '"' if self.lexer.raw_quotes else ""
        result = [quote]
        while (char := self._peek()) != '"':
            if not char:
                raise MalformedError("a double quote is not closed")
            if char == "$":
                result.append(self._dollar())
            elif char == self.lexer.escape:
                result.append(self._escaped_in_quotes())
            elif run := _QUOTED_RUN.match(self.text, self.position):
                result.append(run[0])
                self.position = run.end()
            else:
                result.append(self._next())
        self.position += 1
        return "".join(result) + quote

    def _escaped_in_quotes(self) -> str:
        # Inside double quotes only a quote, a dollar and the escape character can be escaped.
        escape = self._next()
        kept = escape if self.raw_escapes else ""
        if not self._peek():
            return kept
        if self._peek() in ('"', "$", self.lexer.escape):
            return kept + self._next()
        return kept + escape

    def _dollar(self) -> str:
        value = self._substitution()
        self._grow(len(value))
        return value

    def _grow(self, characters: int) -> None:
        self.growth += characters
        if self.growth > _MOST_GROWTH:
            raise ExpansionLimitError(f"a word expands to more than {_MOST_GROWTH:,} characters")
        if self.lexer.budget is not None:
            self.lexer.budget.spend(characters)

    def _substitution(self) -> str:
        self.position += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            value = self._get(name)
            return (f"${name}" if self.lexer.keep_unset else "") if value is None else value
        self.position += 1
        if not self._peek():
            raise MalformedError("missing `}`")
        if self._peek() in "{}:":
            raise MalformedError("a substitution has no name")
        return self._braced(self._name())

    def _braced(self, name: str) -> str:
        operator = self._next()
        if operator == "}":
            value = self._get(name)
            return (f"${{{name}}}" if self.lexer.keep_unset else "") if value is None else value
        if operator == "/":
            return self._replacement(name)
        if operator == ":" or (operator and operator in "+-?#%"):
            return self._modified(name, operator)
        raise MalformedError(f"unsupported modifier ({operator}) in substitution")

    def _modified(self, name: str, operator: str) -> str:
        empty_is_unset = operator == ":"
        shown = operator
        if empty_is_unset:
            operator = self._next()
            shown += operator
        word = self._argument("}", operator != "" and operator in "#%")
        value = self._get(name)
        if value is None and self.lexer.keep_unset:
            return f"${{{name}{shown}{word}}}"
        if operator == "" or operator not in "+-?#%":
            raise MalformedError(f"unsupported modifier ({shown}) in substitution")
        unset = value is None or (empty_is_unset and value == "")
        return self._applied(name, operator, word, None if unset else value, value or "")

    def _applied(self, name: str, operator: str, word: str, value: str | None, raw: str) -> str:
        if operator == "-":
            return word if value is None else value
        if operator == "+":
            return "" if value is None else word
        if operator == "?":
            if value is None:
                raise ExpansionError(f"{name}: {word or 'is not allowed to be unset or empty'}")
            return value
        longest = word.startswith(operator)
        trim = patterns.without_suffix if operator == "%" else patterns.without_prefix
        return self._matched(word, raw, lambda: trim(word[longest:], raw, longest=longest))

    def _replacement(self, name: str) -> str:
        everywhere = self._peek() == "/"
        self.position += everywhere
        pattern = self._argument("/", True)
        replacement = self._argument("}", True)
        value = self._get(name)
        if value is None and self.lexer.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        most = _MOST_GROWTH - self.growth
        return self._matched(
            pattern,
            value or "",
            lambda: patterns.replaced(pattern, value or "", replacement, everywhere=everywhere, most=most),
        )

    def _matched(self, pattern: str, value: str, apply: Callable[[], str]) -> str:
        self._grow(len(pattern) * len(value) // _STEPS_PER_CHARACTER)
        try:
            return apply()
        except patterns.PatternError as error:
            raise ExpansionError(f"invalid pattern in substitution: {error}") from None
        except patterns.TooLongError:
            raise ExpansionLimitError(f"a word expands to more than {_MOST_GROWTH:,} characters") from None

    def _argument(self, stop: str, raw_escapes: bool) -> str:
        return self._until(stop, raw_escapes)[0]

    def _name(self) -> str:
        if plain := _PLAIN_NAME.match(self.text, self.position):
            self.position = plain.end()
            return plain[0]
        start = self.position
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self.position += 1
        elif first and first in _SPECIAL_PARAMETERS:
            self.position += 1
        else:
            while (char := self._peek()) and (char.isalpha() or char.isdecimal() or char == "_"):
                self.position += 1
        return self.text[start : self.position]

    def _get(self, name: str) -> str | None:
        self.asked.add(name)
        return self.variables.get(name)
