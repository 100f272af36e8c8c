"""Reads HCL and JSON bake files into blocks with line numbers; the only module that imports hcl2.

The value of an attribute is not evaluated: in HCL it is a node of python-hcl2's tree (``hcl2.rules``),
whose ``lark_name()`` is the name of its grammar rule; in JSON it is the plain value, whose strings are
templates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

_LONGEST_INTERPOLATION = 2_000  # characters
_MOST_BRACES = 20  # in one interpolation
_STEPS_PER_CHARACTER = 5  # what parsing costs, compared with evaluating
Node = Any  # a rule of hcl2.rules, or a plain JSON value
Blocks = dict[str, dict[str, "Block"]]


class HclError(ValueError):
    """The text is not valid HCL, or not valid JSON."""


class Block(Struct, frozen=True, kw_only=True):
    """One block: its first line, from 1, and its attributes by name."""

    line: int
    attributes: Mapping[str, Node] = field(default_factory=dict)


class HclFile(Struct, frozen=True, kw_only=True):
    """The blocks of a file by type and label, and the attributes outside of all blocks."""

    blocks: Mapping[str, Mapping[str, Block]]
    attributes: Mapping[str, Node] = field(default_factory=dict)

    def of_type(self, block_type: str) -> Mapping[str, Block]:
        """The blocks of a type by label, in the order of the file."""
        return self.blocks.get(block_type, {})


def read_hcl(text: str) -> HclFile:
    """The blocks of ``text``; blocks with the same type and label are merged, later attributes win.

    Raises HclError.
    """
    blocks: Blocks = {}
    attributes: dict[str, Node] = {}
    for item in _body(text):
        if item.lark_name() == "attribute":
            attributes[_name(item.identifier)] = item.expression
        elif item.lark_name() == "block" and len(item.labels) > 1:
            _add(blocks, item)
    return HclFile(blocks=blocks, attributes=attributes)


def _add(blocks: Blocks, item: Node) -> None:
    same_type = blocks.setdefault(_name(item.labels[0]), {})
    own = {
        _name(child.identifier): child.expression
        for child in item.body.children
        if child.lark_name() == "attribute"
    }
    label = _name(item.labels[1])
    earlier = same_type.get(label) or Block(line=item.labels[0].to_lark().meta.line)
    same_type[label] = Block(line=earlier.line, attributes={**earlier.attributes, **own})


def _name(node: Node) -> str:
    return str(node.serialize()).strip('"')


def _body(text: str) -> list[Node]:
    import hcl2

    try:
        return list(hcl2.parses(text, discard_comments=True).body.children)
    except RecursionError:
        raise HclError("it is nested too deeply") from None
    except Exception as error:  # errors of lark and of hcl2, which share no base class
        line = getattr(error, "line", None)
        known = isinstance(line, int) and line > 0
        raise HclError("invalid HCL" + (f" in line {line}" if known else "")) from None


@lru_cache(maxsize=1024)
def parse_expression(text: str) -> Node:
    """The node of one expression. Raises HclError."""
    # in parentheses an expression may go over several lines
    items = _body(f"x = (\n{text}\n)")
    if len(items) != 1 or items[0].lark_name() != "attribute":
        raise HclError("not one expression")
    return items[0].expression


def quoted_parts(string: Node) -> list[str | Node]:
    """The parts of a quoted template: literal text, and the nodes of what is interpolated."""
    return [_part(part.content) for part in string.string_parts]


def _part(content: Node) -> str | Node:
    from hcl2.utils import process_escape_sequences

    kind = content.lark_name()
    if kind == "STRING_CHARS":
        return process_escape_sequences(str(content.value))
    if kind in ("ESCAPED_INTERPOLATION", "ESCAPED_DIRECTIVE"):
        text = str(content.value)[1:]
        if "${" in text[2:] or "%{" in text[2:]:  # hcl2 takes all up to the next brace for text
            raise HclError("an interpolation within an escaped one")
        return process_escape_sequences(text)
    return content.expression if kind == "interpolation" else content


def heredoc_body(heredoc: Node) -> str:
    """The lines of a heredoc, without the end of the last one."""
    _, _, body = str(heredoc.heredoc.value).partition("\n")
    return re.sub(r"\r?\n?[ \t]*[\w.-]+\s*\Z", "", body)


def parse_template(text: str, spend: Callable[[int], None]) -> list[str | Node]:
    """The parts of a template without quotes (of JSON, of a heredoc), where a backslash is a backslash.

    ``spend`` is called with the cost of each attempt to parse and may raise. Raises HclError.
    """
    parts: list[str | Node] = []
    position = 0
    for mark in _marks(text):
        if mark.start() < position:
            continue  # within the interpolation before
        parts.append(text[position : mark.start()])
        position = mark.end()
        if mark[0] == "%{":
            raise HclError("directives are not evaluated")
        if mark[0] == "${":
            node, position = _interpolation(text, position, spend)
            parts.append(node)
        else:
            parts.append(mark[0][1:])
    return [part for part in (*parts, text[position:]) if part != ""]


def _marks(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"\$\$\{|%%\{|\$\{|%\{", text) if "{" in text else iter(())


def _interpolation(text: str, start: int, spend: Callable[[int], None]) -> tuple[Node, int]:
    """The expression at ``start`` and the offset behind its closing brace.

    That is the first brace with an expression before it: at an earlier one, which is in a string or
    closes an object, a quote or a brace is still open.
    """
    end = start
    for _ in range(_MOST_BRACES):
        end = text.find("}", end, start + _LONGEST_INTERPOLATION)
        if end < 0:
            break
        spend((end - start) * _STEPS_PER_CHARACTER)
        try:
            return parse_expression(text[start:end]), end + 1
        except HclError:
            end += 1
    raise HclError("an interpolation without end")


def read_json(text: str) -> HclFile:
    """The blocks of a JSON bake file: members that are objects of objects. Raises HclError.

    A list of objects stands for several blocks of the same type or label, which are merged
    (github.com/hashicorp/hcl/blob/main/json/spec.md).
    """
    try:
        root = json.loads(text)
    except RecursionError:
        raise HclError("it is nested too deeply") from None
    except ValueError:
        root = None
    if not isinstance(root, dict):
        raise HclError("invalid JSON")
    blocks: Blocks = {}
    line, counted = 1, 0
    for block_type, offset in _members(text, 0):
        line, counted = line + text.count("\n", counted, offset), offset
        if isinstance(root[block_type], dict):
            blocks[block_type] = dict(_json_blocks(text, offset, root[block_type]))
        elif isinstance(root[block_type], list):
            blocks[block_type] = _listed_blocks(root[block_type], line)
    return HclFile(blocks=blocks)


def _json_blocks(text: str, start: int, values: Mapping[str, Any]) -> Iterator[tuple[str, Block]]:
    """The members of the object at ``start`` that are objects, as blocks."""
    line, counted = 1, 0
    for label, offset in _members(text, start):
        line, counted = line + text.count("\n", counted, offset), offset
        if (attributes := _attributes(values[label])) is not None:
            yield label, Block(line=line, attributes=attributes)


def _listed_blocks(values: list[Any], line: int) -> dict[str, Block]:
    """The blocks of a list of objects of objects, all at ``line``."""
    merged: dict[str, dict[str, Any]] = {}
    for labels in values:
        for label, value in labels.items() if isinstance(labels, dict) else ():
            if (attributes := _attributes(value)) is not None:
                merged.setdefault(label, {}).update(attributes)
    return {label: Block(line=line, attributes=attributes) for label, attributes in merged.items()}


def _attributes(value: Any) -> dict[str, Any] | None:
    """The attributes of a block: an object, or a list of objects; None for another value."""
    if not isinstance(value, list):
        return value if isinstance(value, dict) else None
    tables = [one for one in value if isinstance(one, dict)]
    return {name: one for table in tables for name, one in table.items()} if tables else None


def _members(text: str, start: int) -> Iterator[tuple[str, int]]:
    """The keys of the object that begins at or after ``start``, each with the offset of its value.

    The json module does not tell offsets: this walks one level, and json reads the keys and the values.
    ``text`` must be valid JSON.
    """
    decoder = json.JSONDecoder()
    position = _behind(text, "{", start)
    while not text.startswith("}", position):
        key, end = decoder.raw_decode(text, position)
        value = _behind(text, ":", end)
        yield key, value
        _, end = decoder.raw_decode(text, value)
        position = _behind(text, ",", end)


def _behind(text: str, mark: str, start: int) -> int:
    """The offset of the next token, with ``mark`` skipped if it is there."""
    position = _space(text, start)
    return _space(text, position + 1) if text.startswith(mark, position) else position


def _space(text: str, start: int) -> int:
    while text.startswith((" ", "\t", "\r", "\n"), start):
        start += 1
    return start
