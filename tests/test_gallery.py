"""The gallery: the default picture of every sample, light and dark, is what stagegraph draws today."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

import stagegraph as sg
from stagegraph.picture.picture import description

from .conftest import ROOT
from .shapes import GENERATED, WRITTEN

FOLDER = ROOT / "docs" / "gallery"
THEMES = ("light", "dark")
_ROW = r"^\| \[([\w-]+)\]\([^)]*\) \| (.+) \|$"
_HEAD = """\
# Gallery

How stagegraph draws the Dockerfile of each directory in `samples/`, Dockerfiles in the shape of
well-known ones, and generated Dockerfiles, without any option but `--theme`.
The tests draw these pictures again and compare them. After a change, `pytest --refresh tests/test_gallery.py`
updates this page.
"""

_WRITTEN = {
    "moby": "a Dockerfile in the shape of moby/moby: 60 stages, most of them tools for development",
    "buildkit": "a Dockerfile in the shape of moby/buildkit: 53 stages, exported to several platforms",
    "buildx": "a Dockerfile in the shape of docker/buildx: binaries for several operating systems",
    "cli": "a Dockerfile in the shape of docker/cli: the base image is chosen by a build argument",
    "frigate": "a Dockerfile in the shape of frigate: parts from many builds, put into one image",
    "text-generation-inference": "a Dockerfile in its shape: one builder for each kernel",
}
_GENERATED = {
    "chain 60": "60 stages, each built from the one before",
    "monorepo 60": "a repository of 58 services that go into one image",
    "diamond 12": "rows of two stages that read both stages of the row before",
    "selector 40": "38 variants, of which a build argument chooses one",
    "matrix 12": "builds for three systems, each with a test and a package",
    "matrix 60": "builds for 19 systems, each with a test and a package",
    "services 120": "29 services that are fetched, built, tested and packed alike",
    "irregular 40": "40 stages that read each other by chance",
}


class Shown(NamedTuple):
    """One Dockerfile of the gallery."""

    name: str
    words: str
    text: str


def _shown() -> Iterator[Shown]:
    table = (ROOT / "samples" / "README.md").read_text("utf-8")
    for name, words in re.findall(_ROW, table, re.MULTILINE):
        yield Shown(name, words, (ROOT / "samples" / name / "Dockerfile").read_text("utf-8"))
    for name, words in _WRITTEN.items():
        yield Shown(name, words, WRITTEN[name])
    for name, words in _GENERATED.items():
        yield Shown(name.replace(" ", "-"), words, GENERATED[name])


SHOWN = {one.name: one for one in _shown()}
CASES = [(name, theme) for name in SHOWN for theme in THEMES]


def _report(shown: Shown) -> sg.Report:
    return sg.analyse(sg.read(sg.Source(name="Dockerfile", text=shown.text)))


def _page() -> str:
    lines = [_HEAD]
    for one in SHOWN.values():
        words = description(_report(one))
        lines.append(f"## {one.name}\n\n{one.words[:1].upper()}{one.words[1:]}.\n")
        lines += [f"![{words}](gallery/{one.name}-{theme}.svg)\n" for theme in THEMES]
    return "\n".join(lines)


def test_the_page_shows_every_picture(golden: Callable[..., None]) -> None:
    golden(ROOT / "docs" / "gallery.md", _page().encode())


@pytest.mark.parametrize(("name", "theme"), CASES)
def test_a_picture_is_the_one_that_is_drawn(name: str, theme: str, golden: Callable[..., None]) -> None:
    golden(FOLDER / f"{name}-{theme}.svg", sg.render(_report(SHOWN[name]), "svg", sg.View(theme=theme)))


def test_the_gallery_has_every_sample_and_no_other_file() -> None:
    samples = {path.parent.name for path in ROOT.glob("samples/*/Dockerfile")}
    assert samples <= SHOWN.keys()
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}-{theme}.svg" for name, theme in CASES}
