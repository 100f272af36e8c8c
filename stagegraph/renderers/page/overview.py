"""What the panel of a page says before anything is chosen: the story of the report, with keys to click."""

from __future__ import annotations

from typing import Any

from stagegraph.model import Report
from stagegraph.renderers.story import story


def overview(report: Report) -> list[dict[str, Any]]:
    """The sections of the story: heading, sentences, and rows of what, detail and key."""
    return [
        {
            "heading": section.heading,
            "sentences": list(section.sentences),
            "rows": [[row.what, row.detail, row.key] for row in section.rows],
        }
        for section in story(report)
    ]
