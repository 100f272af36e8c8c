"""Digests of filtered selections that trees with the same folders share."""

from __future__ import annotations

import random

import pytest

import stagegraph as sg
from stagegraph.rebuild.context import Context, LinkEntry
from stagegraph.rebuild.impact import affected
from stagegraph.rebuild.selection import Bits, PathFilters, SelectionError, Selector, digest
from stagegraph.rebuild.selection_digests import SelectionDigests
from stagegraph.rebuild.state import BuildState
from stagegraph.rebuild.tree import Node, NodeKind, digest_of, patched

SELECTORS = (
    Selector("/", exclude=("*.md",)),
    Selector("/", exclude=("**/*.md", "!a/x.md")),
    Selector("/a", exclude=("b",)),
    Selector("/a", exclude=("b/*",), follow=False),
    Selector("/*", wildcard=True, exclude=("x.js",)),
    Selector("/", include=("a/*/x.js",)),
    Selector("/", include=("**/*.js",), exclude=("**/b",)),
    Selector("/a/x.js", exclude=("y",)),
    Selector("/gone", exclude=("y",)),
)


def _expected(root: Node, selector: Selector) -> bytes | None:
    try:
        return digest_of([digest(root, selector)])
    except SelectionError:
        return None


def _shared(known: SelectionDigests, root: Node, selector: Selector) -> bytes | None:
    try:
        return known.of(root, [selector])
    except SelectionError:
        return None


@pytest.mark.parametrize("seed", range(20))
def test_trees_that_share_folders_have_the_digests_of_trees_alone(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"{a}{b}{c}" for a in ("", "a/", "c/") for b in ("", "b/", "d/") for c in ("x.js", "x.md", "y")]
    files = dict.fromkeys(chance.sample(names, 12), "0")
    root = Context.from_files({**files, **({"c/link": LinkEntry("../a")} if seed % 2 else {})}).root
    known = SelectionDigests()
    for number in range(12):
        for selector in SELECTORS:
            assert _shared(known, root, selector) == _expected(root, selector), selector
        name = chance.choice(names)
        node = Node(NodeKind.FILE, 0o644, content=str(number % 3))
        root = patched(root, [name], {} if chance.random() < 0.3 else {name: node})


def test_a_folder_that_stays_is_not_matched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Context.from_files({f"d{n % 20}/f{n}.js": "0" for n in range(2_000)}).root
    known, selector = SelectionDigests(), Selector("/", exclude=("**/*.md",))
    known.of(root, [selector])
    matched = []
    own = PathFilters.included

    def counted(filters: PathFilters, inside: str, parent: Bits) -> tuple[bool, Bits]:
        matched.append(inside)
        return own(filters, inside, parent)

    monkeypatch.setattr(PathFilters, "included", counted)
    known.of(patched(root, [], {"d3/f3.js": Node(NodeKind.FILE, 0o644, content="1")}), [selector])
    assert len(matched) == 120  # the root and the folder of the file


@pytest.mark.parametrize("copy", ["--exclude=**/*.md . .", "--parents **/*.js /"])
def test_only_files_that_changed_are_named(copy: str) -> None:
    text = f"# syntax=docker/dockerfile:1-labs\nFROM a\nCOPY {copy}\n"
    files = {"Dockerfile": text, "a/b/x.js": "1", "a/b/y.md": "1", "c/x.js": "1"}
    before = BuildState.from_files(files)
    changed = {**files, "a/b/new.js": "1", "a/b/y.md": "2"}
    (step,) = affected(before, BuildState.from_files(changed)).runs_again
    assert [reason.names for reason in step.reasons] == [("a/b/new.js",)]
    assert not sg.affected(before, BuildState.from_files({**files, "a/b/y.md": "2"})).runs_again
