"""Laws of embedding: bytes outside of blocks stay, a second run changes nothing, writes are whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagegraph.cli.writing import write
from stagegraph.embedding.blocks import blocks_of
from stagegraph.embedding.markdown import MARKDOWN
from stagegraph.embedding.page import PageText, page_from_bytes
from stagegraph.embedding.page_file import update
from stagegraph.errors import InputError, StagegraphError

from .strategies import examples

START, END = "<!-- stagegraph: Dockerfile -->", "<!-- /stagegraph -->"
_MARKERS = (
    START,
    END,
    f"{START} x",
    "<!-- stagegraph: . collapsed=true report=true title='a ``` b' -->",
    "<!-- stagegraph:",
    "format=svg output=x.svg",
    "-->",
    "<!-- stagegraph: Dockerfile nope=1 -->",
)
_PLAIN = (
    "```",
    "~~~",
    "````md",
    "<div>",
    "</div>",
    "<details>",
    "<pre>",
    "</pre>",
    "<script>",
    "<!--",
    "<?php",
    "<![CDATA[",
    "- item",
    "* ",
    "1. one",
    "# Heading",
    "===",
    "---",
    "| a | b |",
    "[ref]: /url",
    "text `code` <b>",
    "naïve 中文 বাংলা \u2028 \u0085 \x0c \x00",
    "",
    "",
)
_INDENTS = ("", "", "", "", "  ", "    ", "\t", "> ", "> > ", "- ", "  - ", "1. ", ">\t", "   ")
_ENDS = ("\n", "\n", "\r\n", "\r")
_DIALECTS = (
    "<!-- stagegraph: Dockerfile dialect=azure steps=true -->",
    "<!-- stagegraph: Dockerfile dialect=sphinx title='- ``` {x}' -->",
    "<!-- stagegraph: Dockerfile dialect=plain title='%% end' -->",
)
_block = st.tuples(st.sampled_from((START, START, *_DIALECTS)), st.just(END))
_line = st.sampled_from(_MARKERS + _PLAIN * 2) | st.text(max_size=12)


@st.composite
def pages(draw: st.DrawFn) -> bytes:
    """Markdown with markers in and out of fences, HTML, lists and quotes, in several encodings."""
    end, text = draw(st.sampled_from(_ENDS)), ""
    for _ in range(draw(st.integers(1, 9))):
        indent = draw(st.sampled_from(_INDENTS))
        for line in draw(_block | st.tuples(_line)):
            text += indent + line + (end if draw(st.integers(0, 9)) else draw(st.sampled_from(_ENDS)))
            indent = indent.replace("-", " ").replace("1.", "  ")
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    encoding = draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    data = text.encode(encoding, "surrogatepass" if encoding == "utf-16" else "replace")
    return data + draw(st.sampled_from((b"", b"", b"", b"\xff", b"\xe9\n")))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page beside a Dockerfile whose names are Markdown and Mermaid themselves."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "Dockerfile").write_text(
        "FROM a AS end\nRUN ``` -->\nFROM scratch\nCOPY --from=end /`|→ /-->\n"
    )
    return folder / "page.md"


def outside(markdown: PageText) -> list[bytes]:
    """The bytes between, before and after the blocks, each marker with what stands beside it."""
    parts, place = [], 0
    for block in blocks_of(markdown):
        parts.append(markdown.encoded(markdown.lines[place : block.first]))
        place = block.end
    return [*parts, markdown.encoded(markdown.lines[place:])]


@examples(2)
@given(pages())
def test_bytes_outside_of_blocks_never_change_and_a_second_run_changes_nothing(
    page: Path, data: bytes
) -> None:
    assert_only_blocks_change(page, data)


@pytest.mark.parametrize(
    "text",
    [
        f"<div>\n{START}\n{END}\n</div>",
        f"- \t{START}\r\n\t{END}",
        f">{START}\n>{END}",
        *(f"{start}\n{END}\n- {start}\n  {END}\n> {start}\n> {END}\n" for start in _DIALECTS),
    ],
    ids=[
        "inside HTML",
        "a list item indented by a tab",
        "a quote without a space",
        *("azure", "sphinx", "plain"),
    ],
)
def test_only_the_block_changes(page: Path, text: str) -> None:
    assert_only_blocks_change(page, text.encode())


def assert_only_blocks_change(page: Path, data: bytes) -> None:
    """Embedding keeps every other byte, and embedding twice is the same as once."""
    try:
        markdown = page_from_bytes(data, "page.md", MARKDOWN)
        made = update(page, markdown)
    except InputError as error:
        assert "page.md" in str(error)  # noqa: PT017
        return
    again = page_from_bytes(made.updated, "page.md", MARKDOWN)
    assert outside(again) == outside(markdown)
    assert made.blocks == len(blocks_of(again))
    assert update(page, again).updated == made.updated
    if not made.blocks:
        assert made.updated == data


@examples(2)
@given(st.binary(max_size=60) | pages())
def test_any_bytes_are_read_and_given_back(data: bytes) -> None:
    with suppress(StagegraphError):
        markdown = page_from_bytes(data, "page.md", MARKDOWN)
        assert markdown.encoded(markdown.lines) == data


class Stop(BaseException):
    """The process is told to end."""


@pytest.mark.parametrize(
    ("owner", "name"), [(os, "fsync"), (os, "fdopen"), (Path, "chmod"), (Path, "replace")]
)
def test_an_interrupted_write_leaves_the_old_file_whole(
    owner: object, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "page.md"
    file.write_bytes(b"old")

    def stop(*args: Any, **kwargs: Any) -> None:
        raise Stop

    monkeypatch.setattr(owner, name, stop)
    with pytest.raises(Stop):
        write(b"new", str(file))
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_modes_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_bytes(b"old")
    (tmp_path / "real.md").chmod(0o640)
    (tmp_path / "link.md").symlink_to("real.md")
    write(b"new", str(tmp_path / "link.md"))
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_bytes() == b"new"
    assert (tmp_path / "real.md").stat().st_mode & 0o777 == 0o640
