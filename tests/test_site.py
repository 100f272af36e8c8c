"""The documentation as a site, and the fence that draws pictures in it."""

from __future__ import annotations

import base64
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import markdown
import pytest
import yaml
from PIL import Image

from stagegraph.sites.superfence import CURRENT_PAGE, FencePage, fence, validator

from .conftest import ROOT
from .tools import run_chromium

_OBJECT = re.compile(r'<object type="image/svg\+xml" data="data:image/svg\+xml;base64,([^"]+)"')
_FETCHED = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)="((?:https?:)?//[^"]*)"')
DOCKERFILE = "FROM golang AS build\nRUN make\nFROM scratch AS release\nCOPY --from=build /app /app\n"


def mkdocs(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """What `mkdocs build --strict` says of the site in ``folder``."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        # Material tells about its successor, in colours, in every build
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the project, built."""
    made = tmp_path_factory.mktemp("site")
    done = mkdocs(ROOT, made)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return made


def html(text: str) -> str:
    """A page of Markdown as Python-Markdown makes it."""
    row = {"name": "stagegraph", "class": "stagegraph", "format": fence, "validator": validator}
    return markdown.markdown(
        text,
        extensions=["pymdownx.superfences"],
        extension_configs={"pymdownx.superfences": {"custom_fences": [row]}},
    )


def pictures(page: str) -> list[str]:
    return [base64.b64decode(data).decode() for data in _OBJECT.findall(page)]


def texts(svg: str) -> list[str]:
    return [
        "".join(text.itertext()) for text in ElementTree.fromstring(svg).iter() if text.tag.endswith("text")
    ]


@pytest.fixture
def fence_page(tmp_path: Path) -> FencePage:
    """A page in a folder with a Dockerfile."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    page = FencePage(name="page.md", folder=tmp_path)
    CURRENT_PAGE.set(page)
    return page


def test_the_site_is_built_without_warnings_and_has_every_page(site: Path) -> None:
    for page in sorted((ROOT / "docs").glob("*.md")):
        made = site / "index.html" if page.stem == "index" else site / page.stem / "index.html"
        assert made.is_file(), f"{page.name}: put it into nav in mkdocs.yml"


def _named(nav: object) -> list[str]:
    """The pages that a part of the navigation names."""
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ()
    return [page for part in parts for page in _named(part)]


def test_every_page_is_in_the_navigation() -> None:
    named = _named(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"])
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(named) == sorted(pages), "put the page into nav in mkdocs.yml"


def test_the_site_fetches_nothing_from_other_places(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert [address for address in _FETCHED.findall(text) if "rel=canonical" not in text] == [], page
        assert "mermaid" not in "".join(re.findall(r"<script[^>]*>", text))


def test_the_first_page_shows_a_build(site: Path) -> None:
    (picture,) = pictures((site / "index.html").read_text("utf-8"))
    assert {"runtime", "assets", "lint"} <= set(texts(picture))


def test_a_browser_shows_the_picture_in_the_page(site: Path, tmp_path: Path) -> None:
    shot = tmp_path / "shot.png"
    run_chromium(f"--screenshot={shot}", "--window-size=1400,1200", (site / "index.html").as_uri())
    colours = {colour for _, colour in Image.open(shot).convert("RGB").getcolors(1 << 24) or []}
    assert (0x0B, 0x57, 0xD0) in colours  # of the target


def test_a_page_that_shows_no_dockerfile_fails_a_strict_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# x\n\n```stagegraph\n../nope\n```\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nplugins: [stagegraph]\n")
    done = mkdocs(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    assert "index.md: cannot draw a stagegraph fence: docs/../nope does not exist" in done.stderr


def test_paths_are_seen_from_the_page(tmp_path: Path) -> None:
    (tmp_path / "docs/deep").mkdir(parents=True)
    (tmp_path / "docs/index.md").write_text("# x\n")
    (tmp_path / "docs/deep/page.md").write_text(
        "# x\n\n```stagegraph\n../../Dockerfile target=release\n```\n"
    )
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nplugins: [stagegraph]\n")
    done = mkdocs(tmp_path, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    (picture,) = pictures((tmp_path / "site/deep/page/index.html").read_text("utf-8"))
    assert "../../Dockerfile: release" in picture


def test_fences_of_the_site_stay(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# x\n\n```other\ny\n```\n\n```stagegraph\nFROM a\n```\n")
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: x\nplugins: [stagegraph]\nmarkdown_extensions:\n  - pymdownx.superfences:\n"
        "      custom_fences:\n        - name: other\n          class: mine\n"
        "          format: !!python/name:pymdownx.superfences.fence_div_format\n"
    )
    done = mkdocs(tmp_path, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site/index.html").read_text("utf-8")
    assert '<div class="mine">y</div>' in page
    assert len(pictures(page)) == 1


def test_a_fence_takes_the_words_of_a_marker(fence_page: FencePage) -> None:
    page = html('```stagegraph\nDockerfile target=build prune=true\ntitle="Only <this>"\n```\n')
    (picture,) = pictures(page)
    assert "release" not in texts(picture)
    assert "Only &lt;this&gt;" in picture
    assert 'aria-label="Only &lt;this&gt;: Build graph with 2 stages' in page
    assert fence_page.dockerfiles == {fence_page.folder / "Dockerfile"}


def test_a_fence_can_hold_a_dockerfile(fence_page: FencePage) -> None:
    (picture,) = pictures(html(f'```stagegraph target="build" critical_path="true"\n{DOCKERFILE}```\n'))
    assert "Dockerfile: build" in picture
    assert not fence_page.dockerfiles


def test_a_fence_can_be_collapsed_and_say_what_ships(fence_page: FencePage) -> None:
    page = html("```stagegraph\nDockerfile collapsed=true report=true title=Build\n```\n")
    assert page.startswith('<details class="stagegraph"><summary>Build</summary><object ')
    assert "<td>/app → /app</td>\n<td>from build</td>" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Dockerfile prnue=true", "unknown option `prnue`\nhint: did you mean prune?"),
        (
            "Dockerfile format=svg",
            "a fence does not take `format`\nhint: remove it: a fence always becomes an SVG in its page",
        ),
        ("Dockerfile output=x.svg", "a fence does not take `output`"),
        ("FROM a\nRNU <b>\n", "unknown instruction `RNU`"),
        ("Dockerfile target=nope", "nope"),
        ("x\0y", "y"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_the_page_and_logged(
    text: str, message: str, fence_page: FencePage, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="mkdocs.plugins.stagegraph"):
        page = html(f"```stagegraph\n{text}\n```\n")
    assert page.startswith('<pre class="stagegraph-error"><code>')
    assert message in page
    assert "<b>" not in page
    (record,) = caplog.records
    assert record.getMessage().startswith("page.md: cannot draw a stagegraph fence: ")
