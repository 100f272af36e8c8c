"""The syntax tree of HCL expressions; every node has its first and its last offset in the text.

Source: hashicorp/hcl hclsyntax/spec.md. The tree is shared by HCL files, by the templates in their
heredocs and by the strings of JSON files.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias


class Constant(NamedTuple):
    """A string, a number (a Fraction), a boolean or null."""

    start: int
    end: int
    value: Any


class Variable(NamedTuple):
    """A name."""

    start: int
    end: int
    name: str


class Step(NamedTuple):
    """One access: the name of an attribute, the node of a key, or the steps after a splat."""

    start: int
    end: int
    kind: Literal["attribute", "index", "splat"]
    name: str = ""
    key: Node | None = None
    steps: tuple[Step, ...] = ()


class Access(NamedTuple):
    """``source`` and the steps after it: ``a.b[0]``, ``a[*].b``."""

    start: int
    end: int
    source: Node
    steps: tuple[Step, ...]


class Call(NamedTuple):
    """A function call; ``expand`` is for ``f(list...)``."""

    start: int
    end: int
    name: str
    arguments: tuple[Node, ...]
    expand: bool


class Unary(NamedTuple):
    """``-x`` or ``!x``."""

    start: int
    end: int
    operator: str
    operand: Node


class Binary(NamedTuple):
    """``left operator right``."""

    start: int
    end: int
    operator: str
    left: Node
    right: Node


class Conditional(NamedTuple):
    """``condition ? yes : no``, or ``%{ if }`` in a template."""

    start: int
    end: int
    condition: Node
    yes: Node
    no: Node


class Tuple(NamedTuple):
    """``[a, b]``."""

    start: int
    end: int
    items: tuple[Node, ...]


class Object(NamedTuple):
    """``{ a = 1 }``; a bare name as a key is a Constant."""

    start: int
    end: int
    items: tuple[tuple[Node, Node], ...]


class For(NamedTuple):
    """``[for ...]`` without ``key``, ``{for ...}`` with one; ``grouped`` is for ``...``."""

    start: int
    end: int
    names: tuple[str, ...]
    collection: Node
    key: Node | None
    value: Node
    condition: Node | None
    grouped: bool


class Template(NamedTuple):
    """Parts that are joined as strings."""

    start: int
    end: int
    parts: tuple[Node, ...]


class TemplateFor(NamedTuple):
    """``%{ for }`` of a template: ``body`` for each element, joined."""

    start: int
    end: int
    names: tuple[str, ...]
    collection: Node
    body: Node


class Group(NamedTuple):
    """An expression in parentheses, which may be a key of an object."""

    start: int
    end: int
    inner: Node


Node: TypeAlias = (
    Constant
    | Variable
    | Access
    | Call
    | Unary
    | Binary
    | Conditional
    | Tuple
    | Object
    | For
    | Template
    | TemplateFor
    | Group
)
