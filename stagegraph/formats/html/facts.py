"""A report as data for the script of a page: nodes with their facts, edges, steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stagegraph.formats.legend import ROLE_WORDS
from stagegraph.formats.report_sections import report_sections
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role, Step, StepKind
from stagegraph.picture.detail import closed_in, only_targets, parts_of
from stagegraph.picture.links import dockerfile_paths
from stagegraph.picture.shorten import ARROW
from stagegraph.picture.theme import style_of
from stagegraph.picture.view import file_link
from stagegraph.units import size

STEP_PLACE = re.compile(r"\A\[([^\]]*)\] ")  # "[builder 2/5] " in the name of a step
_KINDS = {
    NodeKind.STAGE: "Stage",
    NodeKind.IMAGE: "Image",
    NodeKind.CONTEXT: "Build context",
    NodeKind.NAMED_CONTEXT: "Named context",
    NodeKind.REMOTE: "Remote source",
    NodeKind.BAKE_TARGET: "Bake target",
}
_ROLES = {
    Role.TARGET: "BuildKit builds this stage because it is a target.",
    Role.INHERITED: "Its layers are in the image, through FROM.",
    Role.COPIED: "Only the paths that are copied from it are in the image.",
    Role.MOUNTED: "Not in the image; a RUN reads it during the build.",
    Role.UPSTREAM: "Not in the image; another needed stage uses it during the build.",
    Role.UNNEEDED: "BuildKit skips it.",
}
_REACHES = {
    Reach.SELECTABLE: "It is needed",
    Reach.IDLE: "It is built",
    Reach.UNKNOWN: "Cannot be decided:",
    Reach.DEAD: "No build uses it:",
}


def overview(report: Report) -> list[dict[str, Any]]:
    """The sections of the text report: heading, sentences, and rows of what, detail and key."""
    return [
        {
            "heading": section.heading,
            "sentences": list(section.sentences),
            "rows": [[row.what, row.detail, row.key] for row in section.rows],
        }
        for section in report_sections(report)
    ]


def graph_facts(report: Report, link_base: str = "") -> dict[str, Any]:
    """``nodes``, ``edges`` and ``steps`` of ``report``, and its ``targets``, by the keys of the page.

    ``link`` is that of the page to the Dockerfile; if there are several, each item has its own.
    """
    kept: dict[str, tuple[str, ...]] = {}
    for item in report.left_behind:
        kept[item.node] = tuple(dict.fromkeys((*kept.get(item.node, ()), *item.kept)))
    paths = dockerfile_paths(report)
    links = {node: {"link": file_link(link_base, path)} for node, path in (paths or {}).items() if link_base}
    nodes = [_node(node, kept.get(node.id, ())) | links.get(node.id, {}) for node in report.nodes]
    steps = [step for step in report.steps if step.kind is not StepKind.RESULT]
    return {
        "link": link_base.partition("#")[0] if paths is None else "",
        "targets": [f"node:{target}" for target in report.targets],
        "nodes": [*nodes, *_bake_targets(report, links)],
        "edges": [_edge(edge) | links.get(edge.target, {}) for edge in report.edges],
        "steps": [_step(step, report) | links.get(step.node or "", {}) for step in steps],
    }


def _node(node: Node, kept: tuple[str, ...]) -> dict[str, Any]:
    style = style_of(node.role, node.reach)
    return {
        "key": f"node:{node.id}",
        "label": node.label,
        "kind": _KINDS[node.kind],
        "style": style,
        "role": ROLE_WORDS[style],
        "line": node.line,
        "end": node.end_line,
        "sentences": list(_sentences(node, kept)),
        "facts": [list(fact) for fact in _facts(node)],
    }


def _bake_targets(report: Report, links: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The bake targets as nodes, each with the node of its image, what is drawn in it, and its part."""
    if not report.bake_targets:
        return []
    parts, homes = parts_of(report), closed_in(report, ())
    members: dict[str, list[str]] = {}
    for node, target in homes.items():
        members.setdefault(target, []).append(node)
    targets = [node for node in only_targets(report).nodes if node.kind is NodeKind.BAKE_TARGET]
    found = [_node(node, ()) | _contents(report, node, members[node.id], parts) for node in targets]
    return [{**node, **links.get(node["image"].removeprefix("node:"), {})} for node in found]


def _contents(report: Report, target: Node, members: Sequence[str], parts: Sequence[str]) -> dict[str, Any]:
    image = next(one.node for one in report.bake_targets if one.name in target.bake_targets)
    stage = report.node(image)
    return {
        "image": f"node:{image}",
        "members": [f"node:{member}" for member in members],
        "part": parts.index(stage.part) if stage.index is not None else None,
    }


def _sentences(node: Node, kept: tuple[str, ...]) -> Iterator[str]:
    if node.description:
        yield node.description
    yield _ROLES[node.role]
    if kept:
        yield f"In the image: {', '.join(kept)}."
    if node.why and node.reach in _REACHES:
        yield f"{_REACHES[node.reach]} {node.why}."


def _facts(node: Node) -> Iterator[tuple[str, str]]:
    if node.base:
        yield "Base", node.base
    if node.base_text and node.base_text != node.base:
        yield "Written as", node.base_text
    if node.platform:
        yield "Platform", node.platform
    if node.bytes is not None:
        yield "Size", size(node.bytes)


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "source": f"node:{edge.source}",
        "target": f"node:{edge.target}",
        "text": _edge_text(edge),
        "size": None if edge.bytes is None else size(edge.bytes),
        "kind": edge.kind,
        "line": edge.line,
        "needed": edge.needed and not edge.selectable,
    }


def _edge_text(edge: Edge) -> str:
    """What an edge does, as in the Dockerfile: ``COPY /app/dist → ./dist``."""
    if edge.selectable:
        return f"FROM, {edge.why}"
    if edge.kind is EdgeKind.FROM:
        return "FROM"
    if edge.kind is EdgeKind.TAG:
        return f"tags {', '.join(edge.paths)}"
    word = "RUN --mount" if edge.kind is EdgeKind.MOUNT else edge.kind.upper()
    link = " --link" if edge.link else ""
    onbuild = "ONBUILD " if edge.onbuild else ""
    carried = " ".join(edge.paths) + (f"{ARROW}{edge.destination}" if edge.destination else "")
    return f"{onbuild}{word}{link} {carried}".rstrip()


def _step(step: Step, report: Report) -> dict[str, Any]:
    prefix = STEP_PLACE.match(step.name)
    return {
        "key": f"step:{step.id}",
        "name": step.name,
        "text": step.name[prefix.end() :] if prefix else step.name,
        "position": prefix[1] if prefix else "",
        "nodes": [f"node:{name}" for name in _nodes_of(step, report)],
        "line": step.line,
        "end": step.end_line,
        "critical": step.critical,
        "inputs": [f"step:{read}" for read in step.inputs],
    }


def _nodes_of(step: Step, report: Report) -> list[str]:
    """The nodes that a step belongs to: every stage that has it, the one it is drawn in first."""
    names = dict.fromkeys([step.node, *(report.nodes[stage].id for stage in step.stages)])
    return [name for name in names if name]
