"""All groups and targets of a set of files, before it is known which are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.bake.fields import Fields, merged
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span


class Defined(Struct, frozen=True, kw_only=True):
    """A group or a target with its own attributes, where its name is first, and where each of them is."""

    name: str
    fields: Fields
    source: Source | None = None
    span: Span | None = None
    places: Mapping[str, tuple[Source, Span]] = {}

    def error(self, message: str, attribute: str = "", hint: str = "", word: str = "") -> BakeError:
        """An error at ``word`` in the value of ``attribute``; at the name if its place is not known."""
        source, span = self.places.get(attribute, (self.source, self.span))
        if source and span and attribute in self.places:
            span = _of_word(source, span, word) or span
        return BakeError(message, source=source, span=span, hint=hint)


def _of_word(source: Source, span: Span, word: str) -> Span | None:
    """The first place in the lines of ``span``, from its column on, that has the whole ``word``."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    lines = source.text.split("\n")[span.line - 1 : span.end_line] if word else []
    for number, line in enumerate(lines):
        if match := pattern.search(line, 0 if number else span.column - 1):
            return Span(span.line + number, span.line + number, match.start() + 1, len(word))
    return None


class Definition(Struct, frozen=True, kw_only=True):
    """The groups, of which the first one with a name counts, and the targets, each once."""

    groups: tuple[Defined, ...] = ()
    targets: dict[str, Defined] = {}
    is_printed: bool = False  # by ``bake --print``, whose group default may be a member of its members

    def group(self, name: str) -> Defined | None:
        """The group ``name``; None without one."""
        return next((group for group in self.groups if group.name == name), None)

    def places(self, name: str) -> dict[str, tuple[Source, Span]]:
        """Where each attribute of the target ``name`` is; of one that is inherited, where that is."""
        return self._places(name, set())

    def _places(self, name: str, seen: set[str]) -> dict[str, tuple[Source, Span]]:
        places: dict[str, tuple[Source, Span]] = {}
        if name in seen or name not in self.targets:
            return places
        seen.add(name)
        target = self.targets[name]
        for parent in target.fields.get("inherits") or ():
            places |= self._places(parent, seen)
        return places | dict(target.places)


def added(targets: dict[str, Defined], target: Defined) -> None:
    """Adds ``target`` to ``targets``; it is merged over an earlier one of its name."""
    earlier = targets.get(target.name)
    if earlier is not None:
        fields = merged(earlier.fields, target.fields)
        places = {**earlier.places, **target.places}
        target = replace(earlier, fields=fields, places=places)
    targets[target.name] = target
