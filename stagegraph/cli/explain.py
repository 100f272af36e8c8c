"""``stagegraph explain``: why a stage is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stagegraph.cli.common import terminal_options
from stagegraph.cli.completed_values import stages
from stagegraph.cli.dockerfile import build_argument
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.writing import write
from stagegraph.errors import InputError
from stagegraph.source import printable, quoted

if TYPE_CHECKING:
    from stagegraph.model import Node, Report

_MOST_NAMES = 12  # in a hint


@click.command()
@click.argument("stage", shell_complete=stages)
@build_argument
def explain(
    stage: str,
    named: NamedBuild,
) -> None:
    """Show why the target needs STAGE, or why it does not.

    STAGE is the name of a stage, its number (the first is 0), or an image; with a bake or compose file also a
    target, or TARGET:STAGE.

    \b
    Examples:
      stagegraph explain builder
      stagegraph explain 0 app/Dockerfile --target release
      stagegraph explain node:16
      stagegraph explain api:builder docker-bake.hcl
    """
    from stagegraph.formats.explanation import render
    from stagegraph.graph.explain import explain as explain_node

    report = named.report()
    width = {name: value for name, value in terminal_options("").items() if name == "width"}
    write(render(report, explain_node(report, _node(report, stage)), **width).encode(), "")


def _node(report: Report, name: str) -> Node:
    """The node with the label, number or id ``name``; the last one, and a stage rather than a source.

    In a report of several Dockerfiles also the image of the bake target ``name``, the stage ``name`` of a
    target as ``target:stage``, and a stage whose name only one Dockerfile has.
    """
    wanted = name.lower()
    for target in report.bake_targets:
        if target.node and wanted == target.name.lower():
            return report.node(target.node)
    matching = (
        lambda node: wanted == node.label.lower() or name == node.id,
        lambda node: _of_target(node, wanted),
        lambda node: name in (str(node.index), f"stage-{node.index}") or wanted == _stage(node),
    )
    for matches in matching:
        nodes = [node for node in report.nodes if matches(node)]
        stages = [node for node in nodes if node.index is not None]
        if len({node.part for node in stages}) > 1:
            raise _ambiguous(name, stages)
        if nodes:
            return (stages or nodes)[-1]
    raise _unknown(report, name)


def _stage(node: Node) -> str:
    """The name of a stage in its own Dockerfile."""
    return node.label.removeprefix(f"{node.part}:").lower()


def _of_target(node: Node, name: str) -> bool:
    """Whether ``name`` is ``target:stage`` of a stage that the bake target needs."""
    target, colon, stage = name.rpartition(":")
    if not colon or node.index is None or target not in map(str.lower, node.bake_targets):
        return False
    return stage in (_stage(node), str(node.index), f"stage-{node.index}")


def _ambiguous(name: str, stages: Sequence[Node]) -> InputError:
    labels = ", ".join(node.label for node in stages[:_MOST_NAMES])
    return InputError(f"several Dockerfiles have a stage {quoted(name)}", hint=f"use one of {labels}")


def _unknown(report: Report, name: str) -> InputError:
    hint = f"name the stage first, and {quoted(printable(name))} after it"
    return InputError(
        f"{report.source} has no stage or image {quoted(name)}",
        hint=hint if name in report.source.split(", ") else _hint(report, name),
    )


def _hint(report: Report, name: str) -> str:
    """What can be asked for: of ``target:stage`` the stages of this target, else all targets and nodes."""
    from difflib import get_close_matches

    labels = [*(target.name for target in report.bake_targets), *(node.label for node in report.nodes)]
    target, colon, last = name.rpartition(":")
    own = [node for node in report.nodes if target in (node.part, *node.bake_targets)]
    stages = [_stage(node) for node in own if node.index is not None]
    before = f"{target}:" if colon and stages else ""
    names = list(dict.fromkeys(stages if before else labels))
    if near := get_close_matches(last if before else name, names, n=1):
        return f"did you mean {before}{near[0]}?"
    shown = ", ".join(before + one for one in names[:_MOST_NAMES])
    return f"use one of {shown}{', …' if len(names) > _MOST_NAMES else ''}"
