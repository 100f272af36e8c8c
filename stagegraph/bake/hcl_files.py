"""The groups and targets of HCL and JSON bake files together (docker/buildx bake/bake.go, ParseFiles)."""

from __future__ import annotations

from collections.abc import Mapping

from stagegraph.bake.blocks import BlockTable, NamedBlock
from stagegraph.bake.definition import Defined, Definition, added
from stagegraph.bake.definitions import Definitions
from stagegraph.bake.hcl_body import Body
from stagegraph.errors import BakeError


def define(
    bodies: list[Body], earlier: Definition, environment: Mapping[str, str], builtins: Mapping[str, str]
) -> Definition:
    """The groups and targets of ``bodies``, merged over those of compose files. Raises BakeError."""
    definitions = Definitions(bodies, environment, builtins)
    definitions.check_variables()
    definitions.check_functions()
    table = BlockTable(bodies, definitions)
    groups = list(earlier.groups)
    targets = dict(earlier.targets)
    for block in table.named:
        defined = _defined(block)
        if block.block.type == "target":
            added(targets, defined)
        else:
            _put(groups, defined)
    definitions.check_attributes()
    for label, names in table.renamed.items():
        unique = list(dict.fromkeys(names))
        if unique != [label]:
            groups.append(Defined(name=label, fields={"targets": unique}, **_place(table, label)))
    return Definition(groups=tuple(groups), targets=targets)


def _put(groups: list[Defined], group: Defined) -> None:
    """A later group replaces the earlier one of its name."""
    for place, other in enumerate(groups):
        if other.name == group.name:
            groups[place] = group
            return
    groups.append(group)


def _defined(block: NamedBlock) -> Defined:
    fields = block.fields()
    if block.block.type == "group" and "targets" not in block.block.body.attributes:
        raise BakeError(f"the group {block.name} has no targets", **_where(block))
    places = {
        name: (attribute.lines.source, attribute.lines.span(attribute.node.start, attribute.node.end))
        for name, attribute in block.block.body.attributes.items()
    }
    return Defined(name=block.name, fields=fields, places=places, **_where(block))


def _where(block: NamedBlock) -> dict:  # type: ignore[type-arg]
    span = block.lines.span(block.block.start, block.block.end)
    return {"source": block.lines.source, "span": span}


def _place(table: BlockTable, label: str) -> dict:  # type: ignore[type-arg]
    return next((_where(one) for one in table.named if one.block.labels == (label,)), {})
