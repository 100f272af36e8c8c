"""How two builds differ: what was added, removed, renamed and changed, and who needs what."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.comparison import stage_changes
from stagegraph.comparison.changes import Change
from stagegraph.formats import formats
from stagegraph.formats.mermaid import MOST_CHARACTERS, MOST_EDGES

from .build import build
from .conftest import ROOT
from .mermaid_parser import THEMES, VERSIONS, Drawer, parse_errors
from .strategies import dockerfiles, examples, generated_dockerfiles
from .test_samples import NAMES, SAMPLES

VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs" / "diff.schema.json").read_text("utf-8"))
)
OLD = """
    FROM node:16 AS builder
    COPY package.json .
    RUN npm install
    FROM alpine AS certs
    RUN apk add ca-certificates
    FROM node:16-alpine AS old
    COPY --from=builder /app/x /x
    FROM nginx
    COPY --from=certs /etc/ssl /etc/ssl
    COPY --from=builder /app/dist /html
"""
NEW = """
    FROM node:20 AS builder
    COPY package.json .
    RUN npm ci
    FROM alpine AS certificates
    RUN apk add ca-certificates
    FROM builder AS test
    RUN npm test
    FROM nginx
    COPY --from=certificates /etc/ssl /etc/ssl
    COPY --from=builder /app/dist /html
    COPY --from=test /report /report
"""


def compared(old: str, new: str, **options: object) -> sg.Comparison:
    return sg.compare(build(old, **options), build(new, **options))


def nodes(found: sg.Comparison) -> list[str]:
    """Changed nodes as text: "renamed certs > certificates"."""
    return [
        f"{node.change} {node.old} > {node.new}" if node.old and node.new else f"{node.change} {node.label}"
        for node in found.nodes
    ]


def edges(found: sg.Comparison) -> list[str]:
    labels = found.labels
    return [f"{e.change} {labels[e.source]} -{e.kind}-> {labels[e.target]}" for e in found.edges]


def needed(found: sg.Comparison) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {change.new: (change.removed, change.added) for change in found.needed}


def test_stages_are_added_removed_renamed_and_changed() -> None:
    assert nodes(compared(OLD, NEW)) == [
        "changed builder > builder",
        "renamed certs > certificates",
        "changed stage-3 > stage-3",
        "added test",
        "added node:20",
        "removed old",
        "removed node:16",
        "removed node:16-alpine",
    ]


def test_edges_are_added_and_removed() -> None:
    assert edges(compared(OLD, NEW)) == [
        "added node:20 -from-> builder",
        "added builder -from-> test",
        "added test -copy-> stage-3",
        "removed node:16 -from-> builder",
        "removed node:16-alpine -from-> old",
        "removed builder -copy-> old",
    ]


def test_targets_with_other_needs_are_told_the_one_asked_for_first() -> None:
    found = compared(OLD, NEW)
    assert needed(found) == {
        "stage-3": (("node:16",), ("test", "node:20")),
        "builder": (("node:16",), ("node:20",)),
    }
    assert [change.asked for change in found.needed] == [True, False]


def test_a_changed_stage_shows_its_instructions_that_went_and_came() -> None:
    builder = compared(OLD, NEW).nodes[0]
    assert (builder.removed, builder.added) == (("RUN npm install",), ("RUN npm ci",))
    assert builder.details == ("base node:16 → node:20", "1 instruction changed")


def test_a_copied_path_that_changes_is_a_changed_edge() -> None:
    one, two = (f"FROM a AS x\nFROM b\nCOPY --from=x {path} /to\n" for path in ("/old", "/new"))
    (edge,) = compared(one, two).edges
    assert (edge.change, edge.removed, edge.added) == (
        "changed",
        ("/old → /to, line 3",),
        ("/new → /to, line 3",),
    )


def test_a_rename_changes_neither_edges_nor_needs() -> None:
    old = "FROM a AS x\nRUN y\nFROM x AS z\nRUN --mount=from=x,target=/m w\nCOPY --from=x /p /q\n"
    found = compared(
        old, old.replace("AS x", "AS other").replace("FROM x", "FROM other").replace("=x", "=other")
    )
    assert nodes(found) == ["renamed x > other"]
    assert not found.edges
    assert not found.needed


def test_a_rename_is_found_where_bodies_are_equal() -> None:
    old = "FROM a AS x\nFROM a AS y\nFROM scratch\nCOPY --from=x /x /\nCOPY --from=y /y /\n"
    assert nodes(compared(old, old.replace("AS y", "AS z").replace("=y", "=z"))) == ["renamed y > z"]


def test_a_stage_with_another_name_and_more_than_half_of_its_body_is_the_same_stage() -> None:
    old = "FROM a AS x\nRUN one\nRUN two\nFROM x\n"
    found = compared(old, "FROM a AS y\nRUN one\nRUN three\nFROM y\n")
    assert [(node.change, node.old, node.new, node.details) for node in found.nodes] == [
        ("changed", "x", "y", ("1 instruction changed",))
    ]
    assert not found.edges


def test_a_stage_that_shares_half_of_a_body_is_another_one() -> None:
    found = compared("FROM a AS x\nRUN one\nFROM x\n", "FROM a AS y\nRUN two\nFROM y\n")
    assert nodes(found)[1:] == ["added y", "removed x"]


def test_swapped_names_are_renames() -> None:
    old = "FROM a AS x\nRUN one\nFROM a AS y\nRUN two\nFROM b\nCOPY --from=x /p /q\n"
    new = "FROM a AS y\nRUN one\nFROM a AS x\nRUN two\nFROM b\nCOPY --from=y /p /q\n"
    found = compared(old, new)
    assert nodes(found) == ["renamed x > y", "renamed y > x"]
    assert not found.edges


def test_a_name_that_stays_keeps_its_stage_when_its_body_moves() -> None:
    old = "FROM a AS dev\nRUN one\nFROM scratch\n"
    new = "FROM a AS dev\nRUN two\nFROM a AS prod\nRUN one\nFROM scratch\n"
    assert nodes(compared(old, new)) == ["changed dev > dev", "added prod"]


def test_a_name_for_a_stage_that_had_none_is_a_rename() -> None:
    assert nodes(compared("FROM a\nRUN x\n", "FROM a AS app\nRUN x\n")) == ["renamed stage-0 > app"]


def test_stages_in_another_order_are_the_same() -> None:
    assert compared(
        "FROM a AS x\nFROM b AS y\nFROM scratch\n", "FROM b AS y\nFROM a AS x\nFROM scratch\n"
    ).same


def test_comments_and_lines_that_move_are_no_difference() -> None:
    assert compared("FROM a AS x\nRUN y\n", "# new\n\nFROM a AS x\n# why\n\nRUN y\n").same


@given(
    st.lists(st.sampled_from("abcd"), max_size=9),
    st.lists(st.sampled_from("abcd"), max_size=9),
    st.booleans(),
)
def test_differences_lead_from_one_text_to_the_other(old: list[str], new: list[str], most: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage_changes, "MOST_ORDERED", 1_000 if most else 0)
        found = [*stage_changes.differences(old, new)]
    left = Counter(old)
    left.subtract(Counter(one for (first, last), _ in found for one in old[first:last]))
    left.update(one for _, (first, last) in found for one in new[first:last])
    assert left == Counter(new)
    assert (not found) == (old == new)


def test_another_platform_of_a_stage_is_a_change() -> None:
    (node,) = compared("FROM a\n", "FROM --platform=linux/arm64 a\n").nodes
    assert node.details == ("platform (default) → linux/arm64",)


def test_stages_that_wait_for_each_other_and_that_nothing_builds_can_be_compared() -> None:
    text = "FROM a AS x\nCOPY --from=x /p /q\nFROM a\nFROM x AS x\n"
    found = compared("FROM a\n", text)
    assert "added x" in nodes(found)


def test_another_target_is_told() -> None:
    found = compared("FROM a AS x\nFROM b AS y\n", "FROM b AS y\nFROM a AS x\n")
    assert [(change.old, change.new) for change in found.needed] == [("y", "x")]


def test_an_argument_can_make_the_difference() -> None:
    text = "ARG V=1\nFROM a:$V\n"
    found = sg.compare(build(text), build(text, build_args={"V": "2"}))
    assert nodes(found) == ["changed stage-0 > stage-0", "added a:2", "removed a:1"]


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_a_sample_does_not_differ_from_itself(sample: Path) -> None:
    assert sg.compare(sg.read(sample), sg.read(sample)).same


def _read(text: str) -> sg.Build | None:
    try:
        return sg.read(sg.Source(name="Dockerfile", text=text))
    except sg.StagegraphError:
        return None


@given(dockerfiles())
def test_no_build_differs_from_itself(text: str) -> None:
    found = _read(text)
    if found:
        again = _read(text)
        assert again
        assert sg.compare(found, again).same


@st.composite
def _named_stages(draw: st.DrawFn) -> list[tuple[str, list[tuple[str, int]]]]:
    """Stages with bodies that read others by position: base or -1, then instructions."""
    stages = []
    for index in range(draw(st.integers(1, 7))):
        base = draw(st.integers(-1, index - 1))
        reads = (
            draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, index - 1)), max_size=3))
            if index
            else []
        )
        stages.append((f"{base}", reads))
    return stages


def _text(stages: list[tuple[str, list[tuple[str, int]]]], names: list[str]) -> str:
    lines = []
    for index, (base, reads) in enumerate(stages):
        lines.append(f"FROM {names[int(base)] if int(base) >= 0 else 'alpine'} AS {names[index]}")
        lines += [f"COPY --from={names[read]} /{path} /{path}{read}" for path, read in reads]
        lines.append(f"RUN step {index}")
    return "\n".join(lines) + "\n"


@given(_named_stages(), st.randoms(use_true_random=False))
def test_stages_with_other_names_and_the_same_bodies_are_only_renamed(
    stages: list[tuple[str, list[tuple[str, int]]]], chance: object
) -> None:
    old = [f"n{index}" for index in range(len(stages))]
    new = [name if chance.random() < 0.4 else f"m{name}" for name in old]  # type: ignore[attr-defined]
    found = compared(_text(stages, old), _text(stages, new))
    assert nodes(found) == [f"renamed {a} > {b}" for a, b in zip(old, new, strict=True) if a != b]
    assert not found.edges
    assert not found.needed


@given(dockerfiles(), dockerfiles())
def test_a_comparison_is_the_other_way_round_when_its_sides_are(one: str, two: str) -> None:
    old, new = _read(one), _read(two)
    if not (old and new):
        return
    there, back = sg.compare(old, new), sg.compare(new, old)
    assert there.same == back.same
    assert sorted(n.label for n in there.nodes if n.change is Change.ADDED and n.kind != "stage") == sorted(
        n.label for n in back.nodes if n.change is Change.REMOVED and n.kind != "stage"
    )
    assert len(there.new.nodes) - len(there.old.nodes) == sum(
        {Change.ADDED: 1, Change.REMOVED: -1}.get(node.change, 0) for node in there.nodes
    )


@given(dockerfiles(), dockerfiles())
def test_every_comparison_follows_its_schema(one: str, two: str) -> None:
    old, new = _read(one), _read(two)
    if old and new:
        found = sg.compare(old, new)
        data = json.loads(sg.render(found, "json"))
        VALIDATOR.validate(data)
        assert data["same"] == found.same


@examples(0.2)
@given(dockerfiles(), dockerfiles())
def test_every_comparison_can_be_shown_and_shows_nothing_that_runs(one: str, two: str) -> None:
    old, new = _read(one), _read(two)
    if old and new:
        found = sg.compare(old, new)
        assert ElementTree.fromstring(sg.render(found, "svg")).tag.endswith("svg")
        for name in ("text", "markdown"):
            text = sg.render(found, name).decode()
            # no escape sequence, and nothing that turns the direction of writing round
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        assert "<script" not in sg.render(found, "markdown").decode()


def test_every_generated_comparison_is_mermaid_that_parses() -> None:
    builds = {text: build for text in generated_dockerfiles(3) if (build := _read(text))}
    diagrams = {
        f"{one}\n---\n{two}": sg.render(sg.compare(builds[one], builds[two]), "mermaid").decode()
        for one, two in pairwise(builds)
    }
    assert diagrams
    assert parse_errors(diagrams) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_real_mermaid_draws_both_builds(version: str, drawer: Drawer) -> None:
    svg = drawer.draw(sg.render(compared(OLD, NEW), "mermaid").decode(), version)
    for label in ("± builder", "± certificates", "+ test", "− old", "− node:16", "+ node:20"):
        assert label in re.sub(r"&#43;|&plus;", "+", svg)


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("version", VERSIONS)
def test_every_word_of_a_comparison_can_be_read_on_github(version: str, theme: str, drawer: Drawer) -> None:
    monorepo = (ROOT / "samples/monorepo/Dockerfile").read_text("utf-8")
    changed = monorepo.replace("node:22-slim", "node:24-slim").replace("go-source", "go-code")
    for found in (compared(OLD, NEW), compared(monorepo, changed)):
        assert drawer.faults(sg.render(found, "mermaid").decode(), version, theme) == []


def test_the_picture_tells_changes_apart_without_colour() -> None:
    from stagegraph.picture.theme import DARK, LIGHT

    for palette in (LIGHT, DARK):
        borders = {(look.dash, look.width) for look in palette.changes.values()}
        assert len(borders) == len(palette.changes)
    svg = sg.render(compared(OLD, NEW), "svg").decode()
    assert {"+ test", "− old", "± builder", "nginx"} <= set(re.findall(r">([^<>]+)</text>", svg))


def test_the_picture_has_a_legend_of_its_changes() -> None:
    svg = sg.render(compared(OLD, NEW), "svg").decode()
    shown = re.findall(r">([^<>]+)</text>", svg)
    for words in ("added", "removed", "changed or renamed", "unchanged"):
        assert words in shown
    assert "left behind" not in shown


def test_a_large_comparison_shows_what_changed_and_what_is_around_it() -> None:
    lines = ["FROM a AS s0"] + [f"FROM s{n - 1} AS s{n}\nRUN {n}" for n in range(1, 60)]
    found = compared("\n".join(lines), "\n".join(lines).replace("RUN 30", "RUN thirty"))
    text = sg.render(found, "mermaid").decode()
    assert '"<b>± s30</b><br/>1 instruction changed"' in text
    assert '"<b>s31' in text
    assert "s45<" not in text
    assert "unchanged nodes are left out" in text


def test_a_large_comparison_draws_only_edges_of_what_changed() -> None:
    lines = ["FROM a AS s0"] + [f"FROM s{n - 1} AS s{n}\nCOPY . ." for n in range(1, 60)]
    found = compared("\n".join(lines), "\n".join(lines).replace("FROM s29 AS s30", "FROM s29 AS s30\nRUN x"))
    text = sg.render(found, "mermaid").decode()
    assert len(re.findall(r"^  \w+ (?:-{2,3}>|={2,3}>)", text, re.MULTILINE)) == 2  # into s30, and to s31


def test_targets_that_need_the_same_are_one_row() -> None:
    stages = "".join(f"FROM base AS s{n}\n" for n in range(9))
    found = compared(f"FROM a:1 AS base\n{stages}", f"FROM a:2 AS base\n{stages}")
    last = sg.render(found, "text").decode().splitlines()[-1]
    assert last == "  ~ s8, base, s0 and 7 more  now needs a:2; no longer needs a:1"


def test_a_comparison_of_thousands_of_stages_fits_github() -> None:
    one = "\n".join(f"FROM a{n} AS s{n}\nCOPY --from=s{n // 2} /x{n} /y" for n in range(1, 1500)).replace(
        "s0", "x"
    )
    text = sg.render(compared(one, one.replace("/y", "/z")), "mermaid").decode()
    assert len(text) <= MOST_CHARACTERS
    assert len(re.findall(r"^  \w+ (?:-{2,3}>|={2,3}>|-\.{1,2}->)", text, re.MULTILINE)) <= MOST_EDGES
    assert parse_errors({"large": text}) == []
    comment = sg.render(compared(one, one.replace("/y", "/z")), "markdown").decode()
    assert len(comment) <= 65_536  # what GitHub takes as a comment


def test_markdown_shows_texts_and_runs_none() -> None:
    found = compared("FROM a\nRUN x\n", "FROM a\nRUN <script>alert(1)</script> | `x` $y$\n")
    text = sg.render(found, "markdown").decode()
    assert "<script>" not in text
    (row,) = [line for line in text.splitlines() if "alert" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 4


def test_an_empty_comparison_is_one_sentence_in_words() -> None:
    found = compared("FROM a\n", "FROM a\n")
    assert (
        sg.render(found, "text").decode() == "Dockerfile → Dockerfile\nThe two build graphs are the same.\n"
    )
    assert sg.render(found, "markdown").decode() == (
        "### Dockerfile → Dockerfile\n\nThe two build graphs are the same.\n"
    )


def test_the_same_comparison_gives_the_same_bytes() -> None:
    for name in formats("diff"):
        assert sg.render(compared(OLD, NEW), name) == sg.render(compared(OLD, NEW), name)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(sg.OptionsError, match="unknown format `png`"):
        sg.render(compared(OLD, NEW), "png")
