"""Reads YAML into values with positions; the only module that imports yaml.

Source: yaml.org/spec/1.2.2 and the types that go.yaml.in/yaml resolves. Built from parser events, without
recursion and without copying what aliases name: the cost is linear in the size of the text.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, TypeAlias

from stagegraph.bake.positions import YamlLines, invalid_character
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span

_DEEPEST = 80
_MOST_EVENTS = 200_000
_LARGEST = 4_000_000  # characters
_MOST_MERGED = 1_000
_MOST_COPIED = 1_000_000  # keys that `<<` copies, in one text
_MERGE = "<<"
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?(?:0b[01]+|0o?[0-7]+|0x[0-9a-fA-F]+|[1-9][0-9]*|0)")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

Yaml: TypeAlias = Any


class Place(NamedTuple):
    """Where a key is."""

    source: Source
    span: Span
    value: int = 0  # the line where its value begins, from 1; 0 if unknown


class Table(dict[str, Yaml]):
    """A mapping; ``places`` has the place of each key and ``source`` is its file."""

    def __init__(
        self, source: Source, values: dict[str, Yaml] | None = None, places: dict[str, Place] | None = None
    ) -> None:
        super().__init__(values or {})
        self.source = source
        self.places = places if places is not None else {}

    def with_values(self, values: dict[str, Yaml]) -> Table:
        """A table with other values, at the same places."""
        return Table(self.source, values, self.places)

    def table(self, key: str) -> Table:
        """The mapping of ``key``; an empty one where there is none."""
        value = self.get(key)
        return value if isinstance(value, Table) else Table(self.source)

    def text(self, key: str) -> str | None:
        """The string of ``key``; None where there is none."""
        value = self.get(key)
        return value if isinstance(value, str) else None

    def line(self, key: str) -> int:
        """The line where the value of ``key`` begins, or else the first value."""
        if key in self.places:
            return self.places[key].value
        return min((place.value for place in self.places.values()), default=1)

    def where(self, key: str) -> tuple[Source, Span | None]:
        """The file that has ``key``, and where it is there."""
        place = self.places.get(key)
        return (place.source, place.span) if place else (self.source, None)

    def error(self, message: str, key: str, hint: str = "") -> BakeError:
        """An error that points at ``key``."""
        source, span = self.where(key)
        return BakeError(message, source=source, span=span, hint=hint)


class Document:
    """One document: its value, and the paths of ``!reset`` and ``!override``."""

    def __init__(self, root: Yaml, resets: list[tuple[str, ...]]) -> None:
        self.root = root
        self.resets = resets


def read_yaml(source: Source, *, texts: bool = False) -> list[Document]:
    """The documents of ``source``; with ``texts`` every scalar but null is a string. Raises BakeError."""
    import yaml

    if len(source.text) > _LARGEST:
        raise BakeError(f"this YAML is larger than {_LARGEST // 1_000_000} MB", source=source)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(source, texts=texts)
    try:
        for number, event in enumerate(yaml.parse(source.text, Loader=loader)):
            if number > _MOST_EVENTS:
                raise builder.error(event, "this YAML has too many values")
            builder.event(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        span = builder.lines.span(mark, 1) if mark else None
        raise BakeError(f"invalid YAML: {error.problem or error.context}", source=source, span=span) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"invalid YAML: {str(error).splitlines()[0]}"
        raise BakeError(message, source=source, span=invalid_character(source.text)) from None
    return builder.documents


class _Builder:
    """Builds values from events; ``_open`` holds the containers that are not closed yet."""

    def __init__(self, source: Source, *, texts: bool) -> None:
        self.documents: list[Document] = []
        self.lines = YamlLines(source.text)
        self._source = source
        self._texts = texts
        self._copied = 0
        self._open: list[Table | list[Yaml]] = []
        self._keys: list[tuple[str, Span] | None] = []
        self._merges: list[list[Yaml]] = []
        self._path: list[str] = []  # the key of each open container in its parent
        self._anchors: dict[str, Yaml] = {}
        self._resets: list[tuple[str, ...]] = []
        self._root: Yaml = None

    def error(self, event: Any, message: str) -> BakeError:
        """An error that points at ``event``."""
        return BakeError(message, source=self._source, span=self.lines.span(event.start_mark))

    def event(self, event: Any) -> None:
        """Takes one event."""
        kind = type(event).__name__
        if kind == "AliasEvent":
            if event.anchor not in self._anchors:
                raise self.error(event, f"unknown anchor {event.anchor}")
            value = self._anchors[event.anchor]
            if any(value is one for one in self._open):
                raise self.error(event, f"the anchor {event.anchor} contains itself")
            self._add(value, event)
        elif kind == "ScalarEvent":
            self._add(self._anchored(_scalar(event, texts=self._texts), event), event)
        elif kind == "MappingStartEvent":
            self._start(Table(self._source), event)
        elif kind == "SequenceStartEvent":
            self._start([], event)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._end(event)
        elif kind == "DocumentStartEvent":
            self._anchors, self._resets, self._root = {}, [], None
        elif kind == "DocumentEndEvent":
            self.documents.append(Document(self._root, self._resets))

    def _anchored(self, value: Yaml, event: Any) -> Yaml:
        if event.anchor:
            self._anchors[event.anchor] = value
        return value

    def _start(self, value: Table | list[Yaml], event: Any) -> None:
        if len(self._open) >= _DEEPEST:
            raise self.error(event, f"this YAML is nested more than {_DEEPEST} levels deep")
        key = self._keys[-1] if self._keys else None
        self._path.append(key[0] if key else "")
        self._add(self._anchored(value, event), event)
        self._open.append(value)
        self._keys.append(None)
        self._merges.append([])

    def _end(self, event: Any) -> None:
        container, merges = self._open.pop(), self._merges.pop()
        self._keys.pop()
        self._path.pop()
        if isinstance(container, Table) and merges:
            self._copied += self._merged(container, merges, event)
            if self._copied > _MOST_COPIED:
                raise self.error(event, "the aliases of this YAML make it too large")

    def _add(self, value: Yaml, event: Any) -> None:
        tag = getattr(event, "tag", None)
        if not self._open:
            self._root = value
            return
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = self._key(value, event, container)
        else:
            key, span = self._keys[-1]
            self._keys[-1] = None
            if tag in ("!reset", "!override"):
                self._resets.append((*self._path_here(value), key))
            if tag == "!reset":
                return
            if key == _MERGE:
                self._merges[-1].append(value)
                return
            container[key] = value
            # a block scalar begins on the line after its indicator
            below = getattr(event, "style", None) in ("|", ">")
            container.places[key] = Place(self._source, span, self.lines.span(event.start_mark).line + below)

    def _merged(self, table: Table, merges: list[Yaml], event: Any) -> int:
        """Adds what ``<<`` names to ``table``; keys that are there, and earlier mappings, win.

        Returns the number of keys that it looked at.
        """
        others = [one for value in merges for one in (value if isinstance(value, list) else [value])]
        if not all(isinstance(other, dict) for other in others) or len(others) > _MOST_MERGED:
            raise self.error(event, "`<<` needs a mapping, or a list of mappings")
        for other in others:
            for key, value in other.items():
                if key not in table:
                    table[key] = value
                    if key in other.places:
                        table.places[key] = other.places[key]
        return sum(map(len, others))

    def _path_here(self, value: Yaml) -> list[str]:
        """The keys of the open containers; a container that is being added is not one yet."""
        own = isinstance(value, (dict, list))
        return self._path[1:-1] if own else self._path[1:]

    def _key(self, value: Yaml, event: Any, container: Table) -> tuple[str, Span]:
        if isinstance(value, (dict, list)):
            raise self.error(event, "a key must be a string")
        key = str(getattr(event, "value", value))
        if key in container and key != _MERGE:
            raise self.error(event, f"the key {key} is there twice")
        return key, self.lines.span(event.start_mark, len(key))


def _scalar(event: Any, *, texts: bool) -> Yaml:
    """The value of a scalar; only plain ones are anything but strings."""
    text: str = event.value
    if texts:
        return None if not event.style and _WORDS.get(text, text) is None else text
    if event.style or event.tag not in (None, "!", "!reset", "!override"):
        return _tagged(text, event.tag)
    if text in _WORDS:
        return _WORDS[text]
    return plain_number(text)


def _tagged(text: str, tag: str | None) -> Yaml:
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        return plain_number(text)
    if tag in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"):
        return _WORDS.get(text, text)
    return text


def plain_number(text: str) -> Yaml:
    """The number that the plain scalar ``text`` is, or the text itself."""
    plain = text.replace("_", "")
    if not plain or plain[0] not in "+-.0123456789" or len(plain) > 100:
        return text
    if _INTEGER.fullmatch(plain):
        return _integer(plain)
    if plain.lstrip("+-").lower() == ".inf" or plain == ".nan":
        return float(plain.replace(".", ""))
    return float(plain) if _FLOAT.fullmatch(plain) else text


def _integer(text: str) -> int | float:
    """Go's strconv.ParseInt with base 0: a leading 0 is octal; one of more than 64 bits is a float."""
    digits = text.lstrip("+-").lower()
    base = (
        2
        if digits.startswith("0b")
        else 16
        if digits.startswith("0x")
        else 8
        if digits[0] == "0" and len(digits) > 1
        else 10
    )
    number = int(digits.removeprefix("0b").removeprefix("0x").removeprefix("0o"), base)
    number = -number if text.startswith("-") else number
    return number if -(2**63) <= number < 2**64 else float(number)


def scalar_text(value: Yaml) -> str:
    """A scalar as Go prints it with %v."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return "" if value is None else str(value)


def _float_text(value: float) -> str:
    """``value`` as Go's %g: the fewest digits, with an exponent below -4 and from 6 on (strconv/ftoa.go)."""
    from decimal import Decimal

    if value != value or value in (float("inf"), float("-inf")):
        return {"inf": "+Inf", "-inf": "-Inf"}.get(str(value), "NaN")
    sign, digits, _ = Decimal(repr(value)).normalize().as_tuple()
    exponent = Decimal(repr(value)).adjusted() if value else 0
    if -4 <= exponent < 6:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    first, rest = str(digits[0]), "".join(map(str, digits[1:]))
    mark = "-" if exponent < 0 else "+"
    return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{mark}{abs(exponent):02}"
