"""Variables, functions and attributes of bake files (docker/buildx bake/hclparser/hclparser.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from stagegraph.bake import functions
from stagegraph.bake.evaluate import MOST_STEPS, Evaluator, Scope
from stagegraph.bake.hcl_body import Attribute, Block, Body
from stagegraph.bake.hcl_nodes import Constant, Node, Step, Tuple, Variable
from stagegraph.bake.hcl_references import references
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError, Value, to_bool, to_text
from stagegraph.bake.variables import variable_value
from stagegraph.errors import BakeError

RESERVED = ("group", "target")


class Blocks(Protocol):
    """Where ``target.x.args`` and ``group.x.targets`` are looked up."""

    def reference(self, block_type: str, steps: tuple[Step, ...]) -> Value:
        """The value of a block, with what ``steps`` read of it. UnsuitableValueError if there is none."""


class Definitions:
    """The names that the expressions of all files see; variables are evaluated when they are needed.

    With ``hidden``, what the environment can set is unknown. ``most_steps`` bounds all evaluations.
    """

    def __init__(
        self,
        bodies: Iterable[Body],
        environment: Mapping[str, str],
        builtins: Mapping[str, str],
        *,
        hidden: bool = False,
        most_steps: int = MOST_STEPS,
    ) -> None:
        self._hidden = hidden
        self.evaluator = Evaluator(self, most_steps)
        self.blocks: Blocks | None = None
        self._environment = environment
        self._values: dict[str, Value] = dict(builtins)
        self._variables: dict[str, Block] = {}
        self._functions: dict[str, Block] = {}
        self._attributes: dict[str, Attribute] = {}
        self._in_progress: set[str] = set()
        for body in bodies:
            self._add(body, {*RESERVED, *builtins})

    def _add(self, body: Body, reserved: set[str]) -> None:
        for block in body.blocks:
            known = {"variable": self._variables, "function": self._functions}.get(block.type)
            if known is not None and _label(block) not in reserved:
                known[_label(block)] = block
        for name, attribute in body.attributes.items():
            if name not in reserved and name != "function":
                self._attributes[name] = attribute

    def value(self, name: str, steps: tuple[Step, ...]) -> Value:
        """The value of a variable or of a global attribute."""
        if name in RESERVED and self.blocks is not None:
            return self.blocks.reference(name, steps)
        if self._hidden and name in self._variables:
            return UNKNOWN
        if name not in self._values:
            self._values[name] = self._resolve(name)
        return self._values[name]

    def _resolve(self, name: str) -> Value:
        if name not in self._variables and name not in self._attributes:
            raise UnsuitableValueError(f"there is no variable named {name}")
        if name in self._in_progress:
            raise UnsuitableValueError(f"the variable {name} depends on itself")
        self._in_progress.add(name)
        try:
            return self._computed(name)
        finally:
            self._in_progress.discard(name)

    def _computed(self, name: str) -> Value:
        block, attribute = self._variables.get(name), self._attributes.get(name)
        if block is None:
            assert attribute is not None
            return self.evaluate(attribute)
        return variable_value(name, block, attribute, self._environment, self.evaluate)

    def evaluate(self, attribute: Attribute, names: Mapping[str, Value] | None = None) -> Value:
        """The value of an attribute, where ``names`` are bound."""
        return self.evaluator.evaluate(attribute.node, Scope(lines=attribute.lines, names=names or {}))

    def call(self, name: str, arguments: list[Value], evaluator: Evaluator) -> Value:
        """The result of a function: those of the standard library come first."""
        if name == "homedir":
            return self._environment.get("HOME", UNKNOWN)
        if name in functions.NAMES or name not in self._functions:
            return functions.call(name, arguments)
        return self._call_own(name, arguments)

    def _call_own(self, name: str, arguments: list[Value]) -> Value:
        block = self._functions[name]
        names, rest = parameters(block)
        if len(arguments) < len(names) or (len(arguments) > len(names) and rest is None):
            raise UnsuitableValueError(f"{name}() takes {len(names)} arguments, not {len(arguments)}")
        if any(argument is None for argument in arguments):
            raise UnsuitableValueError(f"an argument of {name}() is null")
        bound = dict(zip(names, arguments, strict=False))
        if rest is not None:
            bound[rest] = arguments[len(names) :]
        return self.evaluate(block.body.attributes["result"], bound)

    def check_variables(self) -> None:
        """Evaluates all variables and their validations. Raises BakeError."""
        for name, block in self._variables.items():
            try:
                self.value(name, ())
            except UnsuitableValueError as problem:
                raise block.lines.error(str(problem), block.start, block.end) from None
        for block in self._variables.values():
            for validation in block.body.of_type("validation"):
                self._validate(validation)

    def _validate(self, block: Block) -> None:
        condition, message = (block.body.attributes.get(name) for name in ("condition", "error_message"))
        if condition is None or message is None:
            raise block.lines.error("a validation needs condition and error_message", block.start, block.end)
        value = self.evaluate(condition)
        try:
            if value is UNKNOWN or to_bool(value):
                return
            text = f"validation failed: {to_text(self.evaluate(message))}"
        except UnsuitableValueError as problem:
            text = f"this validation is not true or false: {problem}"
        raise _at(condition, text)

    def check_functions(self) -> None:
        """Checks that functions are whole, call what exists, and do not call themselves. Raises BakeError."""
        done: set[str] = set()
        for name in self._functions:
            self._check_function(name, [], done)

    def _check_function(self, name: str, path: list[str], done: set[str]) -> None:
        block = self._functions[name]
        if name in done or name in functions.NAMES:
            return
        if name in path:
            raise block.lines.error(f"the function {name} calls itself", block.start, block.end)
        names, rest = parameters(block)
        result = block.body.attributes.get("result")
        if result is None:
            raise block.lines.error(f"the function {name} has no result", block.start, block.end)
        if len(path) > 100:
            raise block.lines.error("functions call each other too deeply", block.start, block.end)
        for used in references(result.node, frozenset({*names, rest or ""})):
            if isinstance(used, Variable):
                self._check_variable(used, result)
            elif used.name in self._functions:
                self._check_function(used.name, [*path, name], done)
            elif used.name not in functions.NAMES:
                raise result.lines.error(f"unknown function {used.name}", used.start, used.end)
        done.add(name)

    def _check_variable(self, used: Variable, result: Attribute) -> None:
        try:
            if used.name not in RESERVED:
                self.value(used.name, ())
        except UnsuitableValueError as problem:
            raise result.lines.error(str(problem), used.start, used.end) from None

    def check_attributes(self) -> None:
        """Evaluates all global attributes. Raises BakeError."""
        for name, attribute in self._attributes.items():
            try:
                self.value(name, ())
            except UnsuitableValueError as problem:
                raise _at(attribute, str(problem)) from None


def _label(block: Block) -> str:
    if len(block.labels) != 1:
        raise block.lines.error(f"a {block.type} needs one name in quotes", block.start, block.end)
    return block.labels[0]


def parameters(block: Block) -> tuple[list[str], str | None]:
    """The names of the parameters of a function, and of the one that takes the rest. Raises BakeError."""
    listed = block.body.attributes.get("params")
    rest = block.body.attributes.get("variadic_params")
    if listed is None or not isinstance(listed.node, Tuple):
        raise block.lines.error("a function needs params, a list of names", block.start, block.end)
    names = [_keyword(item, listed) for item in listed.node.items]
    return names, None if rest is None else _keyword(rest.node, rest)


def _keyword(node: Node, attribute: Attribute) -> str:
    if isinstance(node, Variable):
        return node.name
    if isinstance(node, Constant) and isinstance(node.value, str) and attribute.is_json:
        return node.value
    raise attribute.lines.error("a parameter must be a name", node.start, node.end)


def _at(attribute: Attribute, message: str) -> BakeError:
    return attribute.lines.error(message, attribute.node.start, attribute.node.end)
