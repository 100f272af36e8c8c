"""What comes before the nodes of a Mermaid diagram, as each dialect takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from stagegraph.formats.mermaid_size import NODE_SPACING, PADDING
from stagegraph.picture.view import View
from stagegraph.source import printable


def fence(dialect: str) -> tuple[str, str]:
    """The lines before and after a diagram in a document that is read in ``dialect``."""
    if dialect == "azure":
        return "::: mermaid", ":::"
    return "```{mermaid}" if dialect == "sphinx" else "```mermaid", "```"


def head_lines(direction: str, spacing: int, view: View) -> Iterator[str]:
    """What comes before the nodes: configuration, direction and title, as the dialect takes them.

    Azure DevOps reads neither front matter nor ``flowchart``, sphinxcontrib-mermaid no front matter.
    """
    configuration = _configuration(direction, spacing)
    if view.dialect == "github":
        yield _front_matter(view.title, configuration)
    elif view.dialect == "sphinx":
        yield f"%%{{init: {json.dumps(configuration)}}}%%"
    yield f"{'graph' if view.dialect == 'azure' else 'flowchart'} {direction}"
    if view.title and view.dialect in ("sphinx", "plain"):
        yield f"  accTitle: {plain(view.title)}"


def plain(text: str) -> str:
    """``text`` without what Mermaid reads outside of labels."""
    text = printable(text).replace("{", "(").replace("}", ")").replace("%", " percent")
    return text.replace(";", ",").replace("#", "no. ")


def _configuration(direction: str, spacing: int) -> dict[str, object]:
    """The configuration with which new and old versions draw the same, without a theme.

    Labels are short, and Mermaid's default of 200 pixels would break most of them. Nor has a
    box to be as wide as Mermaid 12 would make it. The distances (``spacing`` between ranks) are
    smaller than its defaults, because GitHub shrinks a diagram to the width of the page.
    """
    return {
        "layout": "dagre",
        "look": "classic",
        "flowchart": {
            "curve": "bumpX" if direction in ("LR", "RL") else "bumpY",
            "wrappingWidth": 700,
            "minNodeWidth": 0,
            "nodeSpacing": NODE_SPACING,
            "rankSpacing": spacing,
            "padding": PADDING,
        },
    }


def _front_matter(title: str, configuration: Mapping[str, object]) -> str:
    lines = ["---"]
    if title:
        lines.append(f"title: {json.dumps(printable(title), ensure_ascii=False)}")
    lines += ["config:", *_yaml(configuration, "  ")]
    return "\n".join([*lines, "---"])


def _yaml(values: Mapping[str, object], indent: str) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _yaml(value, indent + "  ")
        else:
            yield f"{indent}{name}: {value}"
