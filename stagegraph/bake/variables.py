"""The value of a variable: its default, its type, and the environment that overrides it.

Source: docker/buildx bake/hclparser/hclparser.go, resolveValue; docs/bake-reference.md, Variable typing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from stagegraph.bake.entries import csv_fields, parse_bool
from stagegraph.bake.functions_encoding import json_value
from stagegraph.bake.hcl_body import Attribute, Block
from stagegraph.bake.hcl_expression import parse_expression
from stagegraph.bake.hcl_nodes import Constant
from stagegraph.bake.hcl_scanner import Scanner
from stagegraph.bake.type_constraints import ANY, Type, convert, type_of
from stagegraph.bake.values import UNKNOWN, ListValue, UnsuitableValueError, Value, kind, parse_number, set_of

_JSON = "_JSON"  # the suffix of variables that override with JSON


def variable_value(
    name: str,
    block: Block,
    attribute: Attribute | None,
    environment: Mapping[str, str],
    evaluate: Callable[[Attribute], Value],
) -> Value:
    """The value of the variable ``name``; a global attribute of the same name replaces default and type.

    Raises UnsuitableValueError and BakeError.
    """
    constraint = None if attribute else _constraint(block)
    default = attribute or block.body.attributes.get("default")
    overridden = _overriding(name, constraint, environment)
    if default is None:
        value: Value = None if constraint or overridden else ""
        plain = constraint or Type("string")
    else:
        value = _converted(evaluate(default), constraint, default)
        plain = constraint or _type_of_default(value)
    if overridden is None:
        return value
    text, is_json = overridden
    return _from_json(name, text, plain) if is_json else _from_text(name, text, plain)


def _constraint(block: Block) -> Type | None:
    attribute = block.body.attributes.get("type")
    if attribute is None:
        return None
    node = attribute.node
    if attribute.is_json and isinstance(node, Constant) and isinstance(node.value, str):
        node = parse_expression(Scanner(attribute.lines, node.value, parse_expression), False)
    try:
        return type_of(node)
    except UnsuitableValueError as problem:
        raise attribute.lines.error(str(problem), attribute.node.start, attribute.node.end) from None


def _converted(value: Value, constraint: Type | None, default: Attribute) -> Value:
    try:
        return convert(value, constraint or ANY)
    except UnsuitableValueError as problem:
        message = f"the default does not have the type of the variable: {problem}"
        raise default.lines.error(message, default.node.start, default.node.end) from None


def _overriding(
    name: str, constraint: Type | None, environment: Mapping[str, str]
) -> tuple[str, bool] | None:
    """The text that overrides a variable, and whether it is JSON, which only typed variables take."""
    if constraint and name + _JSON in environment:
        return environment[name + _JSON], True
    return (environment[name], False) if name in environment else None


def _type_of_default(value: Value) -> Type:
    if value is None or value is UNKNOWN:
        return Type("string")
    return Type(kind(value))


def _from_json(name: str, text: str, wanted: Type) -> Value:
    try:
        return convert(json_value(text), wanted)
    except UnsuitableValueError as problem:
        raise UnsuitableValueError(f"{name}{_JSON} of the environment cannot be read: {problem}") from None


def _from_text(name: str, text: str, wanted: Type) -> Value:
    try:
        if (
            wanted.name in ("list", "set")
            and wanted.element
            and wanted.element.name in ("string", "number", "bool", "any")
        ):
            element = wanted.element
            items = [_primitive(field, element.name) for field in csv_fields(text)]
            return ListValue(items) if wanted.name == "list" else set_of(items)
        if wanted.name == "tuple" and wanted.elements:
            return convert(list(csv_fields(text)), wanted)
        if wanted.is_primitive or wanted.name == "any":
            return _primitive(text, wanted.name)
    except UnsuitableValueError as problem:
        raise UnsuitableValueError(
            f"{name} of the environment cannot be read as a {wanted.name}: {problem}"
        ) from None
    hint = (
        f"; give it a type, or set {name}{_JSON}"
        if wanted.name in ("tuple", "object")
        else f"; set {name}{_JSON}"
    )
    raise UnsuitableValueError(f"{name} of the environment cannot override a {wanted.name}{hint}")


def _primitive(text: str, name: str) -> Value:
    if name == "bool":
        return parse_bool(text)
    return _number(text) if name == "number" else text


def _number(text: str) -> Fraction:
    try:
        return Fraction(repr(float(parse_number(text))))  # strconv.ParseFloat has 64 bits
    except (OverflowError, ValueError):
        raise UnsuitableValueError("the number is out of range") from None
