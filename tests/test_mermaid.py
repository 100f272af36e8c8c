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
from stagegraph.formats.node_ids import arrow_ids
from stagegraph.picture.picture import picture
from stagegraph.picture.theme import style_name
from stagegraph.picture.view import DIALECTS, Arrow

from .build import report
from .colour_vision import contrast
from .mermaid_parser import THEMES, VERSIONS, Drawer, parse_errors
from .shapes import services
from .strategies import generated_dockerfiles

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
    text = sg.render(replace(found, nodes=nodes), "mermaid", sg.View(all=True)).decode()
    svg = drawer.draw(text, version)
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
            steps=len(diagrams) % 3 == 0,
            critical_path=len(diagrams) % 2 == 0,
            link_base="https://e.org/D",
            dialect=DIALECTS[len(diagrams) % len(DIALECTS)],
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
        lines += [
            f"COPY --from=registry.example.org/image{n} /a%%%%%%%%%%%% /b{stage}%%%%%%%%{n}"
            for n in range(40)
        ]
        lines += [f"COPY --from=s{stage - 1} /x{stage} /y"] if stage else []
    text = sg.render(report("\n".join(lines) + "\n"), "mermaid", sg.View(all=True)).decode()
    assert len(text) <= MOST_CHARACTERS
    assert "to stay within Mermaid's limits" in text
    assert parse_errors({"sources": text}) == []


def count_links(text: str) -> int:
    """How many links a diagram has, as Mermaid counts them."""
    return len(re.findall(r" (?:~~~|---|-{2,3}>|={3}|={2,3}>|-\.-|-\.{1,2}->) ", text))


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
    assert f"flowchart {direction}\n" in sg.render(found, "mermaid", sg.View(all=True)).decode()
    widths = {}
    for way in ("TB", "LR"):
        drawer.draw(sg.render(found, "mermaid", sg.View(direction=way, all=True)).decode())
        widths[way] = drawer.state("document.querySelector('#out svg').viewBox.baseVal.width")
    assert min(widths, key=lambda way: max(widths[way], 900)) == direction


def test_what_ships_has_a_mark_and_a_colour_that_both_papers_bear(drawer: Drawer) -> None:
    text = sg.render(report("FROM a AS x\nFROM b\nCOPY --from=x /a /b\n"), "mermaid").decode()
    assert [word in text for word in ("● b", "◧ x", "◉ stage-1")] == [True] * 3
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
    assert len([line for line in differing if line[0] == "-"]) <= 9, differing
    assert len([line for line in differing if line[0] == "+"]) <= 9, differing


def test_a_renamed_stage_keeps_the_ids_of_the_others() -> None:
    text = sg.render(report(TEN_STAGES), "mermaid").decode()
    renamed = sg.render(report(TEN_STAGES.replace("certs", "keys")), "mermaid").decode()
    ids = [set(re.findall(r"^  (\w+)[\[({]", one, re.MULTILINE)) for one in (text, renamed)]
    assert ids[0] ^ ids[1] == {"s_certs", "s_keys"}


NAMES = ("base", "deps", "build", "test", "lint", "assets", "server", "certs", "docs", "final")


def _random_stage(chance: random.Random, name: str, before: list[str]) -> list[str]:
    lines = [
        f"FROM {chance.choice(['alpine:3', 'golang:1', 'node:20', *before[-5:]])} AS {name}",
        f"RUN make {name}",
    ]
    if chance.random() < 0.3:
        lines.append("COPY src /src")
    if before and chance.random() < 0.6:
        lines.append(f"COPY --from={chance.choice(before)} /out/{name} /bin/{name}")
    return lines


def _random_edit(seed: int) -> tuple[str, str]:
    """Ten stages, and the same with a stage ``fresh`` somewhere, which others may read."""
    chance = random.Random(seed)
    stages = [_random_stage(chance, name, list(NAMES[:number])) for number, name in enumerate(NAMES)]
    place = chance.randrange(len(NAMES))
    fresh = _random_stage(chance, "fresh", list(NAMES[:place]))
    after = [*stages[:place], fresh, *(list(stage) for stage in stages[place:])]
    if chance.random() < 0.5:
        after[-1].append("COPY --from=fresh /fresh /fresh")
    old, new = ("\n".join(line for lines in each for line in lines) + "\n" for each in (stages, after))
    return old, new


def _parts(found: sg.Report) -> set[object]:
    """What a reader sees of a picture without the stage ``fresh``."""
    drawn = picture(found, sg.View())
    labels = {box.id: box.label for box in drawn.boxes}
    boxes = {(box.label, re.sub(r"\d+ steps?", "", box.sublabel), style_name(box)) for box in drawn.boxes}
    arrows = {(labels[a.source], labels[a.target], a.label, a.kind, a.needed, a.ships) for a in drawn.arrows}
    parts: set[object] = {part for part in boxes | arrows if "fresh" not in str(part)}
    return parts | {drawn.direction, drawn.notes}


def test_the_lines_of_what_looks_the_same_stay_the_same() -> None:
    measured = 0
    for seed in range(400):
        old, new = (report(text) for text in _random_edit(seed))
        if _parts(old) != _parts(new):
            continue  # other stages are needed now, or another source: these lines have to change
        lines = [sg.render(found, "mermaid", sg.View(all=True)).decode().splitlines() for found in (old, new)]
        differing = [
            line
            for line in difflib.ndiff(lines[0], lines[1])
            if line[:1] in "+-" and not re.search(r"[a-z]_fresh\b", line)
        ]
        measured += 1
        for sign in "+-":
            assert sum(line[0] == sign for line in differing) <= 8, differing
    assert measured > 50


def test_a_first_label_does_not_change_the_other_links() -> None:
    text = "".join(f"FROM {base} AS {name}\n" for base, name in zip(("alpine", *NAMES), NAMES, strict=False))
    old, new = (
        sg.render(report(one), "mermaid").decode().splitlines()
        for one in (text, text + "COPY --from=deps /a /b\n")
    )
    gone = [line for line in difflib.ndiff(old, new) if line[0] == "-"]
    assert not [line for line in gone if "==" in line], gone
    assert len(gone) <= 4


@pytest.mark.parametrize("backwards", [False, True])
def test_a_new_stage_changes_few_lines_of_a_diagram_with_steps(backwards: bool) -> None:
    view = sg.View(steps=True, critical_path=True)
    texts = [
        sg.render(report(text), "mermaid", view).decode().splitlines()
        for text in (TEN_STAGES, _NEW + TEN_STAGES)
    ]
    old, new = texts[::-1] if backwards else texts
    differing = [
        line for line in difflib.ndiff(old, new) if line[:1] in "+-" and not re.search("_(docs|python)", line)
    ]
    assert len(differing) <= 16, differing


@pytest.mark.parametrize("name", ["mermaid", "dot"])
def test_an_id_is_the_name_of_its_stage_wherever_that_stands(name: str) -> None:
    for view in (sg.View(), sg.View(steps=True)):
        old, new = (sg.render(report(text), name, view).decode() for text in (TEN_STAGES, _NEW + TEN_STAGES))
        ids = [
            set(re.findall(r"^\s*(?:subgraph )?(\w+)(?= ?[\[({])", one, re.MULTILINE)) for one in (old, new)
        ]
        assert ids[0] - ids[1] == set()
        assert len(ids[0]) > 10
        assert all("docs" in one or "python" in one for one in ids[1] - ids[0])


def test_the_ids_of_labels_are_unique() -> None:
    arrow = Arrow(source="a", target="b", kind=None)
    ends = {f"x{number}": f"s_{number}" for number in range(9000)}
    arrows = [arrow, arrow, *(Arrow(source=one, target="a", kind=None) for one in ends)]
    ids = arrow_ids("t", arrows, {"a": "s_a", "b": "s_b"} | ends)
    assert len({one[:7] for one in ids}) < len(ids) - 1  # hashes do collide
    assert len(set(ids)) == len(ids)


def test_names_that_become_equal_ids_stay_apart_and_do_not_depend_on_the_order() -> None:
    names = ["a-b", "a.b", "a_b", "end", "graph", "x" * 80, "x" * 81]
    texts = [
        "".join(f"FROM scratch AS {name}\n" for name in order)
        + "FROM alpine AS last\n"
        + "".join(f"COPY --from={name} /{n} /\n" for n, name in enumerate(names))
        for order in (names, names[::-1])
    ]
    found = [sg.render(report(text), "mermaid", sg.View(all=True)).decode() for text in texts]
    ids = [re.findall(r"^  (s_\w+)\(", text, re.MULTILINE) for text in found]
    assert len(set(ids[0])) == len(names) + 1
    assert set(ids[0]) == set(ids[1])
    assert {"s_a_b", "s_end", "s_graph"} < set(ids[0])
    assert parse_errors(dict(enumerate_names(found))) == []


def test_images_whose_labels_are_cut_alike_have_ids_of_their_own_wherever_they_stand() -> None:
    images = [f"registry.example.org/{'deep/' * 9}{name}/image:1.2.3-with-a-long-tag" for name in "ab"]
    texts = [
        sg.render(report("".join(f"FROM {image}\n" for image in order)), "mermaid").decode()
        for order in (images, images[::-1])
    ]
    ids = [set(re.findall(r"^  (i_\w+)\[", text, re.MULTILINE)) for text in texts]
    assert len(ids[0]) == 2
    assert ids[0] == ids[1]
    assert not any("__" in one for one in ids[0])


def enumerate_names(texts: list[str]) -> list[tuple[str, str]]:
    """Each text with a name of its own."""
    return [(str(number), text) for number, text in enumerate(texts)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_mermaid_reads_every_dialect(dialect: str) -> None:
    found = report(TEN_STAGES)
    views = [sg.View(), sg.View(steps=True, critical_path=True), sg.View(link_base="https://e.org/D")]
    texts = {
        f"{dialect} {number}": sg.render(found, "mermaid", replace(view, dialect=dialect)).decode()
        for number, view in enumerate(views)
    }
    assert parse_errors(texts) == []
    for text in texts.values():
        assert text.startswith("---\n") == (dialect == "github")
        assert ("%%{init: {" in text) == (dialect == "sphinx")
        assert bool(re.search(r"^graph (TB|LR)$", text, re.MULTILINE)) == (dialect == "azure")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_hostile_names_and_titles_parse_in_every_dialect(dialect: str) -> None:
    texts = {}
    for text in HOSTILE:
        view = sg.View(dialect=dialect, title="" if dialect == "azure" else text)
        texts[f"{dialect} {text!r}"] = written = sg.render(_with_label(text), "mermaid", view).decode()
        assert not re.search(r"^\s*(:::|```)", written, re.MULTILINE)
    assert parse_errors(texts) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_hostile_titles_run_nothing(version: str, drawer: Drawer) -> None:
    for title in ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"):
        text = sg.render(report("FROM alpine\n"), "mermaid", sg.View(dialect="plain", title=title)).decode()
        drawer.draw(text, version)
        assert drawer.state("document.querySelectorAll('#out script, #out img').length", version) == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_every_dialect_draws_the_same_colours(version: str, drawer: Drawer) -> None:
    """Nodes and links of each dialect look like those of GitHub's."""
    looks = []
    for dialect in DIALECTS:
        drawer.draw(sg.render(report(TEN_STAGES), "mermaid", sg.View(dialect=dialect)).decode(), version)
        looks.append(drawer.state(_LOOKS, version))
    assert len(looks[0]) > 20
    assert all(look == looks[0] for look in looks)


_LOOKS = """
[...document.querySelectorAll('#out .node .label-container, #out path.flowchart-link')].map((part) => {
  const style = getComputedStyle(part);
  return [style.fill, style.stroke, style.strokeWidth].join(" ");
}).sort()
"""
_ARROWHEADS = """
[...document.querySelectorAll('#out path.flowchart-link[marker-end]')].map((line) => {
  const marker = line.getAttribute("marker-end").match(/#(.*?)\\)/)[1];
  const head = document.getElementById(marker).querySelector("path");
  return [getComputedStyle(line).stroke, getComputedStyle(head).fill];
})
"""


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_an_arrowhead_has_the_colour_of_its_line(version: str, dialect: str, drawer: Drawer) -> None:
    drawer.draw(sg.render(report(TEN_STAGES), "mermaid", sg.View(dialect=dialect)).decode(), version)
    heads = drawer.state(_ARROWHEADS, version)
    assert len({line for line, _ in heads}) == 3
    assert [line for line, head in heads if line != head] == []


def test_azure_gets_graph_and_simple_links_and_no_bold_text() -> None:
    for view in (sg.View(dialect="azure"), sg.View(dialect="azure", steps=True, prune=True)):
        text = sg.render(report(TEN_STAGES), "mermaid", view).decode()
        assert not re.search(r"===>|--->|-\.\.->|<b>|flowchart|:::|init|---\n", text)
    with pytest.raises(sg.OptionsError, match="Azure DevOps shows no title"):
        sg.render(report(TEN_STAGES), "mermaid", sg.View(dialect="azure", title="x"))
