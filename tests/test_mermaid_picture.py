"""What is inside boxes in a Mermaid diagram, what is a box of its own, and how large it becomes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

import stagegraph as sg
from stagegraph.formats.mermaid_picture import first_steps, last_box, note_lines, with_context_inside
from stagegraph.model import EdgeKind, NodeKind
from stagegraph.picture.picture import picture
from stagegraph.picture.view import Arrow, Box

from .build import build, report
from .geometry import mermaid_geometry
from .mermaid_parser import VERSIONS, Drawer, parse_errors
from .shapes import SHAPES

README = Path(__file__).parent.parent / "samples/python-web/Dockerfile"
STEPS = """\
FROM alpine AS base
RUN a
FROM base AS build
COPY src /src
RUN make
FROM base
RUN --mount=from=build,target=/b cp /b/x /x
COPY --from=build /y /y
RUN z
"""
_STRUCK_TITLES = """
[...document.querySelectorAll('#out .node.title')].flatMap((title) => {
  const box = title.getBoundingClientRect();
  const struck = [...document.querySelectorAll('#out path.flowchart-link')].filter((path) => {
    if (getComputedStyle(path).strokeWidth === '0px' || path.classList.contains('edge-thickness-invisible'))
      return false;
    const length = path.getTotalLength(), matrix = path.getScreenCTM();
    for (let at = 0; at <= length; at += 2) {
      const { x, y } = path.getPointAtLength(at).matrixTransform(matrix);
      if (x > box.x && x < box.right && y > box.y && y < box.bottom) return true;
    }
    return false;
  });
  return struck.length ? [title.textContent.trim()] : [];
})
"""


def text_of(dockerfile: str, view: sg.View | None = None) -> str:
    return sg.render(report(dockerfile), "mermaid", view or sg.View()).decode()


def test_the_context_is_inside_the_stages_that_read_it() -> None:
    text = text_of("FROM alpine AS a\nCOPY go.mod go.sum ./\nFROM a\nCOPY . .\n")
    assert "build context" not in text
    assert "<br/>context#58; go.mod, go.sum → ./" in text
    assert "<br/>context#58; everything" in text


def test_a_long_list_of_the_context_has_a_line_for_each_copy() -> None:
    text = text_of(f"FROM a\nCOPY {'x' * 20} /{'y' * 9}\nCOPY {'z' * 20} /{'w' * 9}\n")
    assert len(re.findall("<br/>context#58; [xz]", text)) == 2


def test_a_note_does_not_blame_the_layout_engine_of_other_formats() -> None:
    for name in ("services 60", "irregular 120"):
        assert "lay the picture out" not in text_of(SHAPES[name])


def test_contexts_of_several_dockerfiles_keep_their_names() -> None:
    arrows = [Arrow(source=one, target="s", kind=EdgeKind.COPY, label="everything") for one in ("c", "d")]
    boxes = [Box(id=one, label=f"build context {one}", kind=NodeKind.CONTEXT) for one in ("c", "d")]
    reader = Box(id="s", label="api", kind=NodeKind.BAKE_TARGET)
    drawn = replace(picture(report(STEPS), sg.View()), boxes=(*boxes, reader), arrows=tuple(arrows))
    assert [box.sublabel for box in with_context_inside(drawn).boxes] == [
        "context c: everything\ncontext d: everything"
    ]


def test_steps_name_what_they_read_of_the_context_themselves() -> None:
    text = text_of("FROM alpine\nCOPY a /a\n", sg.View(steps=True))
    assert "COPY a /a" in text
    assert "context" not in text


def test_a_context_that_is_read_for_something_new_remains_a_box() -> None:
    old, new = build("FROM alpine AS x\nRUN a\n"), build("FROM alpine AS x\nRUN a\nCOPY b /b\n")
    assert "build context" in sg.render(sg.compare(old, new), "mermaid").decode()


def test_the_sample_of_the_readme_is_shown_in_its_natural_size(drawer: Drawer) -> None:
    drawn = mermaid_geometry(drawer, text_of(README.read_text()))
    assert drawn.scale == 1.0
    assert drawn.faults == []


def test_a_line_of_the_legend_ends_after_a_part_of_it() -> None:
    drawn = picture(report(STEPS), sg.View())
    parts = [f"mark {number}: what it means, in words" for number in range(4)]
    lines = note_lines(replace(drawn, notes=("; ".join(parts), "word " * 20)))
    assert lines[:4] == [f"{part};" for part in parts[:3]] + parts[3:]
    assert [len(line) <= 56 for line in lines[4:]] == [True, True]


def test_no_line_of_a_note_has_one_lonely_word() -> None:
    drawn = with_context_inside(picture(report("FROM alpine\nRUN a\n"), sg.View()))
    note = "the build context is listed inside the stages that use it"
    lines = note_lines(replace(drawn, notes=(note,)))
    assert " ".join(lines) == note
    assert min(map(len, lines)) > 20
    cut = note_lines(
        replace(drawn, notes=("some stages that are not needed are left out: build-service-test",))
    )
    assert cut[-1].endswith(" build-service-test")


def test_a_note_comes_after_the_last_rank() -> None:
    text = text_of("FROM alpine AS a\nFROM busybox AS b\n", sg.View(prune=True))
    assert re.search(r"^  s_b ~~~ note0\[", text, re.MULTILINE)
    azure = text_of("FROM alpine AS a\nFROM busybox AS b\n", sg.View(prune=True, dialect="azure"))
    assert "~~~" not in azure
    assert "note0[" in azure


@pytest.mark.parametrize("version", VERSIONS)
def test_no_arrow_strikes_the_title_of_a_stage(version: str, drawer: Drawer) -> None:
    for dockerfile in (STEPS, README.read_text()):
        drawer.draw(text_of(dockerfile, sg.View(steps=True)), version)
        assert drawer.state("document.querySelectorAll('#out .node.title').length", version) >= 3
        assert drawer.state(_STRUCK_TITLES, version) == []


def test_titles_lead_to_the_steps_that_start_their_stage() -> None:
    drawn = picture(report(STEPS), sg.View(steps=True))
    labels = {box.id: box.label for box in drawn.boxes}
    assert [labels[step] for _, step in first_steps(drawn)][:2] == ["RUN a", "COPY src /src"]


def test_the_critical_path_is_thick_and_numbered() -> None:
    text = text_of("FROM a AS x\nRUN a\nFROM b\nCOPY --from=x /a /b\n", sg.View(critical_path=True))
    assert [f"{place} · " in text for place in (1, 2, 3, 4)] == [True, True, True, False]
    assert re.search(r'^  s_x === t\w+\["/a → /b"\]:::label ==> s_', text, re.MULTILINE)
    assert " · " not in text_of("FROM a AS x\n")


@pytest.mark.parametrize("dialect", ["github", "azure"])
def test_a_legend_explains_what_occurs(dialect: str) -> None:
    view = sg.View(legend=True, dialect=dialect, critical_path=True)
    text = text_of(STEPS, view)
    assert parse_errors({dialect: text}) == []
    shown = re.sub("<br/>", " ", text).replace("#58;", ":")
    for words in ("◉: target", "●: in the image", "thick: FROM", "red and numbered: critical path"):
        assert words in shown
    assert "dotted: not needed" not in shown
    assert "◉: target" not in text_of(STEPS).replace("#58;", ":")


def test_the_last_box_is_the_target_if_it_is_in_the_last_rank() -> None:
    drawn = with_context_inside(picture(report(STEPS), sg.View()))
    assert last_box(drawn) == "stage:2"
    assert not [box for box in drawn.boxes if box.kind is NodeKind.CONTEXT]
