"""Short ways from an inline Dockerfile to what a test asks of it."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import stagegraph as sg


def build(text: str, **options: Any) -> sg.Build:
    """The build of an inline Dockerfile, called Dockerfile."""
    return sg.read(sg.Source(name="Dockerfile", text=dedent(text)), sg.Options(**options))


def report(text: str, **options: Any) -> sg.Report:
    """The report of an inline Dockerfile."""
    return sg.analyse(build(text, **options))


def error(text: str, **options: Any) -> str:
    """The whole text of the error that an inline Dockerfile gives."""
    try:
        build(text, **options)
    except sg.StagegraphError as caught:
        return str(caught)
    raise AssertionError("this Dockerfile was not refused")


def edges(found: sg.Report) -> list[str]:
    """Edges as text: "builder -copy-> stage-1: /a > /b"."""
    labels = {node.id: node.label for node in found.nodes}
    return [
        f"{labels[e.source]} -{e.kind}-> {labels[e.target]}"
        + (f": {' '.join(e.paths)} > {e.destination}" if e.paths else "")
        for e in found.edges
        if not e.selectable
    ]


def roles(found: sg.Report) -> dict[str, str]:
    """The role of each node by its label."""
    return {node.label: str(node.role) for node in found.nodes}


def needed(found: sg.Report) -> list[str]:
    """Labels of the needed stages."""
    return [node.label for node in found.nodes if node.index is not None and node.needed]


def step_names(found: sg.Report) -> list[str]:
    """Names of the steps but the result."""
    return [step.name for step in found.steps if step.name]
