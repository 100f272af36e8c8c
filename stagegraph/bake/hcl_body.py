"""Parses HCL files into attributes and blocks (hashicorp/hcl hclsyntax/parser.go, ParseBody)."""

from __future__ import annotations

from typing import NamedTuple

from stagegraph.bake.hcl_expression import parse_expression
from stagegraph.bake.hcl_nodes import Constant, Node
from stagegraph.bake.hcl_scanner import Lines, Scanner
from stagegraph.bake.hcl_template import parse_quoted


class Attribute(NamedTuple):
    """``name = node``, in the file of ``lines``."""

    name: str
    node: Node
    lines: Lines
    start: int
    is_json: bool = False


class Block(NamedTuple):
    """A block with its labels; ``start`` is the offset of its first label, or of its type."""

    type: str
    labels: tuple[str, ...]
    body: Body
    lines: Lines
    start: int
    end: int


class Body(NamedTuple):
    """The attributes by name, and the blocks in order."""

    attributes: dict[str, Attribute]
    blocks: list[Block]

    def of_type(self, block_type: str) -> list[Block]:
        """The blocks of one type."""
        return [block for block in self.blocks if block.type == block_type]


def parse_hcl(name: str, text: str) -> Body:
    """The attributes and blocks of the HCL file ``name``. Raises BakeError."""
    at = Scanner(Lines(name, text), text, parse_expression)
    at.take("\ufeff")
    body = _body(at)
    if not at.at_end():
        at.fail("unexpected `}`")
    return body


def _body(at: Scanner) -> Body:
    body = Body({}, [])
    while True:
        at.skip(False)
        if at.at_end() or at.at("}"):
            return body
        _item(at, body)
        at.skip(True)
        if not at.at_end() and not at.at("\n") and not at.at("}"):
            at.fail("expected a line end here", hint="write each attribute and each block on its own line")


def _item(at: Scanner, body: Body) -> None:
    start = at.position
    name = at.name()
    if not name:
        at.fail("expected the name of an attribute or of a block")
    at.skip(True)
    if at.at("=") and not at.at("=="):
        at.position += 1
        if name in body.attributes:
            line = at.lines.line(body.attributes[name].start)
            at.fail(f"`{name}` is already set in line {line}", start, start + len(name))
        body.attributes[name] = Attribute(name, parse_expression(at, True), at.lines, start)
    else:
        body.blocks.append(_block(at, name, start))


def _block(at: Scanner, block_type: str, start: int) -> Block:
    labels: list[str] = []
    label_start = start
    while not at.take("{"):
        label_start = label_start if labels else at.position
        labels.append(_label(at, block_type))
        at.skip(True)
    end = at.position
    at.enter()
    body = _body(at)
    at.leave()
    if not at.take("}"):
        at.fail(f"the block {block_type} has no `}}`: the file ends here", start, end)
    return Block(block_type, tuple(labels), body, at.lines, label_start, end)


def _label(at: Scanner, block_type: str) -> str:
    if not at.at('"'):
        return at.name() or at.fail(f"expected `=`, a label or `{{` after {block_type}")
    label = parse_quoted(at)
    if not isinstance(label, Constant):
        at.fail("a label cannot have an interpolation", label.start, label.end)
    return str(label.value)
