"""SVG: the layout of Graphviz made readable by screen readers, by themes and by browsers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stagegraph.model import Report
from stagegraph.renderers.dot import dot_of, palette_of
from stagegraph.renderers.layout import laid_out
from stagegraph.renderers.legend import legend
from stagegraph.renderers.picture import picture
from stagegraph.renderers.quoting import checked_link_base, xml_text
from stagegraph.renderers.theme import DARK, Look, Palette
from stagegraph.renderers.view import Picture, View

_FONTS = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif"
_TITLE = re.compile(r"<title>(n\d+|n\d+&#45;&gt;n\d+|cluster\d+|build)</title>")
_EDGE_ID = re.compile(r'<g id="e(\d+)"')
_SIZE = re.compile(r'<svg width="(\d+(?:\.\d+)?)pt" height="(\d+(?:\.\d+)?)pt"\s+viewBox="([^"]*)"')


def svg(report: Report, view: View) -> str:
    """``report`` as one SVG that follows the reader's light or dark mode, unless a theme is pinned."""
    checked_link_base(view.link_base)
    return svg_of(picture(report, view), view)


def svg_of(drawn: Picture, view: View) -> str:
    """A picture as SVG."""
    palette = palette_of(view)
    raw = laid_out(dot_of(drawn, view, palette, tooltips=False), "svg", view.engine).decode()
    body = _named(raw[raw.index("<svg") :], drawn)
    body = _with_footer(body, drawn, view, palette)
    return _with_head(body, drawn, view)


def _named(body: str, drawn: Picture) -> str:
    """``body`` with what graphviz calls its parts replaced by what people may read there."""
    parts: list[str] = []
    arrow = 0
    for line in re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL).splitlines(keepends=True):
        found = _EDGE_ID.search(line)
        if found:
            arrow = int(found[1])
        parts.append(_TITLE.sub(lambda match: _title(match[1], arrow, drawn), line))  # noqa: B023
    return "".join(parts)


def _title(name: str, arrow: int, drawn: Picture) -> str:
    if name == "build":
        return ""
    if name.startswith("cluster"):
        text = drawn.groups[int(name[7:])].label
    elif "&" in name:
        text = drawn.arrows[arrow].tooltip
    else:
        text = drawn.boxes[int(name[1:])].tooltip
    return f"<title>{xml_text(text)}</title>" if text else ""


def _with_footer(body: str, drawn: Picture, view: View, palette: Palette) -> str:
    """``body`` made taller by the legend and the notes, where there are any."""
    notes = [f"{note[:1].upper()}{note[1:]}." for note in drawn.notes]
    match = _SIZE.search(body)
    if match is None:
        return body
    width, height = float(match[1]), float(match[2])
    left, top, inner_width, inner_height = (float(part) for part in match[3].split())
    lines, wanted, needed = legend(drawn, palette, notes, view.legend, max(inner_width, 320.0))
    wide = max(inner_width, wanted)
    size = f'viewBox="{left:g} {top:g} {wide:g} {inner_height + needed:g}"'
    scale_x, scale_y = width / inner_width, height / inner_height
    head = f'<svg width="{wide * scale_x:.0f}" height="{(inner_height + needed) * scale_y:.0f}" {size}'
    body = body[: match.start()] + head + body[match.end() :]
    footer = f'<g class="footer" transform="translate({left:g} {top + inner_height:g})">\n{lines}</g>\n'
    paper = (
        f'<rect class="paper" x="{left:g}" y="{top:g}" width="100%" height="100%" fill="{palette.paper}"/>\n'
    )
    start = body.index("<g id=")
    return body[:start] + paper + body[start:].replace("</svg>", (footer if lines else "") + "</svg>")


def _with_head(body: str, drawn: Picture, view: View) -> str:
    """``body`` with its title, its description and the style sheet."""
    end = body.index(">", body.index("<svg")) + 1
    opening = body[body.index("<svg") : end - 1].replace("\n", "")
    names = 'role="img" aria-labelledby="stagegraph-title stagegraph-desc"'
    head = (
        f"{opening} {names}>\n"
        f'<title id="stagegraph-title">{xml_text(drawn.title)}</title>\n'
        f'<desc id="stagegraph-desc">{xml_text(drawn.description)}</desc>\n'
        f"<style>{_css(view, drawn)}</style>\n"
    )
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + head + body[end:].lstrip("\n")


def _css(view: View, drawn: Picture) -> str:
    rules = [f"text{{font-family:{_FONTS}}}", "a{text-decoration:none}"]
    if view.theme == "auto":
        rules.append(
            "@media (prefers-color-scheme:dark){"
            + "".join(_dark_rules(DARK.changes if drawn.compares else DARK.looks))
            + "}"
        )
    return "\n".join(rules)


def _dark_rules(looks: Mapping[str, Look]) -> Sequence[str]:
    rules = [
        f".paper,.graph>polygon{{fill:{DARK.paper}}}",
        f"text{{fill:{DARK.text}}}",
        f".footer .faint{{fill:{DARK.faint}}}",
        f".frame>path{{fill:{DARK.frame}}}",
    ]
    for name, look in looks.items():
        box = f".node.{name}"
        rules.append(f"{box} :is(path,polygon,polyline,ellipse){{fill:{look.fill};stroke:{look.line}}}")
        rules.append(f"{box} polyline{{fill:none}}{box} text{{fill:{look.text}}}")
        rules.append(f".frame.{name}>path{{stroke:{look.line}}}")
        rules.append(f".edge.{name} path{{stroke:{look.line}}}")
        rules.append(f".edge.{name} polygon{{fill:{look.line};stroke:{look.line}}}")
        rules.append(f".swatch.{name}{{fill:{look.fill};stroke:{look.line}}}")
    rules.append(f".edge.unneeded text{{fill:{DARK.faint}}}")
    critical = DARK.critical
    rules.append(f".node.critical :is(path,polygon,polyline,ellipse){{stroke:{critical}}}")
    rules.append(
        f".edge.critical path{{stroke:{critical}}}.edge.critical polygon{{fill:{critical};stroke:{critical}}}"
    )
    return rules
