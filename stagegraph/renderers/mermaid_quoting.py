"""Labels and titles that Mermaid shows as they are, whatever they hold."""

from __future__ import annotations

import json
import re

from stagegraph.printable import printable

# Each of these means something to Mermaid's grammar, to its Markdown, to its maths or to HTML.
_SPECIAL = frozenset('"#&<>`\\$%:')

# Mermaid reads maths, icons and line breaks after it has decoded a label: these need a gap in them.
_READ_LATE = re.compile(r"(?<=\$)(?=\$)|(?<=\\)(?=n)|(?<=fa:)(?=fa-)|(?<=fa[bklrs]:)(?=fa-)")
_GAP = "\u200b"


def label(text: str, *, bold: bool = False) -> str:
    """``text`` as a quoted label; lines of it stay lines, the first bold; nothing becomes a thin space."""
    first, *others = [_line(line) for line in text.split("\n")]
    lines = [f"<b>{first}</b>" if bold and first else first, *others]
    return '"' + ("<br/>".join(lines) if any(lines) else "#8203;") + '"'


def _line(text: str) -> str:
    shown = _READ_LATE.sub(_GAP, printable(text))
    parts = [f"#{ord(char)};" if char in _SPECIAL else char for char in shown]
    # a list or a number with a dot at the head of a label would be read as Markdown
    if shown[:1] in ("-", "+") or (shown[:1].isdigit() and ("." in shown or ")" in shown)):
        parts[0] = f"#{ord(shown[0])};"
    return "".join(parts)


def comment(text: str) -> str:
    """``text`` as a comment line of its own, which can open no directive."""
    return "%% " + printable(text).replace("{", "(").replace("}", ")").replace("%", " percent")


def front_matter(title: str, *, labelled: bool, framed: bool) -> str:
    """The configuration that makes new and old versions draw the same; the theme is left open.

    Labels are short already, and Mermaid's own 200 pixels would break most of them. The distances are
    smaller than its own, since GitHub shrinks a diagram to the width of the page.
    """
    lines = ["---"]
    if title:
        lines.append(f"title: {json.dumps(printable(title), ensure_ascii=False)}")
    lines += ["config:", "  layout: dagre", "  look: classic", "  flowchart:", "    wrappingWidth: 420"]
    lines += ["    nodeSpacing: 24", f"    rankSpacing: {24 if labelled else 40}", "    padding: 12"]
    if framed:
        lines += ["    subGraphTitleMargin:", "      top: 4", "      bottom: 18"]
    return "\n".join([*lines, "---"])
