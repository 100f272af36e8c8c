"""The real Mermaid: parsing in Node, drawing in Chromium."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from .tools import MERMAID, node_with_mermaid

VERSIONS = ("11", "12")  # GitHub runs 11
THEMES = {"default": "#ffffff", "dark": "#0d1117"}  # and GitHub's paper below each
_DRAW = """
async ([text, theme, paper]) => {
  document.body.style.background = paper;
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme });
  const out = document.getElementById("out");
  out.replaceChildren();
  out.innerHTML = (await mermaid.render("drawn", text)).svg;
  return out.innerHTML;
}
"""
_FAULTS = """
(paper) => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = (colour, ground) => {
    const [r, g, b, a = 1] = numbers(colour);
    return [r, g, b].map((part, at) => part * a + ground[at] * (1 - a));
  };
  const part = (value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const ground = [1, 3, 5].map((at) => parseInt(paper.slice(at, at + 2), 16));

  const svg = document.querySelector("#out svg");
  const place = (element, slack = 0) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x + slack, y: y + slack, right: x + width - slack, bottom: y + height - slack };
  };
  const faults = [];
  const texts = [];
  for (const node of svg.querySelectorAll(".node")) {
    const words = node.textContent.trim();
    const shape = node.querySelector(".label-container, rect, polygon, path, ellipse");
    const written = node.querySelector("foreignObject");
    const [outer, inner] = [place(shape), place(written, 1)];
    if (inner.x < outer.x || inner.right > outer.right || inner.y < outer.y || inner.bottom > outer.bottom)
      faults.push(`outside its box: ${words}`);
    const content = written.firstElementChild;
    if (content.scrollWidth > written.clientWidth + 1 && content.scrollWidth > content.clientWidth + 1)
      faults.push(`cut: ${words}`);
    const style = getComputedStyle(shape);
    const below = style.fill === "none" ? ground : over(style.fill, ground);
    const text = over(getComputedStyle(written.querySelector("span, p, div")).color, below);
    if (contrast(text, below) < 4.5 && !node.matches(".note")) faults.push(`faint: ${words}`);
    texts.push({ words, ...place(shape, 1) });
  }
  for (const name of svg.querySelectorAll(".cluster-label foreignObject"))
    if (/[^\\s\\u200b]/.test(name.textContent))
      texts.push({ words: name.textContent.trim(), ...place(name, 1) });
  texts.forEach((a, number) => texts.slice(number + 1).forEach((b) => {
    if (a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom)
      faults.push(`on top of each other: ${a.words} / ${b.words}`);
  }));
  return faults;
}
"""


def parse_errors(diagrams: dict[str, str]) -> list[str]:
    """What either version refuses, as "id (version): message"; nothing when all is well."""
    lines = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in diagrams.items())
    done = subprocess.run(
        [node_with_mermaid(), "parse.mjs"],
        input=lines.encode(),
        capture_output=True,
        cwd=MERMAID,
        timeout=300,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(VERSIONS) * len(diagrams)
    return [f"{a['id']} (mermaid {a['version']}): {a['error']}" for a in answers if a["error"]]


@dataclass
class Drawer:
    """Draws diagrams in Chromium, one page for each version of Mermaid."""

    browser: Browser
    pages: dict[str, Page] = field(default_factory=dict)

    def draw(self, text: str, version: str = "11", theme: str = "default") -> str:
        """The SVG that Mermaid draws; an error of playwright when it refuses."""
        return str(self._page(version).evaluate(_DRAW, [text, theme, THEMES[theme]]))

    def faults(self, text: str, version: str = "11", theme: str = "default") -> list[str]:
        """What a reader of the drawn diagram could not read: cut, hidden or faint texts."""
        self.draw(text, version, theme)
        return list(self._page(version).evaluate(_FAULTS, THEMES[theme]))

    def state(self, expression: str, version: str = "11") -> Any:
        """The value of a JavaScript expression on the page of the last diagram."""
        return self._page(version).evaluate(expression)

    def _page(self, version: str) -> Page:
        if version not in self.pages:
            node_with_mermaid()
            # wide enough for GitHub not to shrink anything, so that a pixel is a pixel
            page = self.browser.new_page(viewport={"width": 9000, "height": 900})
            page.set_content('<div id="out"></div>')
            page.add_script_tag(path=MERMAID / "node_modules" / f"mermaid-{version}/dist/mermaid.min.js")
            self.pages[version] = page
        return self.pages[version]
