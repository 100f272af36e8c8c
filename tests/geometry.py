"""What a picture looks like in a browser: its scale, crossings, edges through boxes, labels that overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from .mermaid_parser import Drawer

COLUMN, TALLEST = 850, 1200  # pixels of a README
_MEASURE = """
([boxSelector, labelSelector, pathSelector, owners]) => {
  const svg = document.querySelector("#out svg, body > svg, svg");
  const area = svg.viewBox.baseVal;
  const shown = svg.getBoundingClientRect();
  const place = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, right: x + width, bottom: y + height, name: element.textContent.trim().slice(0, 40) };
  };
  const outline = (node) => node.querySelector(".shape, .label-container, rect, polygon, path") ?? node;
  const boxes = [...svg.querySelectorAll(boxSelector)].map((node) => (
    { ...place(outline(node)), name: node.textContent.trim().slice(0, 40) }));
  const texts = (node) => [...node.querySelectorAll("text, foreignObject")];
  const labels = [...svg.querySelectorAll(labelSelector)].filter((node) => node.textContent.trim())
    .map((node) => {
      const all = (texts(node).length ? texts(node) : [node]).map(place);
      return { x: Math.min(...all.map((one) => one.x)), y: Math.min(...all.map((one) => one.y)),
        right: Math.max(...all.map((one) => one.right)), bottom: Math.max(...all.map((one) => one.bottom)),
        name: node.textContent.trim().slice(0, 40) };
    });
  const within = (box, [x, y], slack) =>
    x > box.x + slack && x < box.right - slack && y > box.y + slack && y < box.bottom - slack;
  const points = (path) => {
    const length = path.getTotalLength();
    const count = Math.max(2, Math.ceil(length / 3));
    const matrix = path.getScreenCTM();
    return Array.from({ length: count + 1 }, (_, at) => {
      const { x, y } = path.getPointAtLength((length * at) / count).matrixTransform(matrix);
      return [x, y];
    });
  };
  const near = (point) => boxes.filter((box) => within(box, point, -16));
  const edges = [...svg.querySelectorAll(pathSelector)].map(points)
    .map((line) => ({ line, ends: new Set([...near(line[0]), ...near(line.at(-1))]) }));

  const through = [];
  const struck = [];
  for (const { line, ends } of edges)
    for (const box of boxes)
      if (!ends.has(box) && line.some((point) => within(box, point, 2))) through.push(box.name);
  for (const label of labels) {
    const passing = edges.filter(({ line }) => line.some((point) => within(label, point, 3)));
    if (passing.length > owners) struck.push(label.name);
  }
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.x, b.x) > 1.5
    && Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) > 1.5;
  const overlaps = [];
  const all = [...labels, ...boxes];
  all.forEach((a, at) => all.slice(at + 1).forEach((b) => {
    if (meet(a, b)) overlaps.push(`${a.name} / ${b.name}`);
  }));

  const side = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
  const cross = (a, b, c, d) => side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
  const span = (line) => [0, 1].map((axis) => {
    const values = line.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  });
  const spans = edges.map(({ line }) => span(line));
  const apart = (a, b) => [0, 1].some((axis) => a[axis][1] < b[axis][0] || b[axis][1] < a[axis][0]);
  let crossings = 0;
  for (let i = 0; i < edges.length; i += 1)
    for (let j = i + 1; j < edges.length; j += 1) {
      if (apart(spans[i], spans[j])) continue;
      const [one, other] = [edges[i].line, edges[j].line];
      const shared = boxes.filter((box) => edges[i].ends.has(box) && edges[j].ends.has(box));
      for (let a = 1; a < one.length; a += 1)
        for (let b = 1; b < other.length; b += 1)
          if (Math.abs(one[a][0] - other[b][0]) < 8 && Math.abs(one[a][1] - other[b][1]) < 8
            && cross(one[a - 1], one[a], other[b - 1], other[b])
            && !shared.some((box) => within(box, one[a], -24))) crossings += 1;
    }
  const written = [...svg.querySelectorAll("text, foreignObject span, foreignObject p")];
  const sizes = written.filter((node) => node.textContent.trim())
    .map((node) => parseFloat(getComputedStyle(node).fontSize));
  const pixel = shown.width / area.width;
  return { width: area.width, height: area.height, boxes: boxes.length, letters: Math.min(...sizes) / pixel,
    through, struck, overlaps, crossings };
}
"""


@dataclass(frozen=True)
class Geometry:
    """A picture as a browser draws it; sizes in pixels."""

    width: float
    height: float
    boxes: int
    letters: float  # the smallest text, before it is shrunk
    through: list[str]  # names of boxes that an edge runs through
    struck: list[str]  # labels that an edge of another label runs through
    overlaps: list[str]  # labels and boxes that lie on each other
    crossings: int  # of edges

    @property
    def scale(self) -> float:
        """How much the picture shrinks in the column of a README."""
        return min(COLUMN / self.width, TALLEST / self.height, 1.0)

    @property
    def faults(self) -> list[str]:
        """What must be in no picture."""
        return [
            *(f"an edge runs through {name}" for name in self.through),
            *(f"an edge strikes the label {name}" for name in self.struck),
            *(f"on each other: {names}" for names in self.overlaps),
        ]


def svg_geometry(page: Page, text: str) -> Geometry:
    """How ``page`` draws an SVG that stagegraph wrote."""
    page.set_content(f'<body style="margin:0"><div id="out">{text[text.index("<svg") :]}</div></body>')
    found: dict[str, Any] = page.evaluate(
        _MEASURE, ["g.node", "g.label, g.footer > g", "g.edge > path.line", 1]
    )
    return Geometry(**found)


def mermaid_geometry(drawer: Drawer, text: str, version: str = "11") -> Geometry:
    """How the real Mermaid draws a diagram."""
    drawer.draw(text, version)
    script = f"({_MEASURE})(['.node', '.edgeLabel', '.edgePaths path, path.flowchart-link', 1])"
    return Geometry(**drawer.state(script, version))
