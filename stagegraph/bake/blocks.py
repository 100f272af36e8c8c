"""The groups and targets of HCL and JSON files: matrices, names, and the values of attributes.

Source: docker/buildx bake/hclparser/hclparser.go, resolveBlock; bake/bake.go, GetEvalContexts and GetName.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from itertools import product
from math import prod
from typing import Any

from stagegraph.bake.definitions import RESERVED, Definitions
from stagegraph.bake.fields import FIELDS, Fields, expression_value, read_field
from stagegraph.bake.hcl_body import Attribute, Block, Body
from stagegraph.bake.hcl_nodes import Step
from stagegraph.bake.hcl_scanner import Lines
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError, Value, to_text
from stagegraph.errors import BakeError

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_MOST_COMBINATIONS = 10_000
_OF_GROUP = ("description", "targets")


def check_name(name: str) -> str:
    """``name``; UnsuitableValueError if a target cannot have it."""
    if not _NAME.fullmatch(name):
        raise UnsuitableValueError(f"`{name}` cannot name a target: use letters, digits, `_` and `-`")
    return name


class NamedBlock:
    """One group, or one target of a matrix; attributes are read when they are needed."""

    def __init__(self, block: Block, name: str, names: Mapping[str, Value], definitions: Definitions) -> None:
        self.block = block
        self.name = name
        self.names = names
        self._definitions = definitions
        self._values: dict[str, Any] = {}
        self._in_progress: set[str] = set()

    @property
    def line(self) -> int:
        """The line of its name."""
        return self.block.lines.line(self.block.start)

    @property
    def lines(self) -> Lines:
        """Its file."""
        return self.block.lines

    def read(self, key: str) -> Any:
        """The value of an attribute as ``bake --print`` prints it; None if it is not set or null."""
        if key not in self._values:
            attribute = self.block.body.attributes.get(key)
            self._values[key] = None if attribute is None else self._read(key, attribute)
        return self._values[key]

    def _read(self, key: str, attribute: Attribute) -> Any:
        if key in self._in_progress:
            raise UnsuitableValueError(f"{self.block.type}.{self.name}.{key} depends on itself")
        self._in_progress.add(key)
        try:
            value = self._definitions.evaluate(attribute, self.names)
            return read_field("inherits" if key == "targets" else key, value)
        except UnsuitableValueError as problem:
            node = attribute.node
            message = str(problem) if str(problem).startswith(f"{key} ") else f"{key}: {problem}"
            raise attribute.lines.error(message, node.start, node.end) from None
        finally:
            self._in_progress.discard(key)

    def fields(self) -> Fields:
        """All attributes that are set."""
        known = _OF_GROUP if self.block.type == "group" else FIELDS
        values = {key: self.read(key) for key in known if key in self.block.body.attributes}
        return {key: value for key, value in values.items() if value is not None}


class BlockTable:
    """All groups and targets in the order of the files; what ``target.x`` refers to.

    With ``tolerant``, blocks whose names cannot be computed are left out instead of an error.
    """

    def __init__(self, bodies: list[Body], definitions: Definitions, *, tolerant: bool = False) -> None:
        self.named: list[NamedBlock] = []
        self.renamed: dict[str, list[str]] = {}
        self._definitions = definitions
        definitions.blocks = self
        for body in bodies:
            for block in body.blocks:
                if block.type in RESERVED:
                    with suppress(*([BakeError] if tolerant else [])):
                        self._add(block)

    def _add(self, block: Block) -> None:
        if len(block.labels) != 1:
            raise block.lines.error(f"a {block.type} needs one name in quotes", block.start, block.end)
        label = block.labels[0]
        try:
            check_name(label)
            names = []
            for bound in self._combinations(block):
                one = NamedBlock(block, self._name(block, bound), bound, self._definitions)
                self.named.append(one)
                names.append(one.name)
            repeated = next((name for name, count in Counter(names).items() if count > 1), None)
            if repeated is not None:
                raise UnsuitableValueError(f"the matrix of {label} makes the name {repeated} twice")
        except UnsuitableValueError as problem:
            raise block.lines.error(str(problem), block.start, block.end) from None
        if block.type == "target":
            self.renamed.setdefault(label, []).extend(names)

    def _combinations(self, block: Block) -> list[dict[str, Value]]:
        attribute = block.body.attributes.get("matrix")
        if attribute is None:
            return [{}]
        if block.type == "group":
            raise _at(attribute, "a group cannot have a matrix")
        matrix = self._definitions.evaluate(attribute)
        if matrix is UNKNOWN or (isinstance(matrix, dict) and UNKNOWN in matrix.values()):
            raise _at(attribute, "the matrix depends on the time, on chance or on the machine")
        if not isinstance(matrix, dict):
            raise _at(attribute, "matrix must be a map of lists")
        axes = {name: _axis(attribute, values) for name, values in sorted(matrix.items())}
        if prod(map(len, axes.values())) > _MOST_COMBINATIONS:
            raise _at(attribute, f"this matrix has more than {_MOST_COMBINATIONS} combinations")
        # the last axis in the order of the names changes slowest
        combinations = product(*reversed(axes.values()))
        return [dict(zip(reversed(axes), values, strict=True)) for values in combinations]

    def _name(self, block: Block, bound: dict[str, Value]) -> str:
        attribute = block.body.attributes.get("name")
        if attribute is None:
            return block.labels[0]
        if block.type == "group" or "matrix" not in block.body.attributes:
            raise _at(attribute, "a name needs a matrix")
        value = self._definitions.evaluate(attribute, bound)
        if value is UNKNOWN:
            raise _at(attribute, "the name depends on the time, on chance or on the machine")
        try:
            return check_name(to_text(value))
        except UnsuitableValueError as problem:
            raise _at(attribute, str(problem)) from None

    def reference(self, block_type: str, steps: tuple[Step, ...]) -> Value:
        """``target.x.args``: own attributes of the last block with that name, as far as they are read."""
        if not steps:
            raise UnsuitableValueError(f"{block_type} cannot be used without the name of a {block_type}")
        if steps[0].kind != "attribute":
            raise UnsuitableValueError(f"write {block_type}.NAME")
        name = steps[0].name
        found = [one for one in self.named if one.block.type == block_type and one.name == name]
        if not found:
            raise UnsuitableValueError(f"there is no {block_type} named {name}")
        known = _OF_GROUP if block_type == "group" else tuple(FIELDS)
        asked = {steps[1].name} if len(steps) > 1 and steps[1].kind == "attribute" else set(known)
        values = {key: found[-1].read(key) if key in asked else None for key in known}
        members = {key: expression_value(value) for key, value in values.items()}
        return {name: {"name": name, **members, "description": values["description"] or ""}}


def _axis(attribute: Attribute, values: Value) -> list[Value]:
    if isinstance(values, dict):
        return [value for _, value in sorted(values.items())]
    if not isinstance(values, list):
        raise _at(attribute, "each value of a matrix must be a list")
    return values


def _at(attribute: Attribute, message: str) -> BakeError:
    return attribute.lines.error(message, attribute.node.start, attribute.node.end)
