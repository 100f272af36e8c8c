"""Whatever is given, the answer is a graph or one error of stagegraph's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.picture.view import View

from .strategies import dockerfiles, examples, mutated

_CHEAP = examples(2)
_SLOW = examples(0.2)  # each draws a picture
_NAMESPACE = "{http://www.w3.org/2000/svg}"


def _answer(read: Callable[[], sg.Build]) -> sg.Report | None:
    """The report of what is read; None after an error, which has one printable message."""
    refused: sg.StagegraphError | None = None
    report = None
    try:
        report = sg.analyse(read())
    except sg.StagegraphError as error:
        refused = error
    assert (report is None) == (refused is not None)
    if refused:
        assert refused.message.strip()
        assert "\x1b" not in str(refused)
    return report


def _report(data: bytes) -> sg.Report | None:
    return _answer(lambda: sg.read(source_from_bytes(data, "Dockerfile")))


@_CHEAP
@given(st.binary(max_size=400))
def test_bytes_give_a_report_or_one_error(data: bytes) -> None:
    _report(data)


@_CHEAP
@given(mutated())
def test_mutated_dockerfiles_give_a_report_or_one_error(data: bytes) -> None:
    _report(data)


@_CHEAP
@given(dockerfiles(), st.sampled_from(("", "base", "END", "nope")), st.text(max_size=12))
def test_any_target_and_platform_give_a_report_or_one_error(text: str, target: str, platform: str) -> None:
    source = sg.Source(name="Dockerfile", text=text)
    options = sg.Options(target=target, platforms=(platform,) if platform else ())
    _answer(lambda: sg.read(source, options))


@_CHEAP
@given(dockerfiles())
def test_reports_agree_with_themselves(text: str) -> None:
    report = _report(text.encode("utf-8", "replace"))
    if report is None:
        return
    ids = {node.id for node in report.nodes}
    assert {edge.source for edge in report.edges} | {edge.target for edge in report.edges} <= ids
    assert {item.node for item in report.shipped} <= ids
    for step in report.steps:
        assert all(read < step.id for read in step.inputs)
        assert step.slack >= 0
    for edge in report.edges:
        if edge.needed:
            assert report.node(edge.source).needed
    length = len(report.critical_path)
    assert length == report.parallelism.length
    assert report.max_parallelism * max(report.parallelism.levels, 1) >= (
        len(report.steps) - len(report.targets)
    )


@_CHEAP
@given(dockerfiles())
def test_pruning_keeps_what_is_needed_and_nothing_else(text: str) -> None:
    report = _report(text.encode("utf-8", "replace"))
    if report is not None:
        build = sg.read(sg.Source(name="Dockerfile", text=text))
        assert set(build.graph()) == {node.id for node in report.nodes if node.needed}


@_SLOW
@given(dockerfiles(), st.booleans())
def test_svg_is_xml_that_runs_and_loads_nothing(text: str, steps: bool) -> None:
    report = _report(text.encode("utf-8", "replace"))
    if report is None:
        return
    for element in ElementTree.fromstring(sg.render(report, "svg", View(steps=steps, legend=True))).iter():
        assert element.tag.removeprefix(_NAMESPACE) in {
            "svg", "g", "path", "polygon", "polyline", "ellipse", "circle", "rect", "text", "tspan", "title",
            "desc", "style",
        }  # fmt: skip
        for name in element.attrib:
            assert not re.match(r"on|(\{.*\})?href", name), name


@_SLOW
@given(dockerfiles())
def test_every_format_takes_every_report(text: str) -> None:
    report = _report(text.encode("utf-8", "replace"))
    if report is not None:
        for name in ("dot", "mermaid", "json", "text", "markdown"):
            assert sg.render(report, name)


class _Tags(HTMLParser):
    """The tags of a page with their attributes, and what its first script holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][1].get("id") == "data":
            self.data += data


@_SLOW
@given(dockerfiles(), st.booleans())
def test_a_page_holds_one_script_and_an_element_for_each_box(text: str, steps: bool) -> None:
    report = _report(text.encode("utf-8", "replace"))
    if report is None:
        return
    page = _Tags()
    page.feed(sg.render(report, "html", View(steps=steps)).decode())
    names = [name for name, _ in page.tags]
    assert names.count("script") == 2
    assert names.count("style") == 1
    assert not {"img", "iframe", "object", "base"} & set(names)
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    graph = json.loads(page.data)["graph"]
    ids = {attributes.get("id") for _, attributes in page.tags}
    assert {box for box, *_ in graph["boxes"]} | set(graph["critical"]) <= ids
    assert {end for arrow in graph["arrows"] for end in arrow[:2]} | set(graph["inside"].values()) <= ids
