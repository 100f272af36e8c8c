"""The names that an expression uses without binding them itself."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.bake.hcl_nodes import Call, For, Node, Step, TemplateFor, Variable

_Bound = frozenset[str]


def references(node: Node, bound: frozenset[str]) -> Iterator[Variable | Call]:
    """The variables that ``bound`` does not have, and all function calls."""
    waiting: list[tuple[object, _Bound]] = [(node, bound)]
    while waiting:
        one, names = waiting.pop()
        if isinstance(one, Variable):
            if one.name not in names:
                yield one
        elif isinstance(one, (For, TemplateFor)):
            inner = names | set(one.names)
            waiting.append((one.collection, names))
            body = (one.key, one.value, one.condition) if isinstance(one, For) else (one.body,)
            waiting.extend((part, inner) for part in body if part is not None)
        elif isinstance(one, tuple):
            if isinstance(one, Call):
                yield one
            waiting.extend((part, names) for part in _parts(one))


def _parts(node: tuple[object, ...]) -> Iterator[object]:
    """The nodes in a node, or in a step of one."""
    parts = (node.key, *node.steps) if isinstance(node, Step) else node
    return (part for part in parts if isinstance(part, tuple))
