"""Messages, help, docs and comments are plain English: these phrases were once everywhere and read badly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .commands_reference import commands_reference
from .conftest import ROOT

PHRASES = (
    # "X is no stage" for "X is not a stage"; "there is no stage" and "is no longer" are fine
    r"(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b|\w+er than\b)[\w`{$]",
    r"\bin the mean\b",
    r"\banew\b",
    r"\bmidst\b",
    r"\bfor want of\b",
    r"\bspeaks? of\b",
    r"\bsays of\b",
    r"\bnothing is said\b",
    r"\bcomes out (?:empty|blank)\b",
)
FILES = sorted(
    path
    for pattern in (
        "*.md",
        "*.yml",
        ".pre-commit-hooks.yaml",
        "docs/**/*.md",
        "docs/*.schema.json",
        "samples/**/*.md",
        "stagegraph/**/*.py",
        "stagegraph/**/*.md",
        "stagegraph/**/*.html",
        "stagegraph/**/*.js",
        "stagegraph/**/*.css",
    )
    for path in ROOT.glob(pattern)
)
_FORBIDDEN = re.compile("|".join(PHRASES), re.IGNORECASE)
# a line break, with what continues a string, a comment or a quote on the next line
_BREAK = re.compile(r"""["']?[ \t]*\n[ \t]*(?:#|//|\*|>|[rfb]{0,2}["'])?[ \t]*""")


def forbidden(text: str) -> list[str]:
    """The forbidden phrases of ``text``, each with the words around it."""
    joined = re.sub(r" +", " ", _BREAK.sub(" ", text))
    return [
        joined[max(0, match.start() - 30) : match.end() + 20].strip() for match in _FORBIDDEN.finditer(joined)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_is_plain_english(path: Path) -> None:
    assert forbidden(path.read_text("utf-8")) == []


def test_help_is_plain_english() -> None:
    assert forbidden(commands_reference()) == []


@pytest.mark.parametrize(
    "text",
    [
        "`x` is no stage",
        "these are no\n  stages",
        'f"{name} is "\n    f"no {kind}"',
        "# 3 in the\n# mean",
        "write it anew",
        "BuildKit speaks of it",
    ],
)
def test_a_phrase_is_found(text: str) -> None:
    assert forbidden(text)


@pytest.mark.parametrize(
    "text",
    ["there is no stage `x`", "there\nare no stages", "it is no longer built", "this is no larger than that"],
)
def test_good_english_is_not_found(text: str) -> None:
    assert not forbidden(text)
