"""Every question of the conformance set, asked of the reader; BuildKit's answers are the measure."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import networkx as nx
import pytest
from networkx.algorithms.isomorphism import DiGraphMatcher

from stagegraph.errors import DockerfileError
from stagegraph.graph.report import analyse
from stagegraph.model import EdgeKind, Severity

from .conformance import Question, build_for, questions

Edge = tuple[str, str, str, int, bool]


def _wanted_edges(question: Question) -> Counter[Edge]:
    return Counter(
        (
            f"stage:{edge['from']}" if isinstance(edge["from"], int) else f"image:{edge['from']['image']}",
            f"stage:{edge['to']}",
            edge["kind"],
            edge["line"],
            bool(edge.get("onbuild")),
        )
        for edge in question["edges"]
    )


def _found_edges(question: Question) -> Counter[Edge]:
    """Our edges between stages, and those from images that instructions name, as the answers have them."""
    graph = build_for(question).whole_graph
    labels = graph.nodes(data="label")
    found: Counter[Edge] = Counter()
    for references in graph.references.values():
        for edge in references:
            image = edge.source.startswith("image:")
            if edge.source.startswith("stage:") or (image and edge.kind is not EdgeKind.FROM):
                source = f"image:{labels[edge.source]}" if image else edge.source
                found[source, edge.target, str(edge.kind), edge.line, edge.onbuild] += 1
    return found


def _refused(question: Question) -> str | None:
    try:
        build_for(question)
    except DockerfileError as error:
        return str(error)
    return None


def test_all_questions_are_there() -> None:
    assert len(questions()) == 3356
    assert sum("vertices" in question for question in questions()) == 2516


def test_the_same_files_are_refused() -> None:
    wrong = []
    for question in questions():
        wanted = bool(question["error"]) and question["error"]["phase"] != "solve"
        if wanted != (_refused(question) is not None):
            wrong.append((question["id"], question["error"], _refused(question)))
    assert wrong == []


def test_errors_stand_at_the_same_line() -> None:
    compared, wrong = 0, []
    for question in questions():
        line = re.search(r"on line (\d+)", (question["error"] or {}).get("message", ""))
        if line:
            compared += 1
            with pytest.raises(DockerfileError) as caught:
                build_for(question)
            if caught.value.line != int(line[1]):
                wrong.append((question["id"], question["error"], str(caught.value)))
    assert wrong == []
    assert compared > 200


def test_what_fails_only_while_building_is_a_finding() -> None:
    wrong = []
    for question in questions():
        if "stages" in question and (question["error"] or {}).get("phase") in (None, "solve"):
            findings = analyse(build_for(question)).findings
            failing = any(finding.severity is Severity.ERROR for finding in findings)
            if failing != bool(question["error"]):
                wrong.append((question["id"], question["error"], findings))
    assert wrong == []


def test_stages_bases_target_and_needed_are_equal() -> None:
    compared, wrong = 0, []
    for question in questions():
        if _answered(question):
            resolved = build_for(question).target_builds[0].resolved
            count = len(resolved.file.stages)
            found: dict[str, Any] = {
                "stages": [
                    [place.index, place.name, place.span.line, place.base, place.base_index]
                    for place in resolved.sources[:count]
                    if place.span
                ],
                "target": resolved.target,
                "needed": sorted(index for index in resolved.needed if index < count),
            }
            wanted = {
                "stages": [
                    [stage[key] for key in ("index", "name", "line", "base", "base_stage")]
                    for stage in question["stages"]
                ],
                "target": question["target_stage"],
                "needed": question["needed"],
            }
            compared += 1
            if found != wanted:
                wrong.append((question["id"], found, wanted))
    assert wrong == []
    assert compared > 2500


def test_edges_are_equal() -> None:
    wrong = []
    for question in questions():
        if _answered(question):
            # an image is one node under the first name that it has, so names are compared as nodes
            found, wanted = _found_edges(question), _wanted_edges(question)
            if _shape(found) != _shape(wanted):
                wrong.append((question["id"], found - wanted, wanted - found))
    assert wrong == []


def _shape(edges: Counter[Edge]) -> Counter[Edge]:
    return Counter(
        {(_full(source), *rest): count for (source, *rest), count in edges.items()}  # type: ignore[misc]
    )


def _full(source: str) -> str:
    from stagegraph.dockerfile.references import full_reference

    kind, _, name = source.partition(":")
    return full_reference(name) if kind == "image" else source


def _answered(question: Question) -> bool:
    return "stages" in question and (question["error"] or {}).get("phase") != "graph"


def test_steps_are_equal_as_graphs() -> None:
    wrong = [
        question["id"] for question in questions() if "vertices" in question and not _same_steps(question)
    ]
    assert wrong == []


def _same_steps(question: Question) -> bool:
    """Whether the two graphs are isomorphic, names and lines included.

    Where BuildKit merges equal steps it keeps the name of one and the line of another.
    """
    found: nx.DiGraph[int] = nx.DiGraph()
    wanted: nx.DiGraph[int] = nx.DiGraph()
    for position, step in enumerate(build_for(question).steps):
        own = [(step.name, step.span), *step.others]
        names, lines = {name for name, _ in own}, {span.line if span else None for _, span in own}
        found.add_node(position, kind=step.kind.value, names=names, lines=lines)
        found.add_edges_from((read, position) for read in step.inputs)
    for position, vertex in enumerate(question["vertices"]):
        wanted.add_node(position, **vertex)
        wanted.add_edges_from((read, position) for read in vertex["inputs"])
    return DiGraphMatcher(found, wanted, node_match=_may_be).is_isomorphic()


def _may_be(step: dict[str, Any], vertex: dict[str, Any]) -> bool:
    return (
        step["kind"] == vertex["kind"] and vertex["name"] in step["names"] and vertex["line"] in step["lines"]
    )
