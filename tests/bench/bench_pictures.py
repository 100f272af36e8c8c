"""Whether pictures can be read in a README: scale, letters, crossings, edges through boxes, overlaps.

    python -m tests.bench.bench_pictures [PART OF A NAME]

It draws the shapes of ``tests/shapes.py`` and the samples as SVG and as Mermaid, which the real Mermaid lays
out, and measures both in Chromium.
"""

from __future__ import annotations

import sys

import stagegraph as sg
from tests.browser import started
from tests.geometry import Geometry, mermaid_geometry, svg_geometry
from tests.mermaid_parser import Drawer
from tests.shapes import SHAPES, samples


def row(name: str, kind: str, drawn: Geometry) -> str:
    """One line of the table."""
    return (
        f"{name:30} {kind:8} {drawn.width:6.0f} × {drawn.height:<6.0f} {drawn.scale:5.2f} {drawn.boxes:5}"
        f" {drawn.letters * drawn.scale:6.1f} px {drawn.crossings:9} {len(drawn.through):7}"
        f" {len(drawn.struck):6} {len(drawn.overlaps):8}"
    )


def main(part: str) -> None:
    """Print one line for each shape and format."""
    print(f"{'shape':30} format     width × height scale boxes   letters crossings through struck overlaps")
    with started() as browser:
        page, drawer = browser.new_page(), Drawer(browser)
        for name, text in (SHAPES | samples()).items():
            if part in name:
                report = sg.analyse(sg.read(sg.Source(name="Dockerfile", text=text)))
                print(row(name, "svg", svg_geometry(page, sg.render(report, "svg").decode())))
                diagram = sg.render(report, "mermaid").decode()
                print(row(name, "mermaid", mermaid_geometry(drawer, diagram)), flush=True)


if __name__ == "__main__":
    main("".join(sys.argv[1:2]))
