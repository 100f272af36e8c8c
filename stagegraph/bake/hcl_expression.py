"""Parses HCL expressions (hashicorp/hcl hclsyntax/parser.go, hclsyntax/spec.md)."""

from __future__ import annotations

import re
from fractions import Fraction

from stagegraph.bake.hcl_nodes import (
    Access,
    Binary,
    Call,
    Conditional,
    Constant,
    For,
    Group,
    Node,
    Object,
    Step,
    Tuple,
    Unary,
    Variable,
)
from stagegraph.bake.hcl_scanner import NAME, Scanner
from stagegraph.bake.hcl_template import parse_heredoc, parse_quoted

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR = re.compile(r"\|\||&&|==|!=|<=|>=|<|>|\+|-|\*|/|%")
_PRECEDENCE = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_WORDS = {"true": True, "false": False, "null": None}
_MOST_DIGITS = 1_000
_LARGEST_EXPONENT = 1_000


def parse_expression(at: Scanner, newlines: bool) -> Node:
    """The expression at the position; a line end ends it if ``newlines`` are significant."""
    at.enter()
    condition = _binary(at, newlines, 1)
    at.skip(newlines)
    if not at.take("?"):
        at.leave()
        return condition
    yes = parse_expression(at, newlines)
    at.skip(newlines)
    if not at.take(":"):
        at.fail("missing `:` of a conditional expression", hint="write CONDITION ? YES : NO")
    no = parse_expression(at, newlines)
    at.leave()
    return Conditional(condition.start, no.end, condition, yes, no)


def _binary(at: Scanner, newlines: bool, lowest: int) -> Node:
    """Precedence climbing over the binary operators, all of which associate to the left."""
    left = _with_steps(at, newlines)
    while True:
        at.skip(newlines)
        match = _OPERATOR.match(at.text, at.position)
        precedence = _PRECEDENCE[match.group()] if match else 0
        if not match or precedence < lowest or at.at("=>"):
            return left
        at.position = match.end()
        right = _binary(at, newlines, precedence + 1)
        left = Binary(left.start, right.end, match.group(), left, right)


def _with_steps(at: Scanner, newlines: bool) -> Node:
    term = _term(at, newlines)
    steps = tuple(_steps(at, newlines))
    return Access(term.start, at.position, term, steps) if steps else term


def _steps(at: Scanner, newlines: bool, after_splat: str = "") -> list[Step]:
    """The accesses at the position; after the splat ``.*`` only attributes go on."""
    steps: list[Step] = []
    while True:
        if not newlines:
            at.skip(newlines)
        start = at.position
        if at.at("...") or (after_splat == ".*" and at.at("[")):
            return steps
        if at.take("[*]"):
            inner = tuple(_steps(at, newlines, "[*]"))
            steps.append(Step(start, at.position, "splat", steps=inner))
        elif at.take("["):
            steps.append(_index(at, start))
        elif at.take("."):
            steps.append(_attribute(at, newlines, start))
        else:
            return steps


def _index(at: Scanner, start: int) -> Step:
    index = parse_expression(at, False)
    at.skip(False)
    if not at.take("]"):
        at.fail("missing `]` of an index")
    return Step(start, at.position, "index", key=index)


def _attribute(at: Scanner, newlines: bool, start: int) -> Step:
    at.skip(newlines)
    if at.take("*"):
        inner = tuple(_steps(at, newlines, ".*"))
        return Step(start, at.position, "splat", steps=inner)
    if number := re.compile(r"\d+").match(at.text, at.position):
        at.position = number.end()
        index = Constant(number.start(), number.end(), Fraction(number.group()[:_MOST_DIGITS]))
        return Step(start, at.position, "index", key=index)
    name = at.name()
    if not name:
        at.fail("expected the name of an attribute after `.`")
    return Step(start, at.position, "attribute", name)


def _term(at: Scanner, newlines: bool) -> Node:
    at.skip(newlines)
    start = at.position
    if at.at_end():
        at.fail("expected an expression, but the file ends here")
    char = at.text[start]
    if char == '"':
        return parse_quoted(at)
    if char in "-!":
        return _unary(at, newlines)
    if char == "(":
        return _group(at)
    if char == "[":
        return _tuple(at)
    if char == "{":
        return _object(at)
    if at.at("<<"):
        return parse_heredoc(at)
    if number := _NUMBER.match(at.text, start):
        at.position = number.end()
        return Constant(start, at.position, _number(at, number.group()))
    return _named(at, newlines)


def _number(at: Scanner, text: str) -> Fraction:
    digits, _, exponent = text.lower().partition("e")
    if len(digits) > _MOST_DIGITS or abs(int(exponent[:9] or 0)) > _LARGEST_EXPONENT:
        at.fail("this number is too large", at.position - len(text), at.position)
    return Fraction(text)


def _unary(at: Scanner, newlines: bool) -> Node:
    start = at.position
    operator = at.text[start]
    at.position += 1
    at.enter()
    operand = _with_steps(at, newlines)
    at.leave()
    return Unary(start, operand.end, operator, operand)


def _group(at: Scanner) -> Node:
    start = at.position
    at.position += 1
    inner = parse_expression(at, False)
    at.skip(False)
    if not at.take(")"):
        at.fail("missing `)`")
    return Group(start, at.position, inner)


def _named(at: Scanner, newlines: bool) -> Node:
    start = at.position
    name = at.name()
    if not name:
        at.fail("expected an expression")
    while at.at("::"):
        at.position += 2
        name = f"{name}::{at.name()}"
    end = at.position
    at.skip(newlines)
    if at.at("("):
        return _call(at, start, name)
    at.position = end
    return Constant(start, end, _WORDS[name]) if name in _WORDS else Variable(start, end, name)


def _call(at: Scanner, start: int, name: str) -> Node:
    at.position += 1
    arguments: list[Node] = []
    expand = False
    while not _closes(at, ")"):
        arguments.append(parse_expression(at, False))
        at.skip(False)
        expand = at.take("...")
        if _closes(at, ")"):
            break
        if expand or not at.take(","):
            at.fail(f"expected `,` or `)` after an argument of {name}")
    return Call(start, at.position, name, tuple(arguments), expand)


def _closes(at: Scanner, mark: str) -> bool:
    at.skip(False)
    if at.at_end():
        at.fail(f"missing `{mark}`: the file ends here")
    return at.take(mark)


def _tuple(at: Scanner) -> Node:
    start = at.position
    at.position += 1
    if _is_for(at):
        return _for(at, start, "]")
    items: list[Node] = []
    while not _closes(at, "]"):
        items.append(parse_expression(at, False))
        if _closes(at, "]"):
            break
        if not at.take(","):
            at.fail("expected `,` or `]` after an item of a list")
    return Tuple(start, at.position, tuple(items))


def _is_for(at: Scanner) -> bool:
    at.skip(False)
    match = NAME.match(at.text, at.position)
    return bool(match) and match is not None and match.group() == "for" and _follows_name(at, match.end())


def _follows_name(at: Scanner, end: int) -> bool:
    """Whether what comes after ``for`` is a name: ``{ for = 1 }`` is an object with the key ``for``."""
    rest = re.compile(r"\s*([^\W\d])").match(at.text, end)
    return rest is not None


def _for(at: Scanner, start: int, close: str) -> Node:
    at.name()
    names = at.for_names()
    collection = parse_expression(at, False)
    _expect(at, ":")
    key, value = None, parse_expression(at, False)
    grouped = False
    if close == "}":
        _expect(at, "=>")
        key, value = value, parse_expression(at, False)
        at.skip(False)
        grouped = at.take("...")
    at.skip(False)
    condition = None
    match = NAME.match(at.text, at.position)
    if match and match.group() == "if":
        at.position = match.end()
        condition = parse_expression(at, False)
    _expect(at, close)
    return For(start, at.position, names, collection, key, value, condition, grouped)


def _expect(at: Scanner, mark: str) -> None:
    at.skip(False)
    if not at.take(mark):
        at.fail(f"missing `{mark}` of a for expression")


def _object(at: Scanner) -> Node:
    start = at.position
    at.position += 1
    if _is_for(at):
        return _for(at, start, "}")
    items: list[tuple[Node, Node]] = []
    while not _closes(at, "}"):
        items.append(_member(at))
        at.skip(True)
        if at.take("}"):
            break
        if not at.take(",") and not at.at("\n"):
            at.fail("expected a comma or a line end after a member of an object")
    return Object(start, at.position, tuple(items))


def _member(at: Scanner) -> tuple[Node, Node]:
    key = parse_expression(at, True)
    if isinstance(key, Variable):
        key = Constant(key.start, key.end, key.name)
    elif isinstance(key, Constant) and isinstance(key.value, (bool, type(None))):
        key = Constant(key.start, key.end, at.text[key.start : key.end])
    elif isinstance(key, Access) and isinstance(key.source, Variable):
        at.fail(
            "ambiguous key with a dot",
            key.start,
            key.end,
            "write the key in quotes, or a reference in parentheses",
        )
    at.skip(True)
    if at.at("==") or not (at.take("=") or at.take(":")):
        at.fail("expected `=` or `:` after the key of an object")
    at.skip(True)
    return key, parse_expression(at, True)
