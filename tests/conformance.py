"""BuildKit's own answers, kept compressed in the project."""

from __future__ import annotations

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.graph.build import Build, build_of
from stagegraph.options import Options

_DATA = Path(__file__).parent / "data" / "conformance.jsonl.xz"
Question = dict[str, Any]


@cache
def _load() -> tuple[dict[str, str], list[Question]]:
    with lzma.open(_DATA, "rt", encoding="utf-8") as file:
        return json.loads(next(file)), [json.loads(line) for line in file]


def questions() -> list[Question]:
    """Every question, with BuildKit's answer."""
    return _load()[1]


def text_of(question: Question) -> bytes:
    """The Dockerfile that a question is about."""
    return _load()[0][question["file"]].encode("latin-1")


def build_for(question: Question) -> Build:
    """What stagegraph makes of a question."""
    options = Options(
        target=question["target"], build_args=question["build_args"], platforms=(question["platform"],)
    )
    return build_of(source_from_bytes(text_of(question), question["file"]), options)
