"""Evaluates HCL expressions and templates over the tree of python-hcl2.

Rules: github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md. An unknown operand makes the result UNKNOWN,
unless the rest of the expression decides it. What this does not evaluate (directives, splats, object
``for`` expressions) is UNKNOWN too: it never guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from stagegraph.discovery.hcl_file import (
    HclError,
    HclFile,
    Node,
    heredoc_body,
    parse_template,
    quoted_parts,
)
from stagegraph.discovery.hcl_functions import (
    FUNCTIONS,
    UNKNOWN,
    Function,
    LimitError,
    Limits,
    binary,
    call,
    item,
    logical,
    to_bool,
    to_text,
    unary,
)

_MOST_ROUNDS = 20  # of variables that refer to each other


class Scope(Struct, frozen=True, kw_only=True):
    """The variables and functions that an expression sees, by name."""

    values: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=lambda: FUNCTIONS)
    limits: Limits = field(default_factory=Limits)
    in_loop: bool = False  # a loop within a loop is not evaluated

    def with_values(self, values: Mapping[str, Any]) -> Scope:
        """This scope with ``values`` over its variables."""
        return replace(self, values={**self.values, **values})


def scope_of(file: HclFile) -> Scope:
    """The functions of a file and its variables with their defaults, in any order of definition.

    An attribute outside of all blocks wins over the default of a variable (buildx, bake/hclparser).
    """
    variables = file.of_type("variable")
    defaults = {
        name: block.attributes["default"]
        for name, block in variables.items()
        if "default" in block.attributes
    }
    defaults.update(file.attributes)
    values: dict[str, Any] = dict.fromkeys(variables, UNKNOWN)
    functions = dict(FUNCTIONS)
    scope = Scope(values=values, functions=functions)
    for name, block in file.of_type("function").items():
        functions[name] = _function(block.attributes, scope)
    for _ in range(_MOST_ROUNDS):
        evaluated = {name: evaluate(node, scope) for name, node in defaults.items()}
        if all(name in values and values[name] == value for name, value in evaluated.items()):
            break
        values.update(evaluated)
    return scope


def _function(attributes: Mapping[str, Node], scope: Scope) -> Function:
    """A ``function`` block as a function; it sees the variables of the file."""
    names = _names(attributes.get("params"))
    rest = _names(attributes.get("variadic_params"))[:1]

    def called(*arguments: Any) -> Any:
        if len(arguments) < len(names) or (len(arguments) > len(names) and not rest):
            return UNKNOWN
        own = {
            **dict(zip(names, arguments, strict=False)),
            **{name: list(arguments[len(names) :]) for name in rest},
        }
        return _value(attributes.get("result"), scope.with_values(own))

    return called


def _names(node: Node) -> list[str]:
    """The identifiers of a list, or of one alone; in JSON they are strings."""
    if isinstance(node, (str, list)):
        return [name for name in ([node] if isinstance(node, str) else node) if isinstance(name, str)]
    inner = getattr(node, "expression", None)
    nodes = getattr(inner, "elements", [node])
    inners = [getattr(one, "expression", None) for one in nodes]
    return [one.serialize() for one in inners if one is not None and one.lark_name() == "identifier"]


def evaluate(node: Node, scope: Scope) -> Any:
    """The value of an attribute (see hcl_file) as plain data; UNKNOWN where it cannot be worked out."""
    try:
        return scope.limits.bounded(_value(node, scope))
    except (LimitError, HclError, ValueError, OverflowError, RecursionError):
        return UNKNOWN


def _value(node: Node, scope: Scope) -> Any:
    scope.limits.enter()
    try:
        return _plain(node, scope) if _is_plain(node) else _by_rule(node, scope)
    finally:
        scope.limits.depth -= 1


def _is_plain(node: Node) -> bool:
    return node is None or isinstance(node, (str, int, float, list, dict))


def _plain(node: Any, scope: Scope) -> Any:
    """A value of JSON, whose strings and keys are templates."""
    if isinstance(node, str):
        return _template(node, scope)
    if isinstance(node, list):
        return [_value(one, scope) for one in node]
    if isinstance(node, dict):
        return _table([(_template(key, scope), _value(one, scope)) for key, one in node.items()])
    return node


def _by_rule(node: Any, scope: Scope) -> Any:
    rule = _RULES.get(node.lark_name())
    return rule(node, scope) if rule else UNKNOWN


def _number(node: Any, _scope: Scope) -> Any:
    text = str(node.token.value)
    return int(text) if node.lark_name() == "int_lit" else float(text)


def _literal(node: Any, _scope: Scope) -> Any:
    return {"true": True, "false": False, "null": None}[str(node.token.value)]


def _variable(node: Any, scope: Scope) -> Any:
    return scope.values.get(str(node.token.value), UNKNOWN)


def _conditional(node: Any, scope: Scope) -> Any:
    condition = to_bool(_value(node.condition, scope))
    if condition is UNKNOWN:
        both = _value(node.if_true, scope), _value(node.if_false, scope)
        return both[0] if both[0] == both[1] else UNKNOWN
    return _value(node.if_true if condition else node.if_false, scope)


def _binary(node: Any, scope: Scope) -> Any:
    operator = str(node.binary_term.binary_operator.token.value)
    left, right = _value(node.expr_term, scope), node.binary_term.expr_term
    if operator in ("&&", "||"):
        return logical(operator, to_bool(left), lambda: to_bool(_value(right, scope)))
    return binary(operator, left, _value(right, scope))


def _unary(node: Any, scope: Scope) -> Any:
    return unary(node.operator.strip(), _value(node.expr_term, scope))


def _index(node: Any, scope: Scope) -> Any:
    owner, index = node.children
    short = index.lark_name() == "short_index"
    key = int(index.index.value) if short else _value(index.index_expression, scope)
    return item(_value(owner, scope), key)


def _attribute(node: Any, scope: Scope) -> Any:
    return item(_value(node.expr_term, scope), str(node.get_attr.identifier.token.value))


def _call(node: Any, scope: Scope) -> Any:
    names = [str(one.token.value) for one in node.identifiers]
    if len(names) != 1 or (node.arguments and node.arguments.has_ellipsis):
        return UNKNOWN  # a list is spread into arguments
    values = [_value(one, scope) for one in (node.arguments.arguments if node.arguments else ())]
    return scope.limits.bounded(call(scope.functions.get(names[0]), values))


def _object(node: Any, scope: Scope) -> Any:
    return _table([(_key(one.key, scope), _value(one.expression, scope)) for one in node.elements])


def _key(key: Any, scope: Scope) -> Any:
    if key.lark_name() == "object_elem_key_expr":
        return _value(key.expression, scope)
    if key.value.lark_name() == "identifier":
        return str(key.value.token.value)
    return _value(key.value, scope)


def _table(pairs: list[tuple[Any, Any]]) -> Any:
    if not all(isinstance(key, (str, int, float)) for key, _ in pairs):
        return UNKNOWN
    return {to_text(key): value for key, value in pairs}


def _for(node: Any, scope: Scope) -> Any:
    """``[for NAMES in SOURCE : VALUE if CONDITION]``."""
    if scope.in_loop:
        raise LimitError
    intro = node.for_intro
    source = _value(intro.iterable, scope)
    if not isinstance(source, (list, dict)):
        return UNKNOWN
    names = [str(one.token.value) for one in (intro.first_iterator, intro.second_iterator) if one]
    result = []
    for pair in source.items() if isinstance(source, dict) else enumerate(source):
        own = dict(zip(names, pair[-len(names) :], strict=True))
        inner = replace(scope.with_values(own), in_loop=True)
        kept = to_bool(_value(node.condition.condition_expr, inner)) if node.condition else True
        if kept is UNKNOWN:
            return UNKNOWN
        if kept:
            result.append(_value(node.value_expr, inner))
    return result


def _string(node: Any, scope: Scope) -> Any:
    return _joined(quoted_parts(node), scope)


def _heredoc(node: Any, scope: Scope) -> Any:
    body = heredoc_body(node)
    return _template(dedent(body) if node.lark_name().endswith("trim") else body, scope)


def _template(text: str, scope: Scope) -> Any:
    return _joined(parse_template(text, scope.limits.spend), scope)


def _joined(parts: list[str | Node], scope: Scope) -> Any:
    if len(parts) == 1 and not isinstance(parts[0], str):
        return _value(parts[0], scope)  # "${x}" is x itself, whatever its type
    values = [part if isinstance(part, str) else _value(part, scope) for part in parts]
    if not all(isinstance(one, (str, int, float)) for one in values):
        return UNKNOWN
    return scope.limits.bounded("".join(map(to_text, values)))


_RULES: dict[str, Callable[[Any, Scope], Any]] = {
    "expr_term": lambda node, scope: _value(node.expression, scope),
    "int_lit": _number,
    "float_lit": _number,
    "literal_value": _literal,
    "identifier": _variable,
    "string": _string,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "tuple": lambda node, scope: [_value(one, scope) for one in node.elements],
    "object": _object,
    "conditional": _conditional,
    "binary_op": _binary,
    "unary_op": _unary,
    "index_expr_term": _index,
    "get_attr_expr_term": _attribute,
    "function_call": _call,
    "for_tuple_expr": _for,
}
