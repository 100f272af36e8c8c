"""The table of page languages: what a page is written in, by the suffix of its name."""

from __future__ import annotations

from pathlib import Path

from stagegraph.embedding.asciidoc import ASCIIDOC
from stagegraph.embedding.markdown import MARKDOWN
from stagegraph.embedding.mdx import MDX
from stagegraph.embedding.page import PageLanguage
from stagegraph.embedding.restructuredtext import RESTRUCTUREDTEXT

LANGUAGES = (MARKDOWN, MDX, RESTRUCTUREDTEXT, ASCIIDOC)
SUFFIXES = tuple(suffix for language in LANGUAGES for suffix in language.suffixes)


def language_of(path: Path | str) -> PageLanguage:
    """The language of the page at ``path``; Markdown for a suffix that is not in the table."""
    suffix = Path(path).suffix.lower()
    return next((language for language in LANGUAGES if suffix in language.suffixes), MARKDOWN)
