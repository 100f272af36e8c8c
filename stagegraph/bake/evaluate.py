"""Evaluates HCL expressions (hashicorp/hcl hclsyntax/expression.go), with a bound on the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Protocol

from msgspec import Struct

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
    Template,
    TemplateFor,
    Tuple,
    Unary,
    Variable,
)
from stagegraph.bake.hcl_scanner import Lines
from stagegraph.bake.operations import attribute, index, operate
from stagegraph.bake.values import (
    UNKNOWN,
    UnsuitableValueError,
    Value,
    has_unknown,
    kind,
    to_bool,
    to_members,
    to_number,
    to_text,
    unified,
)
from stagegraph.errors import BakeError

MOST_STEPS = 400_000
_MOST_CHARACTERS = 10_000_000
_DEEPEST = 150
_LARGEST_VALUE = 500_000  # values in a list or a map
_COST_OF_ELEMENT = 4  # characters


class EvaluationError(BakeError):
    """The value of an expression cannot be computed; ``try`` and ``can`` catch it."""


class TooMuchError(Exception):
    """An evaluation makes too much text."""


class Globals(Protocol):
    """Where an expression finds the names that it does not bind itself."""

    def value(self, name: str, steps: tuple[Step, ...]) -> Value:
        """The value of a variable; ``steps`` is what is read of it. UnsuitableValueError if there is none."""

    def call(self, name: str, arguments: list[Value], evaluator: Evaluator) -> Value:
        """The result of a function. UnsuitableValueError if it has none."""


class Scope(Struct, frozen=True, kw_only=True):
    """The file of an expression, and the names that are bound around it."""

    lines: Lines
    names: Mapping[str, Value] = {}


class Evaluator:
    """Evaluates expressions of one set of files; all share one budget of work, ``most_steps``."""

    def __init__(self, found: Globals, most_steps: int = MOST_STEPS) -> None:
        self._most_steps = most_steps
        self._globals = found
        self._steps = 0
        self._characters = 0
        self._depth = 0
        self._sizes: dict[int, tuple[tuple[int, int], Value]] = {}

    def evaluate(self, node: Node, scope: Scope) -> Value:
        """The value of ``node``. Raises EvaluationError, and BakeError if it is too much work."""
        self._steps += 1
        self._depth += 1
        try:
            if self._steps > self._most_steps or self._depth > _DEEPEST:
                raise self._too_much(node, scope)
            value = _BY_TYPE[type(node)](self, node, scope)
            self._size(value)
            return value
        except UnsuitableValueError as problem:
            raise self._error(str(problem), node, scope) from None
        except (RecursionError, TooMuchError) as error:
            raise self._too_much(node, scope, isinstance(error, RecursionError)) from None
        finally:
            self._depth -= 1

    def spend(self, characters: int) -> None:
        """Counts the characters or the elements of a result; UnsuitableValueError if they are too many."""
        self._characters += characters
        self._steps += characters // 1000
        if self._characters > _MOST_CHARACTERS:
            raise TooMuchError

    def _error(self, message: str, node: Node, scope: Scope) -> EvaluationError:
        return EvaluationError(
            message, source=scope.lines.source, span=scope.lines.span(node.start, node.end)
        )

    def _size(self, value: Value) -> tuple[int, int]:
        """How many values ``value`` holds, counting shared ones again, and how deep; TooMuchError."""
        if not isinstance(value, (list, dict)):
            return 1, 0
        if id(value) in self._sizes:
            return self._sizes[id(value)][0]
        inner = [self._size(item) for item in (value.values() if isinstance(value, dict) else value)]
        size = 1 + sum(one for one, _ in inner), 1 + max((one for _, one in inner), default=0)
        if size[0] > _LARGEST_VALUE or size[1] > _DEEPEST:
            raise TooMuchError
        self._sizes[id(value)] = size, value  # which keeps the id in use
        return size

    def _too_much(self, node: Node, scope: Scope, deep: bool = False) -> BakeError:
        message = "the expressions of this file are too much work to evaluate"
        if deep or self._depth > _DEEPEST:
            message = "calls and expressions are nested too deeply"
        return scope.lines.error(message, node.start, node.end)

    def constant(self, node: Constant, scope: Scope) -> Value:
        """The value itself."""
        return node.value

    def variable(self, node: Variable, scope: Scope) -> Value:
        """The value of a bound name, or of a global one."""
        if node.name in scope.names:
            return scope.names[node.name]
        return self._globals.value(node.name, ())

    def group(self, node: Group, scope: Scope) -> Value:
        """The value between parentheses."""
        return self.evaluate(node.inner, scope)

    def access(self, node: Access, scope: Scope) -> Value:
        """The value after all steps."""
        source = node.source
        if isinstance(source, Variable) and source.name not in scope.names:
            try:
                value = self._globals.value(source.name, node.steps)
            except UnsuitableValueError as problem:
                raise self._error(str(problem), source, scope) from None
        else:
            value = self.evaluate(source, scope)
        return self._follow(value, node.steps, scope)

    def _follow(self, value: Value, steps: tuple[Step, ...], scope: Scope) -> Value:
        for step in steps:
            if value is UNKNOWN:
                return UNKNOWN
            try:
                value = self._step(value, step, scope)
            except UnsuitableValueError as problem:
                span = scope.lines.span(step.start, step.end)
                raise EvaluationError(str(problem), source=scope.lines.source, span=span) from None
        return value

    def _step(self, value: Value, step: Step, scope: Scope) -> Value:
        if step.kind == "splat":
            items = value if isinstance(value, list) else [value] if value is not None else []
            return [self._follow(item, step.steps, scope) for item in items]
        if step.kind == "attribute":
            return attribute(value, step.name)
        assert step.key is not None
        return index(value, self.evaluate(step.key, scope))

    def unary(self, node: Unary, scope: Scope) -> Value:
        """``-x`` or ``!x``."""
        value = self.evaluate(node.operand, scope)
        if value is UNKNOWN:
            return UNKNOWN
        return -to_number(value) if node.operator == "-" else not to_bool(value)

    def binary(self, node: Binary, scope: Scope) -> Value:
        """A binary operation; chains are evaluated without recursion on the left."""
        chain = [node]
        while isinstance(chain[-1].left, Binary):
            chain.append(chain[-1].left)
        value = self.evaluate(chain[-1].left, scope)
        for one in reversed(chain):
            right = self.evaluate(one.right, scope)
            self.spend(_COST_OF_ELEMENT * self._size(right)[0])
            if value is UNKNOWN or right is UNKNOWN:
                value = UNKNOWN
                continue
            try:
                value = operate(one.operator, value, right)
            except UnsuitableValueError as problem:
                raise self._error(str(problem), one, scope) from None
        return value

    def conditional(self, node: Conditional, scope: Scope) -> Value:
        """One of two results; the other one is evaluated for its type, and its errors do not count."""
        condition = self.evaluate(node.condition, scope)
        if condition is None:
            raise UnsuitableValueError("the condition is null")
        if condition is UNKNOWN:
            return UNKNOWN
        chosen, other = (node.yes, node.no) if to_bool(condition) else (node.no, node.yes)
        value = self.evaluate(chosen, scope)
        try:
            unchosen = self.evaluate(other, scope)
        except EvaluationError:
            return value
        return unified(value, unchosen)[0]

    def tuple_(self, node: Tuple, scope: Scope) -> Value:
        """A tuple."""
        return [self.evaluate(item, scope) for item in node.items]

    def object_(self, node: Object, scope: Scope) -> Value:
        """An object; of two equal keys the later one counts."""
        members: dict[str, Value] = {}
        for key, value in node.items:
            name = self.evaluate(key, scope)
            if name is None:
                raise self._error("a key of an object is null", key, scope)
            if name is UNKNOWN:
                return UNKNOWN
            members[to_text(name)] = self.evaluate(value, scope)
        return members

    def template(self, node: Template, scope: Scope) -> Value:
        """The parts, joined."""
        parts = []
        for part in node.parts:
            value = self.evaluate(part, scope)
            if value is None:
                raise self._error("a null value cannot be part of a string", part, scope)
            try:
                parts.append(value if value is UNKNOWN else to_text(value))
            except UnsuitableValueError as problem:
                raise self._error(str(problem), part, scope) from None
        texts = [part for part in parts if isinstance(part, str)]
        self.spend(sum(map(len, texts)))
        return "".join(texts) if len(texts) == len(parts) else UNKNOWN

    def template_for(self, node: TemplateFor, scope: Scope) -> Value:
        """The body of a template for each element."""
        elements = self._elements(node.collection, scope)
        if elements is None:
            return UNKNOWN
        results = [self.evaluate(node.body, _bound(scope, node.names, *pair)) for pair in elements]
        return UNKNOWN if UNKNOWN in results else "".join(results)

    def for_expression(self, node: For, scope: Scope) -> Value:
        """A tuple or an object for the elements of a collection."""
        elements = self._elements(node.collection, scope)
        if elements is None:
            return UNKNOWN
        results: list[Value] = []
        members: dict[str, Any] = {}
        for pair in elements:
            inner = _bound(scope, node.names, *pair)
            if node.condition is not None:
                condition = self.evaluate(node.condition, inner)
                if condition is UNKNOWN:
                    return UNKNOWN
                if not to_bool(condition):
                    continue
            if node.key is None:
                results.append(self.evaluate(node.value, inner))
            elif self._member(node, inner, members) is UNKNOWN:
                return UNKNOWN
        return results if node.key is None else members

    def _member(self, node: For, scope: Scope, members: dict[str, Any]) -> Value:
        assert node.key is not None
        key = self.evaluate(node.key, scope)
        if key is UNKNOWN:
            return UNKNOWN
        value = self.evaluate(node.value, scope)
        name = to_text(key)
        if node.grouped:
            members.setdefault(name, []).append(value)
        elif name in members:
            raise self._error(f"two elements have the key {name}; use `...` to group them", node.key, scope)
        else:
            members[name] = value
        return None

    def _elements(self, node: Node, scope: Scope) -> list[tuple[Value, Value]] | None:
        """The keys and values of a collection; None if it is unknown."""
        collection = self.evaluate(node, scope)
        if collection is UNKNOWN:
            return None
        if isinstance(collection, list):
            return [(Fraction(place), value) for place, value in enumerate(collection)]
        if isinstance(collection, dict):
            return list(to_members(collection).items())
        raise self._error(f"for needs a list or a map, not {kind(collection)}", node, scope)

    def call(self, node: Call, scope: Scope) -> Value:
        """The result of a function; try, can and convert get expressions instead of values."""
        if node.name in SPECIAL:
            return SPECIAL[node.name](self, node, scope)
        arguments = [self.evaluate(argument, scope) for argument in node.arguments]
        if node.expand:
            last = arguments.pop()
            if last is UNKNOWN:
                return UNKNOWN
            if not isinstance(last, list):
                raise UnsuitableValueError("the argument before `...` must be a list")
            arguments.extend(last)
        self.spend(sum(_COST_OF_ELEMENT * self._size(argument)[0] for argument in arguments))
        result = self._globals.call(node.name, arguments, self)
        if isinstance(result, str):
            self.spend(len(result))
        return result


def _bound(scope: Scope, names: tuple[str, ...], key: Value, value: Value) -> Scope:
    bound = {names[0]: value} if len(names) == 1 else {names[0]: key, names[1]: value}
    return Scope(lines=scope.lines, names={**scope.names, **bound})


def _try(evaluator: Evaluator, node: Call, scope: Scope) -> Value:
    for argument in node.arguments:
        try:
            return evaluator.evaluate(argument, scope)
        except EvaluationError as error:
            last = error.message
    raise UnsuitableValueError(
        f"no argument of try() has a value: {last}" if node.arguments else "try() needs arguments"
    )


def _can(evaluator: Evaluator, node: Call, scope: Scope) -> Value:
    if len(node.arguments) != 1:
        raise UnsuitableValueError("can() needs one argument")
    try:
        value = evaluator.evaluate(node.arguments[0], scope)
    except EvaluationError:
        return False
    return UNKNOWN if has_unknown(value) else True


def _convert(evaluator: Evaluator, node: Call, scope: Scope) -> Value:
    from stagegraph.bake.type_constraints import convert, type_of

    if len(node.arguments) != 2:
        raise UnsuitableValueError("convert() needs a value and a type")
    return convert(evaluator.evaluate(node.arguments[0], scope), type_of(node.arguments[1]))


SPECIAL: dict[str, Callable[[Evaluator, Call, Scope], Value]] = {
    "try": _try,
    "can": _can,
    "convert": _convert,
}

_BY_TYPE: dict[type, Callable[[Evaluator, Any, Scope], Value]] = {
    Constant: Evaluator.constant,
    Variable: Evaluator.variable,
    Group: Evaluator.group,
    Access: Evaluator.access,
    Call: Evaluator.call,
    Unary: Evaluator.unary,
    Binary: Evaluator.binary,
    Conditional: Evaluator.conditional,
    Tuple: Evaluator.tuple_,
    Object: Evaluator.object_,
    For: Evaluator.for_expression,
    Template: Evaluator.template,
    TemplateFor: Evaluator.template_for,
}
