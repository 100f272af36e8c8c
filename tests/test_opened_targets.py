"""The page of a bake file in a real browser: targets that open and close, by pointer, keys and links."""

from __future__ import annotations

from pathlib import Path

import pytest

import stagegraph as sg

from .bake_projects import write
from .browser import Opened, Pages
from .conftest import ROOT
from .shapes import bake_monorepo
from .test_serve import serving

MONOREPO = "samples/bake-monorepo"


def page_of(directory: Path | str, **view: object) -> bytes:
    return sg.render(sg.read_request(str(directory)), "html", sg.View(**view))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def monorepo() -> bytes:
    return page_of(ROOT / MONOREPO)


TITLES = "[...document.querySelectorAll('.frame-name')].map(e => e.textContent.split(' · ')[0].slice(2))"


def wait_for_frames(opened: Opened, *names: str) -> None:
    """Wait until exactly these targets are open."""
    opened.wait_until(f"{TITLES}.sort().join() === {','.join(sorted(names))!r}")


def test_the_title_closes_a_target_and_space_opens_it(monorepo: bytes, pages: Pages) -> None:
    opened = pages.open(monorepo, address="#stage=web:build")
    wait_for_frames(opened, "web")
    opened.page.locator(".frame-name").click()
    wait_for_frames(opened)
    opened.page.locator("g.node[aria-label^='web, Bake target']").focus()
    opened.page.keyboard.press(" ")
    wait_for_frames(opened, "web")
    opened.wait_until("document.activeElement.getAttribute('aria-expanded') === 'true'")
    opened.page.keyboard.press(" ")
    wait_for_frames(opened)
    assert opened.errors == []


@pytest.mark.parametrize(
    ("address", "names", "heading"),
    [
        ("#stage=web:build", ["web"], "web:build"),
        ("#stage=web:build&open=-", [], "web:build"),
        ("#target=mail&open=web", ["web"], "mail"),
        ("#open=web", ["web"], ""),
        ("#open=nowhere", [], ""),
        ("#open=%", [], ""),
    ],
)
def test_a_link_opens_what_is_needed(
    address: str, names: list[str], heading: str, monorepo: bytes, pages: Pages
) -> None:
    opened = pages.open(monorepo, address=address)
    wait_for_frames(opened, *names)
    if heading:
        opened.page.locator("#panel h2", has_text=heading).wait_for()
    assert opened.errors == []


def test_the_address_keeps_what_is_open(monorepo: bytes, pages: Pages) -> None:
    opened = pages.open(monorepo, address="#target=web&open=web")
    wait_for_frames(opened, "web")
    opened.wait_until("location.hash === '#target=web&open=web'")
    opened.page.locator(".frame-name").click()
    opened.wait_until("location.hash === '#target=web'")


def test_a_served_page_opens_any_targets_and_keeps_them(tmp_path: Path, pages: Pages) -> None:
    write(tmp_path, bake_monorepo(services=8))
    with serving(tmp_path / "docker-bake.hcl", str(tmp_path)) as served:
        opened = pages.visit(f"{served.address}#open=auth,cart")
        wait_for_frames(opened, "auth", "cart")
        file = tmp_path / "services/cart/Dockerfile"
        file.write_text(file.read_text().replace("AS test", "AS checks").replace("from=test", "from=checks"))
        opened.page.locator("g.node", has_text="checks").wait_for()
        wait_for_frames(opened, "auth", "cart")
        assert opened.errors == []
