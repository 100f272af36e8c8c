"""Mermaid that the real Mermaid takes, whatever the labels are."""

from __future__ import annotations

import difflib
import html
import random
import re

import pytest
from msgspec.structs import replace

import stagegraph as sg
from stagegraph.formats.mermaid import MOST_CHARACTERS, MOST_EDGES
from stagegraph.formats.mermaid_style import AMBER, BLUE, GREEN, GREY, RED

from .build import report
from .mermaid_parser import THEMES, VERSIONS, Drawer, parse_errors
from .shapes import services
from .strategies import generated_dockerfiles
from .test_svg import contrast

HOSTILE = [
    "end",
    "graph",
    "subgraph",
    "class",
    "classDef",
    "style",
    "linkStyle",
    "click",
    "default",
    "flowchart-x",
    '"',
    "'",
    "`",
    "``x``",
    "[x]",
    "(x)",
    "{x}",
    "{{x}}",
    "<b>x</b>",
    "<script>alert(1)</script>",
    "a|b",
    "a;b",
    "#",
    "#35;",
    "#quot;",
    "&amp;",
    "%%",
    "%%{init: {'theme':'dark'}}%%",
    "$$x^2$$",
    "fa:fa-ban",
    "fab:fa-docker",
    "-->",
    "---",
    "==>",
    "-.->",
    "a --> b",
    ":::",
    "@{ shape: x }",
    "\\",
    "\\n",
    "a\nb",
    "javascript:alert(1)",
    "1. one",
    "- one",
    "* one",
    "+ one",
    "# one",
    "> one",
    "**x**",
    "__x__",
    "~~~",
    "中文",
    "বাংলা",
    "🐳",
    "__proto__",
    "",
    " ",
    "\u200b",
    "\x1b[31m",
]


def _with_label(text: str) -> sg.Report:
    found = report("FROM alpine AS x\nFROM scratch\nCOPY --from=x /a /b\n")
    nodes = tuple(replace(node, label=text) if node.label == "x" else node for node in found.nodes)
    edges = tuple(replace(edge, paths=(text,)) if edge.paths else edge for edge in found.edges)
    return replace(found, nodes=nodes, edges=edges)


def test_hostile_labels_parse() -> None:
    diagrams = {repr(text): sg.render(_with_label(text), "mermaid").decode() for text in HOSTILE}
    assert parse_errors(diagrams) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_hostile_labels_come_through_and_run_nothing(version: str, drawer: Drawer) -> None:
    found = report("FROM scratch\n" + "FROM alpine\n" * len(HOSTILE))
    labels = dict(zip((node.id for node in found.nodes if node.index), HOSTILE, strict=True))
    nodes = tuple(replace(node, label=labels.get(node.id, node.label)) for node in found.nodes)
    svg = drawer.draw(sg.render(replace(found, nodes=nodes), "mermaid").decode(), version)
    assert "<script" not in svg
    shown = html.unescape(re.sub(r"<[^>]*>", "\n", svg))
    words = re.sub(r"[\s\u200b]+", "", shown)
    missing = [text for text in HOSTILE if text.isprintable() and re.sub(r"\s+", "", text) not in words]
    assert missing == []


def test_generated_reports_are_mermaid_that_parses() -> None:
    diagrams: dict[str, str] = {}
    for text in generated_dockerfiles(3):
        try:
            found = sg.analyse(sg.read(sg.Source(name="Dockerfile", text=text)))
        except sg.StagegraphError:
            continue
        view = sg.View(
            steps=len(diagrams) % 3 == 0, critical_path=len(diagrams) % 2 == 0, link_base="https://e.org/D"
        )
        diagrams[f"{len(diagrams)}: {text}"] = sg.render(found, "mermaid", view).decode()
    assert diagrams
    assert parse_errors(diagrams) == []


@pytest.mark.parametrize(("stages", "reads"), [(60, 3), (260, 6), (700, 8)])
def test_large_files_stay_within_the_limits_and_say_so(stages: int, reads: int) -> None:
    chance = random.Random(stages)
    lines = ["FROM alpine AS s0"]
    for index in range(1, stages):
        lines.append(f"FROM s{chance.randint(max(0, index - 9), index - 1)} AS s{index}")
        lines += [f"COPY --from=s{chance.randint(0, index - 1)} /path/of/{n} /to/{n}" for n in range(reads)]
    found = report("\n".join(lines) + "\n")
    texts = {f"{stages} {s}": sg.render(found, "mermaid", sg.View(steps=s)).decode() for s in (False, True)}
    for text in texts.values():
        assert len(text) <= MOST_CHARACTERS
        assert count_links(text) <= MOST_EDGES
        assert stages < 100 or "note0" in text
    assert parse_errors(texts) == []


def test_boxes_full_of_sources_stay_within_the_limits() -> None:
    lines = []
    for stage in range(60):
        lines.append(f"FROM alpine AS s{stage}")
        lines += [f"COPY --from=registry.example.org/image{n} /a%%%% /b{stage}%%%%{n}" for n in range(40)]
        lines += [f"COPY --from=s{stage - 1} /x{stage} /y"] if stage else []
    text = sg.render(report("\n".join(lines) + "\n"), "mermaid").decode()
    assert len(text) <= MOST_CHARACTERS
    assert "details in the boxes are left out" in text
    assert parse_errors({"sources": text}) == []


def count_links(text: str) -> int:
    """How many links a diagram has, as Mermaid counts them."""
    return len(re.findall(r" (?:---|-{2,3}>|={3}|={2,3}>|-\.-|-\.{1,2}->) ", text))


def test_the_links_are_counted_as_mermaid_counts(drawer: Drawer) -> None:
    for view in (sg.View(), sg.View(labels=False), sg.View(steps=True)):
        text = sg.render(report(services(20)), "mermaid", view).decode()
        drawer.draw(text)
        drawn = drawer.state("document.querySelectorAll('#out .edgePaths > path').length")
        assert count_links(text) == drawn > 10


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("stages", [5, 20, 60])
def test_github_cuts_and_hides_nothing(stages: int, theme: str, drawer: Drawer) -> None:
    found = report(services(stages))
    for view in (sg.View(), sg.View(critical_path=True, prune=True), sg.View(steps=True)):
        assert drawer.faults(sg.render(found, "mermaid", view).decode(), "11", theme) == []


@pytest.mark.parametrize(("stages", "direction"), [(7, "TB"), (20, "LR"), (60, "LR")])
def test_the_direction_is_the_one_that_github_shows_larger(
    stages: int, direction: str, drawer: Drawer
) -> None:
    found = report(services(stages))
    assert f"flowchart {direction}\n" in sg.render(found, "mermaid").decode()
    widths = {}
    for way in ("TB", "LR"):
        drawer.draw(sg.render(found, "mermaid", sg.View(direction=way)).decode())
        widths[way] = drawer.state("document.querySelector('#out svg').viewBox.baseVal.width")
    assert min(widths, key=lambda way: max(widths[way], 900)) == direction


def test_what_ships_has_a_mark_and_a_colour_that_both_papers_bear(drawer: Drawer) -> None:
    text = sg.render(report("FROM a AS x\nFROM b\nCOPY --from=x /a /b\n"), "mermaid").decode()
    assert [word in text for word in ("● b", "◐ x", "◉ stage-1")] == [True] * 3
    drawer.draw(text)
    colours = drawer.state(
        "[...document.querySelectorAll('#out path.flowchart-link')].map((p) => p.style.stroke)"
    )
    assert sorted(set(colours)) == ["rgb(129, 139, 152)", "rgb(45, 164, 78)", "rgb(47, 129, 247)"]
    for colour in (GREY, BLUE, GREEN, AMBER, RED):
        assert all(contrast(colour, paper) >= 3 for paper in THEMES.values()), colour


def test_the_title_is_quoted() -> None:
    text = sg.render(report("FROM a\n"), "mermaid", sg.View(title='a: "b" # c')).decode()
    assert text.split("\n")[1] == 'title: "a: \\"b\\" # c"'
    assert parse_errors({"title": text}) == []


def test_links_only_when_asked() -> None:
    found = report("FROM a AS x\n")
    assert "click" not in sg.render(found, "mermaid").decode()
    text = sg.render(found, "mermaid", sg.View(link_base="https://e.org/Dockerfile")).decode()
    assert '  click s_x href "https://e.org/Dockerfile#L1"' in text


TEN_STAGES = """\
FROM node:20 AS deps
COPY package.json ./
FROM deps AS lint
FROM deps AS test
FROM deps AS build
COPY src ./src
FROM golang:1.23 AS server
FROM server AS server-test
FROM alpine:3.20 AS certs
FROM nginx:1.27 AS base
FROM base AS config
COPY --from=certs /etc/ssl /etc/ssl
FROM config AS final
COPY --from=build /app/dist /srv
COPY --from=server /out/server /usr/bin/server
"""
_NEW = "FROM python:3.12 AS docs\nRUN make html\n"
CHANGES = {
    "a stage at the top": (TEN_STAGES, _NEW + TEN_STAGES, "docs", "python"),
    "a stage in the middle": (
        TEN_STAGES,
        TEN_STAGES.replace("FROM golang", _NEW + "FROM golang"),
        "docs",
        "python",
    ),
    "a stage that the target reads": (
        TEN_STAGES,
        _NEW + TEN_STAGES + "COPY --from=docs /html /srv/docs\n",
        "docs",
        "python",
    ),
    "a base of the target": (
        TEN_STAGES,
        TEN_STAGES.replace("FROM base AS config", "FROM base AS tuned\nRUN tune\nFROM tuned AS config"),
        "tuned",
        "tuned",
    ),
    "no name": (
        TEN_STAGES.replace(" AS final", ""),
        _NEW + TEN_STAGES.replace(" AS final", ""),
        "docs",
        "python",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_new_stage_changes_few_lines_besides_its_own(change: str, backwards: bool) -> None:
    before, after, *own = CHANGES[change]
    texts = [sg.render(report(text), "mermaid").decode().splitlines() for text in (before, after)]
    old, new = texts[::-1] if backwards else texts
    differing = [
        line
        for line in difflib.ndiff(old, new)
        if line[:1] in "+-" and not any(f"_{name}" in line for name in own)
    ]
    assert len([line for line in differing if line[0] == "-"]) <= 8, differing
    assert len([line for line in differing if line[0] == "+"]) <= 8, differing


def test_a_renamed_stage_keeps_the_ids_of_the_others() -> None:
    text = sg.render(report(TEN_STAGES), "mermaid").decode()
    renamed = sg.render(report(TEN_STAGES.replace("certs", "keys")), "mermaid").decode()
    ids = [set(re.findall(r"^  (\w+)[\[({]", one, re.MULTILINE)) for one in (text, renamed)]
    assert ids[0] ^ ids[1] == {"s_certs", "s_keys"}


def test_names_that_become_equal_ids_stay_apart_and_do_not_depend_on_the_order() -> None:
    names = ["a-b", "a.b", "a_b", "end", "graph", "x" * 80, "x" * 81]
    texts = [
        "".join(f"FROM scratch AS {name}\n" for name in order)
        + "FROM alpine AS last\n"
        + "".join(f"COPY --from={name} /{n} /\n" for n, name in enumerate(names))
        for order in (names, names[::-1])
    ]
    found = [sg.render(report(text), "mermaid").decode() for text in texts]
    ids = [re.findall(r"^  (s_\w+)\(", text, re.MULTILINE) for text in found]
    assert len(set(ids[0])) == len(names) + 1
    assert set(ids[0]) == set(ids[1])
    assert {"s_a_b", "s_end", "s_graph"} < set(ids[0])
    assert parse_errors(dict(enumerate_names(found))) == []


def enumerate_names(texts: list[str]) -> list[tuple[str, str]]:
    """Each text with a name of its own."""
    return [(str(number), text) for number, text in enumerate(texts)]


@pytest.mark.parametrize("dialect", ["github", "sphinx", "azure", "plain"])
def test_mermaid_reads_every_dialect(dialect: str) -> None:
    title = "" if dialect == "azure" else "A: title; with {braces} #1 %%{init}%%"
    texts = {
        f"{dialect} {steps}": sg.render(
            report(TEN_STAGES), "mermaid", sg.View(dialect=dialect, title=title, steps=steps)
        ).decode()
        for steps in (False, True)
    }
    assert parse_errors(texts) == []
    for text in texts.values():
        assert text.startswith("---\n") == (dialect == "github")
        assert ("%%{init: {" in text) == (dialect == "sphinx")
        assert ("\ngraph TB" in f"\n{text}" or "\ngraph LR" in f"\n{text}") == (dialect == "azure")


def test_azure_gets_no_long_links_and_no_bold_text() -> None:
    text = sg.render(report(TEN_STAGES), "mermaid", sg.View(dialect="azure")).decode()
    assert not re.search(r"===>|---->|-\.\.->|<b>|flowchart", text)
    with pytest.raises(sg.OptionsError, match="Azure DevOps shows no title"):
        sg.render(report(TEN_STAGES), "mermaid", sg.View(dialect="azure", title="x"))
