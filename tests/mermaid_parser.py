"""The real Mermaid: parsing in Node, drawing in Chromium."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

from .tools import MERMAID, node_with_mermaid, run_chromium

VERSIONS = ("11", "12")
_PAGE = """<!doctype html><meta charset="utf-8"><title>waiting</title><body style="background:{paper}">
<pre id="text" hidden>{text}</pre><div id="out"></div>
<script src="{script}"></script>
<script>
  mermaid.initialize({{startOnLoad: false, securityLevel: "strict", theme: "{theme}"}});
  mermaid.render("drawn", document.getElementById("text").textContent)
    .then(({{svg}}) => {{ document.getElementById("out").innerHTML = svg; document.title = "drawn"; }})
    .catch((error) => {{ document.title = "failed " + error; }});
</script></body>"""


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


def page(text: str, version: str, theme: str, folder: Path) -> str:
    """The address of a page that draws ``text``."""
    node_with_mermaid()
    script = (MERMAID / "node_modules" / f"mermaid-{version}" / "dist" / "mermaid.min.js").as_uri()
    paper = "#0d1117" if theme == "dark" else "#ffffff"
    file = folder / f"{version}-{theme}.html"
    file.write_text(_PAGE.format(text=html.escape(text), script=script, theme=theme, paper=paper), "utf-8")
    return file.as_uri()


def drawn(text: str, version: str, theme: str, folder: Path) -> str:
    """The SVG that Mermaid draws in Chromium; AssertionError when it fails."""
    document = run_chromium("--dump-dom", page(text, version, theme, folder))
    title = re.search(r"<title>(.*?)</title>", document, re.DOTALL)
    assert title, "the page has no title"
    assert title[1] == "drawn", html.unescape(title[1])
    return document[document.index("<svg") : document.rindex("</svg>") + 6]
