"""Diagrams in pages that are not Markdown: MDX, reStructuredText and AsciiDoc, read by the real programs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from docutils.core import publish_doctree
from docutils.nodes import Element, image, system_message, table
from docutils.utils import Reporter

from .tools import MERMAID, node_with_mermaid

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
DOCKERFILE = (
    "FROM node:20 AS build\nRUN a_b | c*d\nFROM nginx AS last\nCOPY --from=build /a{b}<c>_d_ /srv/*\n"
)
PAGES = {
    "page.md": "# Title\n\nText.\n",
    "page.mdx": 'import X from "x"\n\n# Title\n\n<X a="{/* b */}" />\n',
    "page.rst": "Title\n=====\n\nText.\n",
    "page.adoc": "= Title\n\nText.\n",
}
MARKERS = {
    "page.md": ("<!-- stagegraph: {} -->", "<!-- /stagegraph -->"),
    "page.mdx": ("{{/* stagegraph: {} */}}", "{/* /stagegraph */}"),
    "page.rst": (".. stagegraph: {}", ".. /stagegraph"),
    "page.adoc": ("// stagegraph: {}", "// /stagegraph"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Dockerfile and a page in every language."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def embedded(run: Run, folder: Path, name: str, words: str) -> str:
    """The page ``name`` with a block for ``words``, updated."""
    start, end = MARKERS[name]
    page = folder / name
    page.write_text(f"{PAGES[name]}\n{start.format(words)}\n{end}\n")
    done = run("embed", name, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert run("embed", "--check", name, cwd=folder).returncode == 0
    return page.read_text("utf-8")


def rendered(kind: str, text: str) -> str:
    """What MDX or Asciidoctor make of ``text``; fails if they refuse it."""
    done = subprocess.run(
        [node_with_mermaid(), "pages.mjs"],
        input=(json.dumps({"kind": kind, "text": text}) + "\n").encode(),
        capture_output=True,
        cwd=MERMAID,
        timeout=120,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["error"] is None, text
    return str(answer["html"])


def elements(text: str, kind: type[Element]) -> list[Element]:
    """The elements of a kind in reStructuredText; fails on a warning of docutils."""
    settings = {"report_level": Reporter.SEVERE_LEVEL, "halt_level": 5, "output_encoding": "unicode"}
    tree = publish_doctree(text, settings_overrides=settings)
    assert [one.astext() for one in tree.findall(system_message)] == []
    return list(tree.findall(kind))


@pytest.mark.parametrize("name", PAGES)
def test_init_adds_a_block_that_a_second_run_keeps(in_process: Run, folder: Path, name: str) -> None:
    assert in_process("embed", "--init", name, cwd=folder).returncode == 0
    text = (folder / name).read_text("utf-8")
    assert text.startswith(PAGES[name])
    assert MARKERS[name][1] in text
    again = in_process("embed", "--init", name, cwd=folder)
    assert again.stderr.decode() == f"{name}: already up to date\n"
    assert in_process("embed", "--check", ".", "--allow-empty", cwd=folder).returncode == 0


def test_mdx_compiles_with_diagrams_tables_and_pictures(in_process: Run, folder: Path) -> None:
    for words in (
        "Dockerfile report=true",
        "Dockerfile collapsed=true",
        "Dockerfile format=svg output=a.svg",
    ):
        text = embedded(in_process, folder, "page.mdx", words)
        assert "<!--" not in text
        assert "_jsx" in rendered("mdx", text)


def test_mdx_reads_html_comments_too(in_process: Run, folder: Path) -> None:
    page = folder / "page.mdx"
    page.write_text("<!-- stagegraph: Dockerfile -->\n<!-- /stagegraph -->\n")
    assert in_process("embed", "page.mdx", cwd=folder).returncode == 0
    assert "```mermaid" in page.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "export const a = `\n{/* stagegraph: Dockerfile */}\n{/* /stagegraph */}\n`\n",
        "```\n{/* stagegraph: Dockerfile */}\n{/* /stagegraph */}\n```\n",
        '<X a="\n{/* stagegraph: Dockerfile */}\n" />\n',
    ],
)
def test_markers_in_code_are_text(in_process: Run, folder: Path, text: str) -> None:
    (folder / "page.mdx").write_text(text)
    assert in_process("embed", "page.mdx", cwd=folder).returncode == 0
    assert (folder / "page.mdx").read_text() == text


def test_restructuredtext_shows_the_picture_and_the_table(in_process: Run, folder: Path) -> None:
    text = embedded(in_process, folder, "page.rst", "Dockerfile output=build.svg report=true")
    (picture,) = elements(text, image)
    assert picture["uri"] == "build.svg"
    assert picture["alt"].startswith("Build graph with 2 stages, 2 of them needed.")
    (shown,) = elements(text, table)
    assert "/a{b}<c>_d_ → /srv/*" in shown.astext()
    assert (folder / "build.svg").read_bytes().startswith(b"<?xml")


def test_a_heading_has_the_style_of_the_page(in_process: Run, folder: Path) -> None:
    page = folder / "page.rst"
    page.write_text("#####\nTitle\n#####\n\nOne\n*****\n\nTwo\n*****\n")
    assert in_process("embed", "--init", "page.rst", "--heading", "Überblick", cwd=folder).returncode == 0
    assert "\nÜberblick\n*********\n" in page.read_text("utf-8")


def test_restructuredtext_takes_mermaid_as_a_directive(in_process: Run, folder: Path) -> None:
    text = embedded(in_process, folder, "page.rst", 'Dockerfile format=mermaid title="The build"')
    assert "\n.. mermaid::\n   :caption: The build\n\n   %%{init: " in text
    assert "\n   ---\n" not in text


def test_asciidoc_shows_the_picture_and_the_table(in_process: Run, folder: Path) -> None:
    text = embedded(in_process, folder, "page.adoc", "Dockerfile output=build.svg report=true")
    html = rendered("adoc", text)
    assert '<img src="build.svg" alt="Build graph with 2 stages, 2 of them needed.' in unescape(html)
    assert "<table" in html
    assert "/a{b}<c>_d_ → /srv/*" in unescape(html)
    assert "stagegraph:" not in html


def test_png_pictures_are_written_beside_the_page(in_process: Run, folder: Path) -> None:
    text = embedded(in_process, folder, "page.md", "Dockerfile format=png output=build.png")
    assert "](build.png)" in text
    data = (folder / "build.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert in_process("embed", "--check", "page.md", cwd=folder).returncode == 0
    (folder / "build.png").write_bytes(data + b" ")
    done = in_process("embed", "--check", "page.md", cwd=folder)
    assert done.returncode == 1
    assert b"build.png: the picture of page.md is out of date or missing" in done.stdout
    assert in_process("embed", "page.md", cwd=folder).returncode == 0
    assert (folder / "build.png").read_bytes() == data


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("page.rst", "Dockerfile", "format=svg needs a file to write to"),
        ("page.rst", "Dockerfile output=a.svg collapsed=true", "reStructuredText cannot hide a diagram"),
        ("page.md", "Dockerfile format=png output=a.svg", "a.svg does not end with .png"),
    ],
)
def test_what_a_page_cannot_show_is_an_error(
    in_process: Run, folder: Path, name: str, words: str, message: str
) -> None:
    start, end = MARKERS[name]
    (folder / name).write_text(f"{start.format(words)}\n{end}\n")
    done = in_process("embed", name, cwd=folder)
    assert done.returncode == 1
    assert message in done.stderr.decode()
    assert (folder / name).read_text() == f"{start.format(words)}\n{end}\n"


@pytest.mark.parametrize("name", ["a.txt", "a.html"])
def test_init_refuses_other_files(in_process: Run, folder: Path, name: str) -> None:
    (folder / name).write_text("text\n")
    done = in_process("embed", "--init", name, cwd=folder)
    assert done.returncode == 1
    assert f"{name} is not a page that --init can write" in done.stderr.decode()
    assert (folder / name).read_text() == "text\n"
