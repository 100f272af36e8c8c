"""The targets that a request builds (docker/buildx bake/bake.go, ReadTargets)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NoReturn

from msgspec.structs import replace

from stagegraph.bake.definition import Defined, Definition
from stagegraph.bake.fields import Fields, merged, normalized
from stagegraph.bake.model import Bake, Group, Target
from stagegraph.bake.overrides import Overrides, parse_overrides, path_match, with_overrides
from stagegraph.bake.target_checks import checked
from stagegraph.bake.values import UNKNOWN
from stagegraph.errors import BakeError
from stagegraph.source import Source

_DEEPEST = 150
_MOST_STEPS = 200_000
_Asking = tuple[Defined, str]  # what names a target, and in which attribute


def resolve(
    definition: Definition,
    targets: tuple[str, ...],
    options: tuple[str, ...],
    environment: Mapping[str, str],
    source: Source | None = None,
) -> Bake:
    """The groups and targets of a request. Raises BakeError and OptionsError.

    ``source`` is the file that an error about a target is of that nothing defines.
    """
    asked: list[str] = []
    for name in targets or ("default",):
        asked.extend(_matching(name.replace(".", "_"), definition, source))
    asked = list(dict.fromkeys(asked))
    overrides = parse_overrides(options, list(definition.targets), environment)
    resolver = _Resolver(definition, overrides, source)
    groups: dict[str, Group] = {}
    for name in asked:
        for one in resolver.members(name, groups):
            resolver.resolve(one)
    _add_default(groups, asked)
    for name in list(resolver.fields):
        resolver.link(name, [])
    return Bake(
        groups=tuple(groups[name] for name in sorted(groups)),
        targets=tuple(resolver.target(name) for name in sorted(resolver.fields)),
    )


def _add_default(groups: dict[str, Group], asked: list[str]) -> None:
    """Adds what is asked for to the group default, which is sorted."""
    for name in asked:
        if name == "default" and "default" in groups:
            continue
        default = groups.get("default") or Group(name="default", targets=())
        groups["default"] = replace(default, targets=(*(default.targets or ()), name))
    default = groups["default"]
    if default.targets is not None:
        groups["default"] = replace(default, targets=tuple(sorted(set(default.targets))))


def _matching(pattern: str, definition: Definition, source: Source | None) -> list[str]:
    if not any(char in pattern for char in "*?[]"):
        return [pattern]
    names = [group.name for group in definition.groups] + list(definition.targets)
    matching = [name for name in names if path_match(pattern, name)]
    if not matching:
        raise BakeError(f"no target matches {pattern}", source=source, hint=_named(definition))
    return matching


def _named(definition: Definition) -> str:
    names = list(dict.fromkeys([group.name for group in definition.groups] + list(definition.targets)))
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"targets are {shown}" if names else "add a target to the file, or name another file"


class _Resolver:
    def __init__(self, definition: Definition, overrides: Overrides, source: Source | None) -> None:
        self.fields: dict[str, Fields] = {}  # of the targets that are built
        self._definition = definition
        self._overrides = overrides
        self._source = source
        self._asking: dict[str, Defined] = {}  # the first group that names a target
        self._linked: set[str] = set()
        self._done: set[str] = set()  # all of whose contexts are linked
        self._steps = 0

    def members(self, name: str, groups: dict[str, Group]) -> list[str]:
        """The targets of a group or a target, depth first; adds the groups on the way to ``groups``."""
        seen: dict[str, list[str]] = {}
        return list(dict.fromkeys(self._members(name, seen, groups, [])))

    def _members(
        self, name: str, seen: dict[str, list[str]], groups: dict[str, Group], above: list[Defined]
    ) -> list[str]:
        group = self._definition.group(name)
        if name in seen:
            return seen[name]
        if group is None:
            if above:
                self._asking.setdefault(name, above[-1])
            return [name]
        seen[name] = []
        self._spend(group, len(above))
        names = group.fields.get("targets")
        if names is UNKNOWN:
            message = f"the targets of the group {name} depend on the time, on chance or on the machine"
            raise group.error(message, "targets")
        groups.setdefault(name, _printed_group(group))
        targets: list[str] = []
        for member in dict.fromkeys(names or ()):
            self._spend(group, len(above))
            inner = self._members(member, seen, groups, [*above, group])
            ignored = self._definition.is_printed and member not in self._definition.targets
            in_cycle = not inner and not ignored
            targets.extend([member] if in_cycle else inner)
        seen[name] = list(dict.fromkeys(targets))
        return seen[name]

    def _spend(self, at: Defined, depth: int) -> None:
        self._steps += 1
        if depth > _DEEPEST or self._steps > _MOST_STEPS:
            what = "nested too deeply" if depth > _DEEPEST else "too many"
            raise at.error(f"the groups and targets are {what}")

    def resolve(self, name: str) -> Fields:
        """The attributes of a target that is built. Raises BakeError."""
        if name not in self.fields:
            group = self._asking.get(name)
            fields = self._inherited(name, {}, (group, "targets") if group else None, 0)
            assert fields is not None
            self.fields[name] = fields
        return self.fields[name]

    def _inherited(
        self, name: str, seen: dict[str, Fields | None], asking: _Asking | None, depth: int
    ) -> Fields | None:
        """A target merged over what it inherits; None in a cycle, which bake ignores."""
        if name in seen:
            return seen[name]
        seen[name] = None
        target = self._definition.targets.get(name)
        if target is None:
            self._missing(name, asking)
        self._spend(target, depth)
        parents = target.fields.get("inherits") or ()
        if parents is UNKNOWN:
            raise target.error(
                f"what {name} inherits depends on the time, on chance or on the machine", "inherits"
            )
        fields: Fields = {}
        for parent in parents:
            fields = merged(fields, self._inherited(parent, seen, (target, "inherits"), depth + 1) or {})
        fields = merged(fields, target.fields)
        fields = normalized(with_overrides(fields, self._overrides.get(name, {})))
        fields.pop("inherits", None)
        seen[name] = fields
        return fields

    def _missing(self, name: str, asking: _Asking | None) -> NoReturn:
        known = [group.name for group in self._definition.groups] + list(self._definition.targets)
        near = difflib.get_close_matches(name, known[:2000], n=1)
        hint = f"did you mean {near[0]}?" if near else _named(self._definition)
        if self._definition.group(name):
            hint = "it is only a group: name one of its targets"
        elif not asking and name == "default" and known:
            hint = f"name what to build, or add a group default; {_named(self._definition)}"
        message = f"failed to find target {name}"
        if asking:
            by, attribute = asking
            raise by.error(f"{message}, which {by.name} names", attribute, hint, name)
        raise BakeError(message, source=self._source, hint=hint)

    def link(self, name: str, path: list[str]) -> None:
        """Adds the targets that ``name`` has as contexts (loadLinks). Raises BakeError."""
        if name in self._done:
            return
        fields, target = self.resolve(name), self._written(name)
        self._spend(target, len(path))
        contexts = fields.get("contexts")
        for value in contexts.values() if isinstance(contexts, dict) else ():
            if isinstance(value, str) and value.startswith("target:"):
                self._link(target, value.removeprefix("target:"), [*path, name])
        self._done.add(name)

    def _link(self, target: Defined, other: str, path: list[str]) -> None:
        name = target.name
        if other == name:
            raise target.error(f"the target {name} is a context of itself", "contexts", word=other)
        if other in path:
            message = f"contexts form a cycle: {' → '.join([*path[path.index(other) :], other])}"
            raise target.error(message, "contexts", word=other)
        if other not in self.fields:
            self.fields[other] = {**self._linked_fields(other, target), "output": [{"type": "cacheonly"}]}
            self._linked.add(other)
        self.link(other, path)
        own, inner = self.fields[name], self.fields[other]
        self.fields[name] = _with_entitlements(own, inner)
        platforms, offered = own.get("platforms"), inner.get("platforms")
        if (
            isinstance(platforms, list)
            and isinstance(offered, list)
            and len(platforms) > 1
            and len(offered) > 1
            and not set(platforms) <= set(offered)
        ):
            needed = ", ".join(platforms)
            message = (
                f"the target {other} is built for {', '.join(offered)}, but {name} needs it for {needed}"
            )
            raise target.error(message, "contexts", word=other)

    def _linked_fields(self, name: str, asking: Defined) -> Fields:
        fields = self._inherited(name, {}, (asking, "contexts"), 0)
        assert fields is not None
        return fields

    def target(self, name: str) -> Target:
        """The target as it is printed. Raises BakeError."""
        defined = self._written(name)
        return _printed_target(defined, checked(self.fields[name], defined), name in self._linked)

    def _written(self, name: str) -> Defined:
        """The target with the places of what it inherits, and without those of what ``--set`` overrides."""
        overridden = {key.partition(".")[0] for key in self._overrides.get(name, {})}
        overridden |= {"platforms"} if "platform" in overridden else set()
        places = self._definition.places(name)
        kept = {key: place for key, place in places.items() if key not in overridden}
        return replace(self._definition.targets[name], places=kept)


def _with_entitlements(fields: Fields, other: Fields) -> Fields:
    own, more = fields.get("entitlements"), other.get("entitlements")
    if not isinstance(more, list) or own is UNKNOWN or set(more) <= set(own or ()):
        return fields
    return {**fields, "entitlements": list(dict.fromkeys([*(own or ()), *more]))}


def _file(source: Source | None) -> str:
    return source.name if source else ""


def _printed_group(group: Defined) -> Group:
    names = group.fields.get("targets")
    return Group(
        name=group.name,
        targets=None if names is None else tuple(dict.fromkeys(names)),
        description=group.fields.get("description") or "",
        file=_file(group.source),
        line=group.span.line if group.span else None,
    )


def _printed_target(defined: Defined, fields: Fields, linked: bool) -> Target:
    values: dict[str, Any] = {}
    unknown: set[str] = set()
    for name, value in fields.items():
        if value is UNKNOWN:
            unknown.add(name)
        elif name != "inherits" and value is not None:
            if isinstance(value, dict):
                unknown |= {f"{name}.{key}" for key, one in value.items() if one is UNKNOWN}
                value = {key: one for key, one in value.items() if one is not None and one is not UNKNOWN}
            values[name.replace("-", "_")] = tuple(value) if isinstance(value, list) else value
    return Target(
        name=defined.name,
        file=_file(defined.source),
        line=defined.span.line if defined.span else None,
        linked=linked,
        unknown=frozenset(unknown),
        places={name: (source.name, span) for name, (source, span) in defined.places.items()},
        **values,
    )
