"""Pages in a real Chromium: one browser for all tests, and all that a page does is written down."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .tools import chromium

_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
"""
_CONTRASTS = """
() => {
  const channels = (colour) => {
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const part = (value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = {};
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("svg, script, noscript")) continue;
    if (!element.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(ground(element))];
    found[texts.currentNode.data.trim().slice(0, 40)] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}
"""


@dataclass
class Opened:
    """A page that is open, what went wrong on it, and what it asked for."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def state(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self.page.evaluate(expression)

    def wait_until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true.

        The wait of Playwright evaluates text in the page, which the policy of the page forbids.
        """
        end = time.monotonic() + 10
        while not self.state(expression):
            assert time.monotonic() < end, f"not true in time: {expression[:200]}"
            time.sleep(0.02)

    def panel(self) -> str:
        """What the panel of details says."""
        return self.page.inner_text("#panel")

    def click_node(self, label: str) -> None:
        """Click the box that is called ``label``."""
        self.page.locator("g.node", has=self.page.locator("text", has_text=label)).first.click()

    def contrasts(self) -> dict[str, float]:
        """How much each text that is seen stands out from its ground, as WCAG counts."""
        return dict(self.page.evaluate(_CONTRASTS))


class Pages:
    """Opens pages from files, in one context for each width and theme."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        self.contexts: dict[tuple[bool, int], BrowserContext] = {}
        self.opened = 0

    def open(self, html: bytes, *, dark: bool = False, width: int = 1280, address: str = "") -> Opened:
        """``html`` opened from a file, with ``address`` after its path; the page before is closed."""
        self.opened += 1
        file = self.folder / f"{self.opened}.html"
        file.write_bytes(html)
        return self.visit(file.as_uri() + address, dark=dark, width=width)

    def visit(self, address: str, *, dark: bool = False, width: int = 1280) -> Opened:
        """The page at ``address``; the page before is closed."""
        context = self._context(dark, width)
        for page in context.pages:
            page.close()
        opened = Opened(page=context.new_page())
        opened.page.set_default_timeout(10_000)
        opened.page.on("console", lambda message: opened.errors.append(message.text))
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(address)
        return opened

    def _context(self, dark: bool, width: int) -> BrowserContext:
        if (dark, width) not in self.contexts:
            context = self.browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
            )
            context.add_init_script(_TELL_VIOLATIONS)
            self.contexts[dark, width] = context
        return self.contexts[dark, width]


@contextmanager
def started() -> Iterator[Browser]:
    """A headless Chromium, the system's: none is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()
