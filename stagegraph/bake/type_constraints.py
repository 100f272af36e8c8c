"""Type constraints of variables and of ``convert`` (hashicorp/hcl ext/typeexpr), and conversion to them."""

from __future__ import annotations

from typing import NamedTuple

from stagegraph.bake.hcl_nodes import Call, Constant, Group, Node, Object, Tuple, Variable
from stagegraph.bake.values import (
    UNKNOWN,
    ListValue,
    MapValue,
    UnsuitableValueError,
    Value,
    kind,
    set_of,
    to_bool,
    to_items,
    to_members,
    to_number,
    to_text,
)


class Type(NamedTuple):
    """``name`` with its element type, attributes or elements; an ``optional`` attribute may be left out."""

    name: str
    element: Type | None = None
    attributes: tuple[tuple[str, Type], ...] = ()
    elements: tuple[Type, ...] = ()
    optional: bool = False

    @property
    def is_primitive(self) -> bool:
        """Whether it is string, number or bool."""
        return self.name in ("string", "number", "bool")


ANY = Type("any")


def type_of(node: Node) -> Type:
    """The type that the expression ``node`` names; UnsuitableValueError if it names none."""
    if isinstance(node, Group):
        return type_of(node.inner)
    name = node.name if isinstance(node, (Variable, Call)) else ""
    if isinstance(node, Variable) and name in ("string", "number", "bool", "any"):
        return Type(name)
    if isinstance(node, Call) and len(node.arguments) == 1:
        argument = node.arguments[0]
        if name in ("list", "set", "map"):
            return Type(name, type_of(argument))
        if name == "tuple" and isinstance(argument, Tuple):
            return Type(name, elements=tuple(type_of(item) for item in argument.items))
        if name == "object" and isinstance(argument, Object):
            return Type(name, attributes=tuple(_attribute(*item) for item in argument.items))
    raise UnsuitableValueError(
        "not a type: use string, number, bool, any, list(), set(), map(), object() or tuple()"
    )


def _attribute(key: Node, value: Node) -> tuple[str, Type]:
    if not isinstance(key, Constant):
        raise UnsuitableValueError("the attributes of object() must be names")
    if isinstance(value, Call) and value.name == "optional":
        if len(value.arguments) != 1:  # defaults are not for bake (typeexpr.TypeConstraint)
            raise UnsuitableValueError("optional() takes one argument, the type")
        return str(key.value), type_of(value.arguments[0])._replace(optional=True)
    return str(key.value), type_of(value)


def convert(value: Value, wanted: Type) -> Value:
    """``value`` in the type ``wanted``; UnsuitableValueError if it cannot be converted."""
    if value is None or value is UNKNOWN or wanted.name == "any":
        return value
    if wanted.name in ("list", "set") and wanted.element:
        items = [convert(item, wanted.element) for item in to_items(value)]
        return ListValue(items) if wanted.name == "list" else set_of(items)
    if wanted.name == "map" and wanted.element:
        element = wanted.element
        return MapValue({key: convert(item, element) for key, item in to_members(value).items()})
    if wanted.name == "object":
        return _object(to_members(value), wanted)
    if wanted.name == "tuple":
        return _tuple(to_items(value), wanted)
    return {"string": to_text, "number": to_number, "bool": to_bool}[wanted.name](value)


def _object(members: dict[str, Value], wanted: Type) -> Value:
    missing = [name for name, one in wanted.attributes if name not in members and not one.optional]
    if missing:
        raise UnsuitableValueError(f"the attribute {missing[0]} is required")
    return {name: convert(members.get(name), one) for name, one in wanted.attributes}


def _tuple(items: list[Value], wanted: Type) -> Value:
    if len(items) != len(wanted.elements):
        raise UnsuitableValueError(
            f"a tuple of {len(wanted.elements)} elements is required, not {kind(items)}"
        )
    return [convert(item, one) for item, one in zip(items, wanted.elements, strict=True)]
