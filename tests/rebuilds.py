"""Changes of small builds, and which steps BuildKit then ran again."""

from __future__ import annotations

import json
import lzma
import tarfile
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

import stagegraph as sg

from .conftest import ROOT

_META = ("change.json", "answer.json")


class Case(NamedTuple):
    """One change: the files before and after, the build arguments, and the steps of the second build."""

    kind: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    arguments_before: dict[str, str]
    arguments_after: dict[str, str]
    answer: list[dict[str, Any]]


@cache
def cases() -> dict[str, Case]:
    """Every case by its number."""
    folders: dict[str, dict[str, Any]] = {}
    data = lzma.decompress((ROOT / "tests/data/rebuilds.tar.xz").read_bytes())
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        for member in archive:
            number, _, path = member.name.removeprefix("./").partition("/")
            if member.issym():
                folders.setdefault(number, {})[path] = sg.LinkEntry(member.linkname)
            elif member.isfile() and (file := archive.extractfile(member)):
                folders.setdefault(number, {})[path] = sg.FileEntry(file.read(), member.mode & 0o777)
    return {number: _case(files) for number, files in sorted(folders.items())}


def _case(files: dict[str, Any]) -> Case:
    change = json.loads(files["change.json"].data)
    answer = json.loads(files["answer.json"].data)
    before = {path: entry for path, entry in files.items() if path not in _META}
    after = dict(before)
    for path in change.get("delete") or ():
        after = {own: entry for own, entry in after.items() if own != path and not own.startswith(f"{path}/")}
    for path, text in (change.get("write") or {}).items():
        mode = after[path].mode if path in after else 0o644
        after[path] = sg.FileEntry(text.encode(), mode)
    for path, mode in (change.get("mode") or {}).items():
        after[path] = after[path]._replace(mode=int(mode, 8))
    steps = answer["steps"] if isinstance(answer, dict) else answer
    return Case(
        kind=change["kind"],
        before=before,
        after=after,
        arguments_before=change.get("build_args_before") or {},
        arguments_after=change.get("build_args_after") or {},
        answer=steps,
    )
