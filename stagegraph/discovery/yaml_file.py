"""Reads YAML into plain values with line numbers; the only module that imports yaml.

Built from parser events, without recursion and without expanding aliases, so the cost is linear in the
size of the input. Every scalar stays a string.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from stagegraph.discovery.found_build import TooMuchError

_DEEPEST = 100
_MOST_EVENTS = 200_000
_MOST_MERGED = 100  # mappings and lists that one mapping merges


class YamlError(ValueError):
    """The text is not valid YAML, or it is too large."""


class Table(Struct, eq=False):
    """A mapping with strings as keys; ``lines`` has the line of each value, from 1.

    ``merged`` are the values of its merge key ``<<``.
    """

    values: dict[str, Yaml] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    merged: list[Yaml] = field(default_factory=list)

    def get(self, key: str) -> Yaml:
        """The value of ``key``, here or in a merged mapping; None without one."""
        if key in self.values:
            return self.values[key]
        for other in self._merged():
            if key in other.values:
                return other.values[key]
        return None

    def table(self, key: str) -> Table:
        """The mapping of ``key``; an empty one where there is none."""
        value = self.get(key)
        return value if isinstance(value, Table) else Table()

    def text(self, key: str) -> str | None:
        """The string of ``key``; None where there is none."""
        value = self.get(key)
        return value if isinstance(value, str) else None

    def items(self) -> Iterator[tuple[str, Yaml]]:
        """Keys and values, merged ones last."""
        seen = dict(self.values)
        for other in self._merged():
            seen = {**other.values, **seen}
        return iter(seen.items())

    def line(self, key: str) -> int:
        """The line of the value of ``key``."""
        return self.lines.get(key, min(self.lines.values(), default=1))

    def _merged(self) -> list[Table]:
        """All merged mappings, transitively: each once, the one with precedence first; TooMuchError."""
        tables: list[Table] = []
        seen = {id(self)}
        looked_at = 0
        waiting = self.merged[::-1]
        while waiting:
            one = waiting.pop()
            looked_at += 1
            if looked_at > _MOST_MERGED:
                raise TooMuchError(f"it merges more than {_MOST_MERGED} mappings")
            if id(one) in seen or not isinstance(one, (list, Table)):
                continue
            seen.add(id(one))
            if isinstance(one, Table):
                tables.append(one)
            waiting.extend((one if isinstance(one, list) else one.merged)[::-1])
        return tables


Yaml = Table | list["Yaml"] | str | None


def read_yaml(text: str) -> Yaml:
    """The first document of ``text``; YamlError when it cannot be read."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    try:
        for number, event in enumerate(yaml.parse(text, Loader=loader)):
            if number > _MOST_EVENTS:
                raise YamlError("it is too large")
            if isinstance(event, yaml.DocumentEndEvent):
                break
            builder.event(event, yaml)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise YamlError(f"{getattr(error, 'problem', None) or 'invalid YAML'}{where}") from None
    except (ValueError, RecursionError) as error:
        raise YamlError(str(error)) from None
    return builder.root


class _Builder:
    """Builds values from events."""

    def __init__(self) -> None:
        self.root: Yaml = None
        self._open: list[Table | list[Yaml]] = []
        self._keys: list[str | None] = []
        self._anchors: dict[str, Yaml] = {}

    def event(self, event: object, yaml: object) -> None:
        kind = type(event).__name__
        if kind == "AliasEvent":
            anchor = getattr(event, "anchor", "")
            if anchor not in self._anchors:
                raise YamlError(f"unknown anchor {anchor}")
            self._add(self._anchors[anchor], event)
        elif kind == "ScalarEvent":
            value = getattr(event, "value", "")
            plain = not getattr(event, "style", None)
            self._add_anchored(None if plain and value in ("", "~", "null") else value, event)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= _DEEPEST:
                raise YamlError("it is nested too deeply")
            value = Table() if kind == "MappingStartEvent" else []
            self._add_anchored(value, event)
            self._open.append(value)
            self._keys.append(None)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop()
            self._keys.pop()

    def _add_anchored(self, value: Yaml, event: object) -> None:
        anchor = getattr(event, "anchor", None)
        if anchor:
            self._anchors[anchor] = value
        self._add(value, event)

    def _add(self, value: Yaml, event: object) -> None:
        if not self._open:
            self.root = value
            return
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = value if isinstance(value, str) else ""
        else:
            self._put(container, self._keys[-1], value, event)
            self._keys[-1] = None

    def _put(self, table: Table, key: str, value: Yaml, event: object) -> None:
        if key == "<<":
            table.merged.append(value)
            return
        table.values[key] = value
        # a block scalar starts on the line after its indicator
        block = getattr(event, "style", None) in ("|", ">")
        table.lines[key] = getattr(event, "start_mark").line + 1 + block  # noqa: B009
