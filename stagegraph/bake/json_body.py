"""Parses JSON bake files into the same attributes and blocks as HCL files (hashicorp/hcl json/spec.md)."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any, NamedTuple

from stagegraph.bake.hcl_body import Attribute, Block, Body
from stagegraph.bake.hcl_expression import parse_expression
from stagegraph.bake.hcl_nodes import Constant, Node, Object, Tuple
from stagegraph.bake.hcl_scanner import Lines, Scanner
from stagegraph.bake.hcl_template import parse_bare

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?(?![\w.])")
_WORDS = {"true": True, "false": False, "null": None}
_LABELED = ("variable", "function", "target", "group")
_DEEPEST = 90


class _Json(NamedTuple):
    """A value with its offsets; an object is a list of keys and values."""

    start: int
    end: int
    value: Any
    is_object: bool = False


def parse_json(name: str, text: str) -> Body:
    """The attributes and blocks of the JSON file ``name``. Raises BakeError."""
    reader = _Reader(Lines(name, text), text)
    root = reader.whole()
    body = Body({}, [])
    for part in _objects(reader, root, "the file"):
        for key, value in part.value:
            if key.value in _LABELED:
                body.blocks.extend(_labeled(reader, key.value, value))
            elif key.value != "//":
                body.attributes[key.value] = _attribute(reader, key, value)
    return body


def _objects(reader: _Reader, value: _Json, what: str) -> list[_Json]:
    """An object, or all objects of a list."""
    if value.is_object:
        return [value]
    if value.value is None:
        return []
    if isinstance(value.value, list):
        return [one for item in value.value for one in _objects(reader, item, what)]
    raise reader.lines.error(f"{what} must be an object", value.start, value.end)


def _labeled(reader: _Reader, block_type: str, value: _Json) -> list[Block]:
    blocks = []
    for part in _objects(reader, value, block_type):
        for label, bodies in part.value:
            for one in _objects(reader, bodies, f"{block_type} {label.value}"):
                body = _block_body(reader, block_type, one)
                blocks.append(Block(block_type, (label.value,), body, reader.lines, label.start, label.end))
    return blocks


def _block_body(reader: _Reader, block_type: str, value: _Json) -> Body:
    body = Body({}, [])
    for key, member in value.value:
        if block_type == "variable" and key.value == "validation":
            for one in _objects(reader, member, "validation"):
                inner = _block_body(reader, "validation", one)
                body.blocks.append(Block("validation", (), inner, reader.lines, key.start, key.end))
        elif key.value != "//":
            body.attributes[key.value] = _attribute(reader, key, member)
    return body


def _attribute(reader: _Reader, key: _Json, value: _Json) -> Attribute:
    return Attribute(key.value, reader.node(value), reader.lines, key.start, is_json=True)


def is_printed(body: Body) -> bool:
    """Whether ``body`` looks like output of ``bake --print``: all targets whole, and a group default."""
    groups = [block.labels[0] for block in body.of_type("group") if block.labels]
    targets = body.of_type("target")
    whole = all({"context", "dockerfile"} <= block.body.attributes.keys() for block in targets)
    plain = not any({"inherits", "matrix"} & block.body.attributes.keys() for block in targets)
    only = len(groups) + len(targets) == len(body.blocks) and not body.attributes
    return only and whole and plain and "default" in groups


class _Reader:
    def __init__(self, lines: Lines, text: str) -> None:
        self.lines = lines
        self._text = text
        self._position = 0
        self._depth = 0

    def whole(self) -> _Json:
        """The value that the whole text is."""
        self._position = 1 if self._text.startswith("\ufeff") else 0
        value = self._value()
        self._skip()
        if self._position < len(self._text):
            raise self._error("unexpected text after the end of the JSON")
        return value

    def node(self, value: _Json) -> Node:
        """The expression that a JSON value is: its strings are templates."""
        if value.is_object:
            items = tuple((self.node(key), self.node(one)) for key, one in value.value)
            return Object(value.start, value.end, items)
        if isinstance(value.value, list):
            return Tuple(value.start, value.end, tuple(self.node(item) for item in value.value))
        if isinstance(value.value, str) and ("${" in value.value or "%{" in value.value):
            text = self._text[: value.start + 1] + value.value
            return parse_bare(Scanner(self.lines, text, parse_expression, value.start + 1))
        return Constant(value.start, value.end, value.value)

    def _error(self, message: str) -> Exception:
        return self.lines.error(message, self._position, self._position + 1)

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._position)
        self._position = match.end() if match else self._position

    def _take(self, mark: str) -> bool:
        self._skip()
        found = self._text.startswith(mark, self._position)
        self._position += len(mark) if found else 0
        return found

    def _value(self) -> _Json:
        self._skip()
        start = self._position
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"the JSON is nested more than {_DEEPEST} levels deep")
        try:
            if self._take("{"):
                members = self._members()
                return _Json(start, self._position, members, is_object=True)
            if self._take("["):
                items = self._items()
                return _Json(start, self._position, items)
            return self._scalar(start)
        finally:
            self._depth -= 1

    def _scalar(self, start: int) -> _Json:
        if self._text.startswith('"', start):
            return self._string()
        if number := _NUMBER.match(self._text, start):
            self._position = number.end()
            if len(number.group()) > 1000:
                raise self._error("this number is too large")
            return _Json(start, self._position, Fraction(number.group()))
        for word, value in _WORDS.items():
            if self._take(word):
                return _Json(start, self._position, value)
        raise self._error("expected a JSON value")

    def _string(self) -> _Json:
        self._skip()
        match = _STRING.match(self._text, self._position)
        if not match:
            raise self._error("expected a JSON string")
        self._position = match.end()
        raw = match.group()
        try:
            return _Json(match.start(), match.end(), json.loads(raw) if "\\" in raw else raw[1:-1])
        except ValueError:
            raise self.lines.error("invalid escape in a JSON string", match.start(), match.end()) from None

    def _members(self) -> list[tuple[_Json, _Json]]:
        members: list[tuple[_Json, _Json]] = []
        if self._take("}"):
            return members
        while True:
            key = self._string()
            if not self._take(":"):
                raise self._error("expected `:` after a key")
            members.append((key, self._value()))
            if self._take("}"):
                return members
            if not self._take(","):
                raise self._error("expected `,` or `}` in an object")

    def _items(self) -> list[_Json]:
        items: list[_Json] = []
        if self._take("]"):
            return items
        while True:
            items.append(self._value())
            if self._take("]"):
                return items
            if not self._take(","):
                raise self._error("expected `,` or `]` in a list")
