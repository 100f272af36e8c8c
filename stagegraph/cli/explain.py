"""``stagegraph explain``: why a stage is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stagegraph.cli.common import options_of, reads_dockerfile
from stagegraph.cli.writing import write
from stagegraph.errors import InputError

if TYPE_CHECKING:
    from stagegraph.model import Node, Report


@click.command()
@click.argument("stage")
@reads_dockerfile
def explain(
    stage: str,
    dockerfile: str,
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
) -> None:
    """Say why the target needs STAGE, or why nothing does.

    STAGE is the name of a stage, its number from 0, or an image.

    \b
    Examples:
      stagegraph explain builder
      stagegraph explain 0 app/Dockerfile --target release
      stagegraph explain node:16
    """
    from stagegraph.api import read
    from stagegraph.formats.explanation import explanation
    from stagegraph.graph.explain import explain as explain_node
    from stagegraph.graph.report import analyse

    report = analyse(read(dockerfile, options_of(targets, build_args, platforms, contexts)))
    found = explain_node(report, _node(report, stage))
    write(explanation(report, found).encode(), "")


def _node(report: Report, name: str) -> Node:
    """The node called ``name``: the last stage of that name in any case, a number, a label or an id."""
    found = [
        node
        for node in report.nodes
        if name.lower() == node.label.lower() or name in (node.id, str(node.index), f"stage-{node.index}")
    ]
    if found:
        stages = [node for node in found if node.index is not None]
        return (stages or found)[-1]
    raise _unknown(report, name)


def _unknown(report: Report, name: str) -> InputError:
    from difflib import get_close_matches

    labels = [node.label for node in report.nodes]
    near = get_close_matches(name, labels, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(labels[:12])}"
    return InputError(f"{report.source} has nothing called {name}", hint=hint)
