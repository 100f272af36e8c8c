"""``stagegraph explain``: why a stage is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stagegraph.cli.common import terminal_options
from stagegraph.cli.completed_values import stages
from stagegraph.cli.dockerfile import dockerfile_argument
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.writing import write
from stagegraph.errors import InputError
from stagegraph.source import quoted

if TYPE_CHECKING:
    from stagegraph.model import Node, Report


@click.command()
@click.argument("stage", shell_complete=stages)
@dockerfile_argument
def explain(
    stage: str,
    named: NamedBuild,
) -> None:
    """Show why the target needs STAGE, or why it does not.

    STAGE is the name of a stage, its number (the first is 0), or an image.

    \b
    Examples:
      stagegraph explain builder
      stagegraph explain 0 app/Dockerfile --target release
      stagegraph explain node:16
    """
    from stagegraph.formats.explanation import render
    from stagegraph.graph.explain import explain as explain_node
    from stagegraph.graph.report import analyse

    report = analyse(named.read())
    width = {name: value for name, value in terminal_options("").items() if name == "width"}
    write(render(report, explain_node(report, _node(report, stage)), **width).encode(), "")


def _node(report: Report, name: str) -> Node:
    """The node with the label, number or id ``name``; the last one, and a stage rather than a source."""
    nodes = [
        node
        for node in report.nodes
        if name.lower() == node.label.lower() or name in (node.id, str(node.index), f"stage-{node.index}")
    ]
    if nodes:
        stages = [node for node in nodes if node.index is not None]
        return (stages or nodes)[-1]
    raise _unknown(report, name)


def _unknown(report: Report, name: str) -> InputError:
    from difflib import get_close_matches

    labels = [node.label for node in report.nodes]
    near = get_close_matches(name, labels, n=1)
    hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(labels[:12])}"
    return InputError(f"{report.source} has no stage or image {quoted(name)}", hint=hint)
