"""Bake and compose projects against the answers of ``docker buildx bake --print``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stagegraph.bake.printing import printed
from stagegraph.bake.reading import read_bake
from stagegraph.errors import StagegraphError

from .bake_projects import ask, projects, unordered, write

_ALL = projects()
_GOOD = [project for project in _ALL if project["answer"]["ok"]]
_BAD = [project for project in _ALL if not project["answer"]["ok"]]


def _name(project: dict[str, Any]) -> str:
    return str(project["name"])


def test_there_are_many_projects_of_both_kinds() -> None:
    assert len(_GOOD) > 150
    assert len(_BAD) > 15


@pytest.mark.parametrize("project", _GOOD, ids=_name)
def test_prints_what_buildx_prints(project: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, project["files"])
    result = json.loads(json.dumps(printed(ask(project, tmp_path))))
    assert unordered(result) == unordered(project["answer"]["print"])


@pytest.mark.parametrize("project", _BAD, ids=_name)
def test_rejects_what_buildx_rejects_at_the_same_line(project: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, project["files"])
    with pytest.raises(StagegraphError) as caught:
        ask(project, tmp_path)
    answer = project["answer"]["error"]
    place = re.match(r"(?:ERROR: )?([\w./-]+):(\d+),", answer if isinstance(answer, str) else answer[0])
    if place:
        assert caught.value.source is not None
        assert (caught.value.source.name, caught.value.line) == (place[1], int(place[2]))


_WITH_TARGETS = [project for project in _GOOD if project["answer"]["print"]["target"]]


@pytest.mark.parametrize("project", _WITH_TARGETS, ids=_name)
def test_reads_its_own_output_as_it_is(project: dict[str, Any], tmp_path: Path) -> None:
    answer = project["answer"]["print"]
    again = read_bake(["-"], environment={}, directory=str(tmp_path), stdin=json.dumps(answer))
    assert json.loads(json.dumps(printed(again)))["target"] == answer["target"]


@pytest.mark.parametrize("project", _GOOD, ids=_name)
def test_each_target_has_the_file_and_line_that_name_it(project: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, project["files"])
    for target in ask(project, tmp_path).targets:
        text = project["files"][target.file].split("\n")
        assert target.line is not None
        line = text[target.line - 1]
        assert re.search(r'"|:$|: *\{', line), (target.name, line)
