"""Small bake and compose projects with the answers of ``docker buildx bake --print``, kept compressed."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from stagegraph.bake.model import Bake
from stagegraph.bake.reading import read_bake

_DATA = Path(__file__).parent / "data" / "bake.jsonl.xz"
HOME = {"HOME": "/root"}


@cache
def projects() -> tuple[dict[str, Any], ...]:
    """Every project: its name, files, question and answer."""
    with lzma.open(_DATA, "rt", encoding="utf-8") as file:
        return tuple(json.loads(line) for line in file)


def write(directory: Path, files: Mapping[str, str]) -> None:
    """Writes ``files`` below ``directory``."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def ask(project: Mapping[str, Any], directory: Path) -> Bake:
    """What stagegraph makes of the question of a project whose files are in ``directory``."""
    question = project["ask"]
    environment = {**HOME, **question["env"]}
    return read_bake(
        question["files"] or (),
        question["targets"],
        question["set"],
        environment,
        str(directory),
        check_files=True,
    )


def unordered(text: Any) -> Any:
    """An answer whose groups have no order: that of a matrix with two axes is not stable."""
    if isinstance(text, dict):
        return {key: sorted(one) if key == "targets" and one else unordered(one) for key, one in text.items()}
    return text
