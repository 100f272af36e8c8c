"""All groups and targets of a set of files, before it is known which are asked for."""

from __future__ import annotations

from msgspec import Struct

from stagegraph.bake.fields import Fields, merged
from stagegraph.source import Source, Span


class Defined(Struct, frozen=True, kw_only=True):
    """A group or a target with its own attributes, and where its name is first."""

    name: str
    fields: Fields
    source: Source | None = None
    span: Span | None = None


class Definition(Struct, frozen=True, kw_only=True):
    """The groups, of which the first one with a name counts, and the targets, each once."""

    groups: tuple[Defined, ...] = ()
    targets: dict[str, Defined] = {}
    is_printed: bool = False  # by ``bake --print``, whose group default may be a member of its members

    def group(self, name: str) -> Defined | None:
        """The group ``name``; None without one."""
        return next((group for group in self.groups if group.name == name), None)


def added(targets: dict[str, Defined], target: Defined) -> None:
    """Adds ``target`` to ``targets``; it is merged over an earlier one of its name."""
    earlier = targets.get(target.name)
    if earlier is not None:
        fields = merged(earlier.fields, target.fields)
        target = Defined(name=target.name, fields=fields, source=earlier.source, span=earlier.span)
    targets[target.name] = target
