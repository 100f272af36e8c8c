"""How long the page of a measured build takes to write, to open and to answer, in a real Chromium.

Run with ``python -m tests.bench.bench_page``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

import stagegraph as sg
from stagegraph import formats

from ..browser import started
from ..made_record import eight_platforms, made_record, many_stages

PAGES = {"317 steps on 8 platforms": eight_platforms(), "2,001 steps in 101 stages": many_stages(100, 19)}
# What a reader does, and until the next picture is on the screen.
DEEDS = {
    "choose a step": "document.querySelectorAll('.bar')[100].click()",
    "sort the table": "document.querySelectorAll('th button')[4].click()",
    "search": "Object.assign(search, {value: 'apk'}).dispatchEvent(new Event('input'))",
    "enlarge time": "document.getElementById('time-in').click()",
}
_DRAWN = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def page_of(source: sg.Source, options: sg.Options) -> tuple[bytes, float]:
    """A page and the seconds that writing it took, the layout included."""
    found = sg.measure(made_record(source, options))
    report = sg.analyse(sg.read(source, options))
    start = time.perf_counter()
    made = formats.render("timings", found, "html", report=report)
    return made, time.perf_counter() - start


def milliseconds(page: Page, deed: str) -> float:
    timed = f"const start = performance.now(); {deed}; {_DRAWN}; return performance.now() - start"
    return float(page.evaluate(f"async () => {{ {timed} }}"))


def main() -> None:
    with started() as browser, tempfile.TemporaryDirectory() as folder:
        for name, (source, options) in PAGES.items():
            made, seconds = page_of(source, options)
            file = Path(folder) / "page.html"
            file.write_bytes(made)
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(file.as_uri())
            page.evaluate(f"async () => {{ {_DRAWN} }}")
            opened = time.perf_counter() - start
            print(f"{name}: written in {seconds:.2f} s, {len(made) / 1e6:.1f} MB, drawn after {opened:.2f} s")
            for deed, script in DEEDS.items():
                print(f"  {deed}: {milliseconds(page, script):.0f} ms")


if __name__ == "__main__":
    main()
