"""Expressions and templates of HCL, worked out as far as the values in them are known.

Rules: github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md. An operand that is not known makes the
result UNKNOWN, unless the rest decides it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from stagegraph.discovery.hcl_meaning import (
    Thunk,
    applied,
    condition,
    constant,
    item,
    made_table,
    operation,
    repeated,
    variable,
)
from stagegraph.discovery.hcl_scanning import HclSyntaxError, end_of_hole, end_of_text, unescaped
from stagegraph.discovery.hcl_values import (
    LONGEST,
    UNKNOWN,
    Scope,
    called,
    negated,
    negative,
    shown,
    within_limits,
)

_DEEPEST = 60
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][\w-]*)|(?P<text>\")"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|=>|\.\.\.|[?:()\[\]{},.!+\-*/%<>=]))"
)
_END = re.compile(r"\s*\Z")
_BINDING = ({"||": 1}, {"&&": 1}, {"==": 1, "!=": 1}, dict.fromkeys(("<", "<=", ">", ">="), 1))
_LEVELS = (*_BINDING, dict.fromkeys("+-", 1), dict.fromkeys("*/%", 1))


def expression(text: str, scope: Scope) -> Any:
    """The value of an expression; UNKNOWN where it cannot be worked out."""
    try:
        return within_limits(_expression(text)(scope))
    except (ValueError, OverflowError, RecursionError):
        return UNKNOWN


def template(text: str, scope: Scope) -> Any:
    """The text that a quoted template, here without its quotes, comes out as; or UNKNOWN."""
    try:
        return within_limits(_template(text)(scope))
    except (ValueError, OverflowError, RecursionError):
        return UNKNOWN


@lru_cache(maxsize=4096)
def _expression(text: str) -> Thunk:
    if len(text) > LONGEST:
        raise HclSyntaxError
    parser = _Parser(text)
    found = parser.whole()
    if parser.token:
        raise HclSyntaxError
    return found


class _Parser:
    """Reads one expression into a function of the scope."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self._depth = 0
        self._repeats = False
        self.token = ""
        self._kind = ""
        self._advance()

    def _advance(self) -> None:
        if _END.match(self._text, self._end):
            self.token = self._kind = ""
            return
        match = _TOKEN.match(self._text, self._end)
        if not match or not match.lastgroup:
            raise HclSyntaxError
        self._kind, self.token, self._end = match.lastgroup, match[match.lastgroup], match.end()

    def _take(self, sign: str) -> bool:
        if self.token != sign or self._kind == "text":
            return False
        self._advance()
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise HclSyntaxError

    def whole(self) -> Thunk:
        """An expression with its condition, if it has one."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise HclSyntaxError
        found = self._binary(0)
        if self._take("?"):
            yes = self.whole()
            self._expect(":")
            found = condition(found, yes, self.whole())
        self._depth -= 1
        return found

    def _binary(self, level: int) -> Thunk:
        if level == len(_LEVELS):
            return self._unary()
        found = self._binary(level + 1)
        while self._kind == "sign" and self.token in _LEVELS[level]:
            sign = self.token
            self._advance()
            found = operation(sign, found, self._binary(level + 1))
        return found

    def _unary(self) -> Thunk:
        for sign, made in (("!", negated), ("-", negative)):
            if self._take(sign):
                self._depth += 1
                if self._depth > _DEEPEST:
                    raise HclSyntaxError
                inner = self._unary()
                self._depth -= 1
                return applied(made, inner)
        return self._postfix(self._primary())

    def _postfix(self, found: Thunk) -> Thunk:
        while True:
            if self._take("."):
                key: Thunk = constant(self.token)
                if self._kind not in ("name", "number"):
                    raise HclSyntaxError
                self._advance()
            elif self._take("["):
                key = self.whole()
                self._expect("]")
            else:
                return found
            found = item(found, key)

    def _primary(self) -> Thunk:
        kind, token = self._kind, self.token
        if kind == "text":
            return self._quoted()
        if kind == "number":
            self._advance()
            return constant(float(token) if re.search("[.eE]", token) else int(token))
        if kind == "name":
            self._advance()
            return self._call(token) if self._take("(") else variable(token)
        if self._take("("):
            found = self.whole()
            self._expect(")")
            return found
        if self._take("["):
            return self._for_or_list()
        if self._take("{"):
            return self._table()
        raise HclSyntaxError

    def _quoted(self) -> Thunk:
        start = self._end
        self._end = end_of_text(self._text, start)
        inside = self._text[start : self._end - 1]
        self._advance()
        return _template(inside)

    def _call(self, name: str) -> Thunk:
        arguments = self._items(")")
        return lambda scope: called(scope.get(f"{name}()"), [one(scope) for one in arguments])

    def _items(self, end: str) -> list[Thunk]:
        found: list[Thunk] = []
        while not self._take(end):
            found.append(self.whole())
            if self._take("..."):  # spreads a list, whose length is not followed here
                found[-1] = constant(UNKNOWN)
            if not self._take(","):
                self._expect(end)
                break
        return found

    def _for_or_list(self) -> Thunk:
        if self._kind == "name" and self.token == "for":
            return self._for()
        items = self._items("]")
        return lambda scope: [one(scope) for one in items]

    def _for(self) -> Thunk:
        self._advance()
        names = [self._name()]
        if self._take(","):
            names.append(self._name())
        if self._name() != "in":
            raise HclSyntaxError
        source = self.whole()
        self._expect(":")
        if self._repeats:
            raise HclSyntaxError  # a loop in a loop could cost more than it is worth
        self._repeats = True
        made = self.whole()
        kept = self.whole() if self._kind == "name" and self._take("if") else constant(True)
        self._expect("]")
        self._repeats = False
        return lambda scope: repeated(source(scope), names, made, kept, scope)

    def _name(self) -> str:
        name = self.token
        if self._kind != "name":
            raise HclSyntaxError
        self._advance()
        return name

    def _table(self) -> Thunk:
        pairs: list[tuple[Thunk, Thunk]] = []
        while not self._take("}"):
            key = constant(self._name()) if self._kind == "name" else self.whole()
            if not (self._take("=") or self._take(":")):
                raise HclSyntaxError
            pairs.append((key, self.whole()))
            self._take(",")
        return lambda scope: made_table([(key(scope), value(scope)) for key, value in pairs])


@lru_cache(maxsize=4096)
def _template(text: str) -> Thunk:
    if len(text) > LONGEST:
        raise HclSyntaxError
    parts = list(_parts(text))
    if len(parts) == 1 and not isinstance(parts[0], str):
        return parts[0]  # "${x}" is x itself, whatever it is

    def value(scope: Scope) -> Any:
        found = [part if isinstance(part, str) else part(scope) for part in parts]
        if not all(isinstance(one, (str, int, float)) for one in found):
            return UNKNOWN
        return "".join(map(shown, found))

    return value


def _parts(text: str) -> Iterator[str | Thunk]:
    position = start = 0
    while position < len(text):
        if text.startswith(("$${", "%%{"), position):
            yield unescaped(text[start:position]) + text[position + 1]
            start, position = position + 2, position + 3
        elif text.startswith("${", position):
            if position > start:
                yield unescaped(text[start:position])
            end = end_of_hole(text, position + 2)
            yield _expression(text[position + 2 : end - 1].strip().strip("~"))
            start = position = end
        elif text.startswith("%{", position):
            raise HclSyntaxError  # a directive
        else:
            position += 2 if text[position] == "\\" else 1
    if start < len(text) or not text:
        yield unescaped(text[start:])
