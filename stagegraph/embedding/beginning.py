"""A first block in a page that has none."""

from __future__ import annotations

import os
from pathlib import Path

from stagegraph.embedding.blocks import END_MARKER
from stagegraph.embedding.commonmark import heading_end
from stagegraph.embedding.document import Document, document_from_bytes, end_of
from stagegraph.embedding.places import project_of
from stagegraph.errors import InputError
from stagegraph.reading import NAMES

HEADING = "Build graph"


def with_block(path: Path, document: Document, words: str, heading: str = HEADING) -> Document:
    """``document`` with an empty block that asks for ``words`` under ``heading``, which may be new."""
    newline = next((end for line in document.lines if (end := end_of(line))), "\n")
    block = ["", f"<!-- stagegraph: {words} -->", END_MARKER]
    place = heading_end(document.source.text, heading)
    lines = list(document.lines)
    if place is None:
        place, block = len(lines), [*([""] if lines else []), f"## {heading}", *block]
        if lines and not end_of(lines[-1]):
            lines[-1] += newline
    elif lines[place - 1 :] and not end_of(lines[place - 1]):
        lines[place - 1] += newline
    elif "".join(lines[place : place + 1]).strip():
        block.append("")
    lines[place:place] = [line + newline for line in block]
    return document_from_bytes(document.encoded(lines), str(path))


def dockerfile_for(path: Path) -> str:
    """The nearest Dockerfile at or above the folder of ``path``, relative to it, within the project."""
    folder, project = path.resolve().parent, project_of(path)
    for parent in (folder, *folder.parents):
        for name in NAMES:
            if (parent / name).is_file():
                return Path(os.path.relpath(parent / name, folder)).as_posix()
        if parent == project:
            break
    raise InputError(
        f"there is no Dockerfile beside {path} or above it", hint="name it with --dockerfile PATH"
    )
