"""The library beside reports and pictures: graphs that networkx can write, and findings."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import networkx
import pytest

import stagegraph as sg

from .build import build
from .test_samples import NAMES, SAMPLES

EVERYTHING = """
FROM node:22 AS b
RUN make
FROM scratch AS scratch
FROM alpine
ADD https://example.com/x.tgz /x
COPY a "b\tc" /d/
COPY --from=b /p /q
RUN --mount=target=/m --mount=from=b,target=/n make
"""


def _written(graph: networkx.DiGraph[Any], writer: str) -> bytes:
    output = io.BytesIO()
    getattr(networkx, f"write_{writer}")(graph, output)
    return output.getvalue()


@pytest.mark.parametrize("writer", ["graphml", "gexf", "gml"])
def test_networkx_writes_every_graph(writer: str) -> None:
    own = build(
        EVERYTHING, platforms=("linux/amd64", "linux/arm64"), contexts={"node:22": "docker-image://x"}
    )
    graphs: list[networkx.DiGraph[Any]] = [own.graph(), own.graph(prune=False), sg.step_graph(own)]
    for graph in graphs:
        assert b"needed" in _written(graph, writer) or b"kind" in _written(graph, writer)
        assert networkx.node_link_graph(json.loads(json.dumps(networkx.node_link_data(graph)))).nodes


@pytest.mark.parametrize("name", NAMES)
def test_networkx_writes_every_sample(name: str) -> None:
    graph = sg.read(SAMPLES[NAMES.index(name)]).graph(prune=False)
    written = networkx.read_graphml(io.BytesIO(_written(graph, "graphml")))
    assert {node: dict(data) for node, data in written.nodes.items()} == dict(graph.nodes.items())
    assert dict(written.edges.items()) == dict(graph.edges.items())


def test_the_references_are_beside_the_graph() -> None:
    graph = build(EVERYTHING).graph(prune=False)
    edges = graph.references["stage:0", "stage:2"]
    assert [(edge.kind, edge.paths, edge.line) for edge in edges] == [
        (sg.EdgeKind.COPY, ("/p",), 8),
        (sg.EdgeKind.MOUNT, ("/",), 9),
    ]
    assert graph.copy().references == graph.references
    assert sg.prune(graph, ["stage:0"]).references == graph.references


def test_a_source_has_no_line_and_a_stage_has() -> None:
    graph = build("FROM alpine AS b\nCOPY x /x\n").graph()
    assert graph.nodes["stage:0"] == {
        "kind": "stage",
        "label": "b",
        "line": 1,
        "index": 0,
        "needed": True,
        "runs": False,
    }
    assert graph.nodes["context"] == {
        "kind": "context",
        "label": "build context",
        "needed": True,
        "runs": False,
    }
    assert graph.edges["context", "stage:0"] == {"kind": "copy", "line": 2, "paths": "x"}


def test_check_returns_the_findings_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a AS x\nFROM b AS x\nFROM x\n")
    for dockerfile in (tmp_path, tmp_path / "Dockerfile", str(tmp_path)):
        result = sg.check(dockerfile, discover=False)
        assert isinstance(result, sg.CheckResult)
        assert [(one.code, one.line, one.severity) for file in result.files for one in file.findings] == [
            ("shadowed-stage", 1, sg.Severity.WARNING)
        ]
    with pytest.raises(AttributeError):
        result.files[0].findings[0].line = 2  # type: ignore[misc]  # frozen
    assert msgspec.structs.asdict(result.files[0].findings[0])["fix"]


def test_check_takes_a_source_and_options() -> None:
    source = sg.Source(name="Dockerfile", text="FROM a AS x\nFROM b\nFROM c\n")
    assert [one.code for one in sg.check(source).files[0].findings] == ["dead-stage"]
    assert sg.check(source, ignore=["dead-stage"]).files[0].findings == ()
    assert sg.check(sg.Source(name="D", text="FRM a\n")).files[0].error_line == 1
    with pytest.raises(sg.OptionsError, match="unknown rule `dead-stag`"):
        sg.check(source, select=["dead-stag"])


def test_check_enables_rules_that_are_off_by_default() -> None:
    source = sg.Source(name="Dockerfile", text="FROM a\nCOPY . .\nRUN npm ci\n")
    assert sg.check(source).files[0].findings == ()
    assert [one.code for one in sg.check(source, enable=["cache-order"]).files[0].findings] == ["cache-order"]
    both = sg.check(source, enable=["cache-order"], ignore=["cache-order"])
    assert both.files[0].findings == ()
    with pytest.raises(sg.OptionsError, match="unknown rule `cache-ordr`"):
        sg.check(source, enable=["cache-ordr"])


def test_check_is_the_function_whatever_was_imported_before() -> None:
    import stagegraph.check.check as module

    assert sg.check(sg.Source(name="D", text="FROM a\n")).files[0].findings == ()
    assert module.CheckedFile is sg.CheckedFile
