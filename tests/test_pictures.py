"""What the pictures show: roles by shape and border, labels, links, themes, legend, notes."""

from __future__ import annotations

import re
from functools import partial
from io import BytesIO
from xml.etree import ElementTree

import networkx
import pytest
from hypothesis import given
from msgspec.structs import replace
from PIL import Image, ImageFont
from pypdf import PdfReader

import stagegraph as sg
from stagegraph.formats.png import font_file, zoom_of
from stagegraph.model import NodeKind, Reach
from stagegraph.picture.folding import folded
from stagegraph.picture.legibility import LADDER
from stagegraph.picture.picture import picture
from stagegraph.picture.sizes import WIDTHS
from stagegraph.picture.smaller import REST, fewer_boxes
from stagegraph.picture.theme import arrow_styles

from .build import report
from .shapes import SHAPES, monorepo, services
from .strategies import dockerfiles

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
SAMPLE = """
    FROM golang AS build
    COPY . .
    RUN --mount=from=tools,target=/t make
    FROM alpine AS tools
    FROM alpine AS docs
    FROM alpine
    COPY --from=build /out/app /usr/bin/app
"""


def svg(found: sg.Report, **view: object) -> ElementTree.Element:
    return ElementTree.fromstring(sg.render(found, "svg", sg.View(**view)))  # type: ignore[arg-type]


def texts(root: ElementTree.Element) -> list[str]:
    return [(text.text or "").strip() for text in root.iter(f"{_SVG}text")]


def test_roles_differ_without_colour() -> None:
    text = sg.render(report(SAMPLE), "dot").decode()
    styles = {
        match[1]: re.sub(r'(fill)?color="[^"]*"', "", match[0])
        for match in re.finditer(r'^\t+\w+ \[.*?tooltip="(\w+).*?\]$', text, re.MULTILINE | re.DOTALL)
    }
    borders = {
        name: (re.findall(r'style="([^"]*)"', style), re.findall(r"penwidth=([\d.]+)", style))
        for name, style in styles.items()
        if name in ("build", "tools", "docs", "stage")
    }
    assert len({str(border) for border in borders.values()}) == len(borders) == 4


def test_the_whole_way_into_the_image_is_coloured() -> None:
    text = """
        FROM alpine AS first
        RUN make
        FROM alpine AS second
        COPY --from=first /out/app /app
        COPY --from=first /out/log /log
        FROM scratch
        COPY --from=second /app /app
    """
    drawn = picture(report(text), sg.View())
    ways = {(a.source, a.target): name for a, name in zip(drawn.arrows, arrow_styles(drawn), strict=True)}
    assert ways["stage:0", "stage:1"] == ways["stage:1", "stage:2"] == "copied"
    assert ways["image:docker.io/library/alpine:latest", "stage:0"] == "upstream"


def test_what_is_in_the_image_has_a_mark() -> None:
    marks = {
        (node.findtext(f"{_SVG}text") or ""): [
            part.get("class") for part in node if part.get("class") in ("ring", "dot")
        ]
        for node in svg(report(SAMPLE)).iter(f"{_SVG}g")
        if (node.get("class") or "").startswith("node")
    }
    assert marks["stage-3"] == ["ring", "dot"]
    assert marks["build"] == ["ring", "dot"]
    assert marks["alpine"] == ["dot"]
    assert marks["tools"] == marks["docs"] == marks["golang"] == []


def test_letters_are_as_wide_as_in_the_font() -> None:
    for bold, weight in ((False, 400), (True, 700)):
        font = ImageFont.truetype(str(font_file()), 1000)
        font.set_variation_by_axes([weight])
        assert [a for a, width in WIDTHS[bold].items() if abs(font.getlength(a) - width) > 1.5] == []
        assert [chr(code) for code in range(32, 127) if chr(code) not in WIDTHS[bold]] == []


def test_images_contexts_and_stages_have_shapes_of_their_own() -> None:
    text = sg.render(
        report(
            "FROM alpine AS a\nCOPY --from=x /p /p\nCOPY . .\nADD https://e.org/f /f\n", contexts={"x": "./d"}
        ),
        "dot",
    ).decode()
    assert set(re.findall(r"shape=(\w+)", text)) >= {"box", "cylinder", "folder", "tab", "note"}


def test_long_paths_are_cut_and_stand_whole_in_the_tooltip() -> None:
    path = "/a" + "/very-long-directory" * 8 + "/file.txt"
    root = svg(report(f"FROM a AS b\nFROM scratch\nCOPY --from=b {path} /x\n"))
    assert not any(path in text for text in texts(root))
    assert any("…" in text and "file.txt" in text for text in texts(root))
    assert any(path in (title.text or "") for title in root.iter(f"{_SVG}title"))


def test_parallel_edges_are_one_arrow_with_all_its_lines() -> None:
    found = report("FROM a AS b\nFROM scratch\n" + "".join(f"COPY --from=b /p{n} /q{n}\n" for n in range(9)))
    (arrow,) = [a for a in picture(found, sg.View()).arrows if a.target == "stage:1"]
    assert arrow.count == 9
    assert "/p8" in arrow.tooltip
    assert "line 11" in arrow.tooltip


@pytest.mark.parametrize(
    ("instruction", "label"),
    [
        ("COPY --from=b /app/dist ./dist", "/app/dist → ./dist"),
        ("COPY --from=b /usr/bin/x /usr/bin/x", "/usr/bin/x"),
        ("COPY --from=b /usr/bin/x /usr/bin/", "/usr/bin/x → /usr/bin/"),
        ("COPY --from=b /x /usr/bin/x/", "/x → /usr/bin/x/"),
        ("COPY --from=b / /", "everything"),
        ("COPY --from=b / /root", "everything → /root"),
        ("COPY --from=b a b c/", "a, b → c/"),
        ("COPY --from=b package.json package-lock.json ./", "package.json +1 → ./"),
        ("RUN --mount=from=b,source=/x cat", "mount /x"),
        ("RUN --mount=from=b cat", "mount"),
        ("FROM b", ""),
    ],
)
def test_labels_say_what_goes_where(instruction: str, label: str) -> None:
    text = "FROM alpine AS b\n" + ("" if instruction == "FROM b" else "FROM scratch\n") + instruction + "\n"
    (arrow,) = [a for a in picture(report(text), sg.View()).arrows if a.source == "stage:0"]
    assert arrow.label == label


MANY = "FROM alpine AS base\n" + "".join(
    f"FROM base AS s{n}\nCOPY go.mod go.sum ./\nCOPY src/{n} ./src\n" for n in range(15)
)
ALL = sg.View(all=True)


def test_a_source_that_many_stages_read_is_written_in_them() -> None:
    drawn = picture(report(MANY + "FROM base\nCOPY --from=s1 /a /b\n"), ALL)
    boxes = {box.label: box for box in drawn.boxes}
    assert "build context" not in boxes
    assert boxes["s3"].sublabel == "context: go.mod, go.sum → ./, src/3 → ./src"
    assert "COPY src/3 → ./src" in boxes["s3"].tooltip
    assert "alpine" in boxes, "what is wholly in the image stays"
    assert drawn.notes == ("the build context is listed inside the stages that use it",)


def test_a_box_lists_a_dozen_sources_and_its_tooltip_all() -> None:
    images = "".join(f"COPY --from=image{n} /a{n} /b{n}\n" for n in range(20))
    drawn = picture(report("".join(f"FROM alpine AS s{n}\n{images}" for n in range(5))), sg.View())
    (box,) = [box for box in drawn.boxes if box.label == "s4"]
    *_, last, more = box.sublabel.split("\n")
    assert (last, more) == ("image10: /a10 → /b10", "and 9 more sources")
    assert "/a19" in box.tooltip


def test_few_readers_keep_their_source() -> None:
    assert {box.label for box in picture(report(SAMPLE), sg.View()).boxes} >= {"build context", "golang"}


def test_of_many_edges_those_that_ship_keep_their_labels() -> None:
    text = "FROM alpine AS base\n" + "".join(
        f"FROM base AS s{n}\n" + "".join(f"COPY --from=s{m} /{m} /x/{m}\n" for m in range(max(0, n - 5), n))
        for n in range(30)
    )
    detail = replace(LADDER[0], labels="ships")
    drawn = picture(report(text + "FROM base\nCOPY --from=s29 /a /b\n"), sg.View(), detail)
    assert [arrow.label for arrow in drawn.arrows if arrow.label] == ["/a → /b"]
    assert drawn.notes == ("only arrows that lead into the image have labels", "--all draws everything")


def test_similar_nodes_are_grouped_in_a_large_graph() -> None:
    found = report(services(260))
    drawn = picture(found, sg.View())
    assert len(drawn.boxes) < 20
    (packed,) = [box for box in drawn.boxes if "stage:5" in box.members]
    assert packed.label == "22 × service-…"
    assert packed.sublabel.startswith("service-0, service-3, ")
    assert "service-63" in packed.tooltip
    assert "22 × /usr/bin/service-…" in [a.label for a in drawn.arrows if a.source == packed.id]
    assert drawn.notes[1] == (
        "256 nodes are drawn as 12 boxes: "
        "22 × service-…-deps, 22 × service-…-build, 22 × service-…-test and 9 more"
    )


def test_a_note_names_the_box_that_stands_for_several_nodes() -> None:
    drawn = picture(report(monorepo(12)), sg.View())
    (box,) = [box for box in drawn.boxes if len(box.members) > 1]
    assert drawn.notes[1] == f"10 nodes are drawn as one box: {box.label}"


def test_the_option_that_draws_everything_is_named_once() -> None:
    found = report(SHAPES["buildx"])
    drawn = picture(found, sg.View())
    assert sum("--all" in note for note in drawn.notes) == 1
    assert "a choice for a platform that does not exist is left out" in drawn.notes


def test_a_smaller_picture_names_only_boxes_that_it_has() -> None:
    full = picture(report(services(260)), sg.View())
    smaller = fewer_boxes(full, 2)
    (rest,) = [box for box in smaller.boxes if box.id == REST]
    assert (full.direction, rest.sublabel) == ("LR", "")
    assert [note for note in smaller.notes if "drawn as" in note] == [
        f"{rest.count} nodes are drawn as one box: {rest.label}"
    ]


def test_the_rest_is_named_in_a_picture_that_is_not_across() -> None:
    full = picture(report(SHAPES["diamond 40"]), sg.View(direction="TB"))
    (rest,) = [box for box in fewer_boxes(full, 12).boxes if box.id == REST]
    assert rest.sublabel.startswith("base, left-0, ")


def test_different_nodes_are_not_grouped() -> None:
    chain = "FROM alpine AS s0\n" + "".join(f"FROM s{n - 1} AS s{n}\n" for n in range(1, 150))
    assert len(picture(report(chain), sg.View()).boxes) == 151
    assert len(picture(report(services(40)), sg.View(all=True)).boxes) > 40


@given(dockerfiles())
def test_folding_loses_nothing_and_makes_no_circles(text: str) -> None:
    try:
        found = report(text)
    except sg.StagegraphError:
        return
    before: networkx.DiGraph[str] = networkx.DiGraph((edge.source, edge.target) for edge in found.edges)
    for detail in LADDER:
        kept = folded(found, sg.View(), replace(detail, sources=True, unneeded=True))
        drawn = [name for node in kept.nodes for name in kept.members.get(node.id, (node.id,))]
        listed = {node.id for node in found.nodes if node.kind is not NodeKind.STAGE}
        assert {node.id for node in found.nodes} - set(drawn) <= listed
        assert len(drawn) == len(set(drawn))
        after: networkx.DiGraph[str] = networkx.DiGraph((edge.source, edge.target) for edge in kept.edges)
        assert networkx.is_directed_acyclic_graph(after) or not networkx.is_directed_acyclic_graph(before)
        assert set(after) <= {node.id for node in kept.nodes}


def test_the_condition_of_a_stage_is_said_once() -> None:
    text = "ARG V=a\nFROM alpine AS a\nFROM alpine AS b\nFROM $V\n"
    drawn = picture(report(text), sg.View())
    (arrow,) = [arrow for arrow in drawn.arrows if arrow.selectable]
    assert arrow.label == ""
    assert [box.sublabel for box in drawn.boxes if box.label == "b"] == ["with V=b"]


def test_labels_can_be_left_out() -> None:
    assert "/out/app → /usr/bin/app" in texts(svg(report(SAMPLE)))
    assert "/out/app → /usr/bin/app" not in texts(svg(report(SAMPLE), labels=False))


def test_nodes_and_edges_link_to_their_lines() -> None:
    root = svg(report(SAMPLE), link_base="https://e.org/blob/main/Dockerfile")
    links = {link.get(_LINK) for link in root.iter(f"{_SVG}a")}
    assert {f"https://e.org/blob/main/Dockerfile#L{line}" for line in (2, 4, 8)} <= links
    assert not list(svg(report(SAMPLE)).iter(f"{_SVG}a"))


@pytest.mark.parametrize(
    "base",
    [
        "javascript:alert(1)", "data:text/html,x", "//e.org/x", 'https://e.org/"x', "https://e.org/\x1b[31m",
        "a\x9b1m", "https://e.org/\u202ea", "\ufeffa", "a\u061c",
    ],
)  # fmt: skip
def test_a_link_base_that_could_run_or_mislead_is_refused(base: str) -> None:
    for name in ("svg", "dot", "mermaid"):
        with pytest.raises(sg.OptionsError, match="invalid link base"):
            sg.render(report("FROM a\n"), name, sg.View(link_base=base))


def test_a_picture_follows_the_readers_theme_unless_one_is_pinned() -> None:
    found = report(SAMPLE)
    assert b"prefers-color-scheme:dark" in sg.render(found, "svg")
    light = sg.render(found, "svg", sg.View(theme="light"))
    dark = sg.render(found, "svg", sg.View(theme="dark"))
    assert b"prefers-color-scheme" not in light + dark
    assert light != dark


def test_the_legend_explains_only_what_is_drawn() -> None:
    shown = texts(svg(report("FROM alpine\n"), legend=True))
    assert "target" in shown
    assert not [text for text in shown if "mount" in text or "not needed" in text]


def test_the_legend_has_the_critical_path_where_it_is_marked() -> None:
    words = "critical path, in order of its numbers"
    assert words in texts(svg(report(SAMPLE), legend=True, critical_path=True))
    assert words not in texts(svg(report(SAMPLE), legend=True))


def test_a_picture_says_what_it_shows_to_a_screen_reader() -> None:
    root = svg(report(SAMPLE))
    assert root.get("role") == "img"
    assert (root.findtext(f"{_SVG}title") or "").startswith("Dockerfile")
    assert "/out/app" in (root.findtext(f"{_SVG}desc") or "")


def test_pruning_leaves_out_and_says_so() -> None:
    found = texts(svg(report(SAMPLE), prune=True))
    assert "docs" not in found
    assert any("not needed" in text and "left out" in text for text in found)


def test_the_platform_of_a_stage_that_pins_one_is_shown() -> None:
    found = report("FROM --platform=linux/arm64 alpine AS a\nFROM alpine\nCOPY --from=a /x /x\n")
    assert any("linux/arm64" in text for text in texts(svg(found)))


def test_the_critical_path_is_marked_on_request() -> None:
    assert b"critical" not in re.sub(
        rb"<style>.*?</style>", b"", sg.render(report(SAMPLE), "svg"), flags=re.S
    )
    marked = svg(report(SAMPLE), critical_path=True)
    assert [g for g in marked.iter(f"{_SVG}g") if "critical" in (g.get("class") or "").split()]


def test_steps_are_drawn_inside_their_stages() -> None:
    shown = texts(svg(report(SAMPLE), steps=True))
    assert any("COPY . ." in text for text in shown)


@pytest.mark.parametrize(("stages", "direction"), [(3, "TB"), (30, "LR")])
def test_the_direction_follows_the_shape(stages: int, direction: str) -> None:
    wide = "".join(f"FROM alpine AS s{n}\n" for n in range(stages)) + "FROM scratch\n"
    wide += "".join(f"COPY --from=s{n} /x /x{n}\n" for n in range(stages))
    assert picture(report(wide), sg.View(all=True)).direction == direction
    assert picture(report(wide), sg.View(direction="BT")).direction == "BT"


@given(dockerfiles())
def test_all_formats_choose_the_same_direction(text: str) -> None:
    try:
        graph = report(text)
    except sg.StagegraphError:
        return
    direction = picture(graph, sg.View()).direction
    assert f"\nflowchart {direction}\n" in sg.render(graph, "mermaid").decode()
    assert f"rankdir={direction} " in sg.render(graph, "dot").decode()
    assert sg.render(graph, "svg") == sg.render(graph, "svg", sg.View(direction=direction))


def test_more_than_four_hundred_boxes_are_drawn_plainly_in_seconds() -> None:
    lines = ["FROM alpine AS s0"] + [
        f"FROM s{n - 1} AS s{n}\nCOPY --from=s{n // 2} /a /b" for n in range(1, 450)
    ]
    root = svg(report("\n".join(lines) + "\n"))
    assert "s449" in texts(root)


def test_wide_letters_fit_their_boxes() -> None:
    root = svg(report("FROM alpine AS a\nCOPY 文件文件文件文件文件文件 /x\n"))
    assert any("文件" in text for text in texts(root))


def test_png_is_a_picture_of_the_svg() -> None:
    data = sg.render(report(SAMPLE), "png")
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    size = svg(report(SAMPLE))
    assert (width, height) == (2 * int(size.get("width", "")), 2 * int(size.get("height", "")))


@pytest.mark.parametrize(
    ("width", "height", "zoom"),
    [(400, 300, 2.0), (1000, 1500, 2**0.5), (5000, 3000, 1.0), (10000, 16000, 0.5)],
)
def test_large_pictures_get_fewer_pixels_a_point(width: int, height: int, zoom: float) -> None:
    assert zoom_of(f'<svg width="{width}" height="{height}"') == pytest.approx(zoom)


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without any font, as far as PNG and PDF are concerned."""
    import resvg_py
    import typst

    bare = partial(resvg_py.svg_to_bytes, skip_system_fonts=True)
    monkeypatch.setattr(resvg_py, "svg_to_bytes", bare)
    monkeypatch.setattr(typst, "compile", partial(typst.compile, ignore_system_fonts=True))


def crops(found: sg.Report) -> dict[str, Image.Image]:
    """The part of a PNG where each text of the SVG stands."""
    image = Image.open(BytesIO(sg.render(found, "png"))).convert("RGB")
    root = svg(found, theme="light")
    (graph,) = (g for g in root.iter(f"{_SVG}g") if g.get("class") == "graph")
    left, top = map(float, re.findall(r"[\d.]+", graph.get("transform", "")))
    crops = {}
    for text in graph.iter(f"{_SVG}text"):
        x, y, size = (float(text.get(name, "")) for name in ("x", "y", "font-size"))
        half = float(text.get("textLength", "")) / 2
        place = (left + x - half, top + y - size * 0.7, left + x + half, top + y)
        crops[text.text or ""] = image.crop(tuple(round(2 * at) for at in place))  # type: ignore[arg-type]
    return crops


@pytest.mark.usefixtures("no_system_fonts")
def test_png_has_its_text_where_the_system_has_no_fonts() -> None:
    found = crops(report(SAMPLE))
    assert {"build", "golang", "docs", "/out/app → /usr/bin/app", "2 steps"} <= set(found)
    assert [text for text, image in found.items() if len(image.getcolors() or range(99)) < 10] == []


@pytest.mark.usefixtures("no_system_fonts")
def test_pdf_has_its_text_where_the_system_has_no_fonts() -> None:
    data = sg.render(report(SAMPLE), "pdf")
    shown = PdfReader(BytesIO(data)).pages[0].extract_text()
    assert [text for text in ("build", "tools", "docs", "alpine", "golang") if text not in shown] == []
    assert re.search(rb"/FontName/\w+\+Arimo", data)


def test_pdf_is_one_page() -> None:
    data = sg.render(report(SAMPLE), "pdf")
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 1


def _dense(stages: int) -> str:
    """Each stage copies from all before it."""
    return "".join(
        f"FROM alpine AS s{stage}\nRUN make {stage}\n"
        + "".join(f"COPY --from=s{read} /a /b\n" for read in range(stage))
        for stage in range(stages)
    )


@pytest.mark.parametrize(("name", "steps"), [("svg", False), ("mermaid", True)])
def test_the_notes_say_all_that_a_smaller_picture_leaves_out(name: str, steps: bool) -> None:
    text = sg.render(report(_dense(75)), name, sg.View(steps=steps)).decode().lower()
    assert "labels are left out" in text
    assert "nodes are drawn as " in text
    assert ("steps are left out" in text) is steps
    assert "not needed" not in text


_TWO_SELECTORS = """\
ARG VARIANT=slim
FROM alpine AS tools-slim
FROM alpine AS tools-full
FROM alpine AS image-slim
FROM alpine AS image-full
FROM alpine AS image-debug
RUN make
FROM tools-$VARIANT AS tools
FROM image-$VARIANT
"""


def test_a_value_that_another_from_has_no_stage_for_is_not_drawn_as_a_choice() -> None:
    found = report(_TWO_SELECTORS + "COPY --from=tools /a /a\n")
    drawn = picture(found, sg.View())
    assert drawn.notes == (
        "a choice by a value that another FROM has no stage for is left out; --all draws it",
    )
    chosen = {box.id for box in drawn.boxes if box.reach is Reach.SELECTABLE}
    labels = {box.id: box.label for box in drawn.boxes}
    assert {labels[name] for name in chosen} == {"image-full", "tools-full"}
    assert {labels[arrow.source] for arrow in drawn.arrows if arrow.selectable} == {
        "image-full",
        "tools-full",
    }
    everything = picture(found, sg.View(all=True))
    assert "image-debug" in [box.label for box in everything.boxes if box.reach is Reach.SELECTABLE]


@pytest.mark.parametrize(
    "text",
    [
        _TWO_SELECTORS,  # the other FROM is not needed
        _TWO_SELECTORS.replace("alpine AS image-slim", "tools AS image-slim"),  # or only by one choice
    ],
)
def test_a_value_is_a_choice_if_the_other_from_need_not_be_built_with_it(text: str) -> None:
    lines = text.splitlines()
    tools = lines.pop(lines.index("FROM tools-$VARIANT AS tools"))
    lines.insert(3, tools)
    drawn = picture(report("\n".join(lines)), sg.View())
    assert drawn.notes == ()
    assert "image-debug" in [box.label for box in drawn.boxes if box.reach is Reach.SELECTABLE]
