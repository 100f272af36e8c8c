"""Blocks of the dialect sphinx, in pages that the real Sphinx builds with MyST and sphinxcontrib-mermaid."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from .test_mermaid import HOSTILE
from .tools import need

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
TITLES = [text for text in HOSTILE if text.isprintable() and text.strip() and '"' not in text]
_CONFIGURATION = """\
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_enable_extensions = ["colon_fence", "substitution", "attrs_inline", "dollarmath"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that Sphinx can build, with a Dockerfile."""
    installed = find_spec("sphinx") and find_spec("myst_parser") and find_spec("sphinxcontrib.mermaid")
    need("sphinx" if installed else None, "sphinxcontrib-mermaid and myst-parser")
    (tmp_path / "conf.py").write_text(_CONFIGURATION)
    (tmp_path / "Dockerfile").write_text(
        "FROM alpine AS x-y\nRUN a\nFROM scratch AS end\nCOPY --from=x-y /a`${}<b>% /b\n"
    )
    return tmp_path


def built(site: Path) -> str:
    """The HTML of the page; fails with what Sphinx says if it warns."""
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-E", "-b", "html", str(site), str(site / "out")],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return (site / "out" / "index.html").read_text("utf-8")


def test_sphinx_shows_the_diagram_as_it_was_written(site: Path, stagegraph: Run) -> None:
    page = "# Page\n\n<!-- stagegraph: Dockerfile dialect=sphinx steps=true -->\n<!-- /stagegraph -->\n"
    (site / "index.md").write_text(page)
    assert stagegraph("embed", "index.md", cwd=site).returncode == 0
    drawn = html.unescape(re.findall(r'<pre\s+class="mermaid">(.*?)</pre>', built(site), re.DOTALL)[0])
    written = stagegraph("render", "--dialect", "sphinx", "--steps", "--format", "mermaid", cwd=site)
    assert drawn.split() == written.stdout.decode().split()


def test_sphinx_shows_every_title_as_a_caption(site: Path, stagegraph: Run) -> None:
    blocks = [
        f"<!-- stagegraph: Dockerfile dialect=sphinx title='{title}' -->"
        for title in TITLES
        if "'" not in title
    ]
    blocks = [block for block in blocks if block.count("--") == 2]  # two hyphens end a comment of HTML
    (site / "index.md").write_text(
        "# Page\n\n" + "".join(f"{one}\n<!-- /stagegraph -->\n\n" for one in blocks)
    )
    done = stagegraph("embed", "index.md", cwd=site)
    assert done.returncode == 0, done.stderr
    shown = re.findall(r'<span class="caption-text">(.*?)</span><a', built(site), re.DOTALL)
    captions = [html.unescape(re.sub(r"<[^>]*>", "", text)) for text in shown]
    assert captions == [re.findall("title='(.*)'", block)[0] for block in blocks]
    assert len(captions) > 30
