"""The output of ``stagegraph check`` in each format, for any input."""

from __future__ import annotations

import json
import lzma
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from stagegraph.check.check import CheckedFile, check
from stagegraph.check.many import Run
from stagegraph.check.rules import RULES
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.formats.check_github import render as github
from stagegraph.formats.check_json import render as check_json
from stagegraph.formats.check_sarif import render as sarif
from stagegraph.formats.check_text import render as check_text
from stagegraph.model import Severity
from stagegraph.source import Source, printable

from .conftest import ROOT
from .strategies import examples, mutated

_DATA = Path(__file__).parent / "data" / "sarif-2.1.0.schema.json.xz"
SCHEMA = json.loads(lzma.decompress(_DATA.read_bytes()))
BAD = "FROM a\nRUN x\n\nFROM node AS build\n\nFROM scratch\nCOPY --from=biuld /x /y\n"


def checked(text: str, name: str = "Dockerfile") -> CheckedFile:
    return check(Source(name=name, text=text))


def run(*files: CheckedFile, **values: Any) -> Run:
    return Run(files=files, **values)


def log_of(made: Run) -> dict[str, Any]:
    log = json.loads(sarif(made))
    jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
    found: dict[str, Any] = log["runs"][0]
    return found


def test_text_groups_findings_by_file_with_the_line_and_a_caret() -> None:
    assert check_text(run(checked(BAD), checked("FROM a\n", "good"))) == (
        "Dockerfile\n"
        "  1:6 warning: nothing can ever build `stage-0` [dead-stage]\n"
        "        1 | FROM a\n"
        "          |      ^\n"
        "      why: it has no name, and nothing reads it\n"
        "      fix: remove lines 1 to 2, or name it with AS to build it as a target\n"
        "\n"
        "  7:13 warning: there is no stage `biuld` (did you mean `build`?), "
        "so BuildKit pulls an image of that name [stage-typo]\n"
        "        7 | COPY --from=biuld /x /y\n"
        "          |             ^~~~~\n"
        "      why: Docker Hub has no official image of that name, and no named context replaces it\n"
        "      fix: write `build`, or the full name of the image\n"
        "\n"
        "2 files checked: 2 warnings\n"
    )


def test_text_without_findings() -> None:
    assert check_text(run(checked("FROM a\n"))) == "1 file checked: no findings\n"


def test_text_of_a_file_that_cannot_be_read() -> None:
    assert check_text(run(checked("FROM a\nNOPE\n"))) == (
        "Dockerfile\n"
        "  2:1 error: unknown instruction `NOPE`\n"
        "        2 | NOPE\n"
        "          | ^~~~\n"
        "      hint: check that this is a Dockerfile, "
        "and that the line above ends with \\ if this line continues it\n"
        "\n"
        "1 file checked: 1 error\n"
    )


def test_verbose_text_has_the_reach_of_every_stage_and_the_builds() -> None:
    build = FoundBuild(
        file="ci.yml", line=3, kind="workflow step", name="image", target="x", platforms=("linux/arm64",)
    )
    shown = check_text(run(checked("FROM a AS x\nFROM b\n"), builds=(build,)), verbose=True)
    assert "  x        idle        as target `x`  (line 1)\n  stage-1  needed\n" in shown
    assert "  ci.yml:3: workflow step image builds target x of Dockerfile on linux/arm64\n" in shown
    assert shown.endswith("1 file checked, 1 build found: no findings\n")


def test_builds_that_are_partly_understood_are_counted_or_listed() -> None:
    made = run(
        checked("FROM a\n"),
        builds=(FoundBuild(file="f", line=1, kind="command"),),
        not_understood=("f:1: x",),
    )
    assert "1 build found (1 partly understood; see --verbose)" in check_text(made)
    assert "note: f:1: x" in check_text(made, verbose=True)


def test_colour_is_only_where_it_is_asked_for() -> None:
    made = run(checked(BAD))
    assert "\x1b[33mwarning\x1b[0m" in check_text(made, colour=True)
    assert "\x1b" not in check_text(made)


def test_a_finding_of_many_files_is_shown_once() -> None:
    files = [checked("FROM a\n\nFROM b\n", f"f{number}") for number in range(9)]
    own = checked("FROM a\nRUN x\nFROM b\n", "own")
    shown = check_text(run(*files, own))
    assert shown == (
        "f0\n"
        "  1:6 warning: nothing can ever build `stage-0` [dead-stage]\n"
        "        1 | FROM a\n"
        "          |      ^\n"
        "      why: it has no name, and nothing reads it\n"
        "      fix: remove line 1, or name it with AS to build it as a target\n"
        "      also: f1:1, f2:1, f3:1, f4:1, f5:1 and 3 more (--format concise lists all)\n"
        "\n"
        "own\n"
        "  1:6 warning: nothing can ever build `stage-0` [dead-stage]\n"
        "        1 | FROM a\n"
        "          |      ^\n"
        "      why: it has no name, and nothing reads it\n"
        "      fix: remove lines 1 to 2, or name it with AS to build it as a target\n"
        "\n"
        "10 files checked: 10 warnings\n"
    )
    assert check_text(run(*files), verbose=True).count("[dead-stage]") == 9
    assert check_text(run(*files[:3])).count("[dead-stage]") == 3


def test_json_matches_its_schema() -> None:
    found = json.loads(check_json(run(checked(BAD), notes=("left out",))))
    schema = json.loads((ROOT / "docs" / "check.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    (file,) = found["files"]
    assert [one["code"] for one in file["findings"]] == ["dead-stage", "stage-typo"]
    assert [one["reach"] for one in file["stages"]] == ["dead", "idle", "needed"]
    assert found["counts"] == {"error": 0, "warning": 2} or found["counts"] == {"warning": 2}


def test_json_of_a_file_that_cannot_be_read() -> None:
    (file,) = json.loads(check_json(run(checked("FROM a\nNOPE\n"))))["files"]
    assert file["error"] == {"message": "unknown instruction `NOPE`", "line": 2}


def test_sarif_is_valid_and_has_the_position() -> None:
    found = log_of(run(checked(BAD, "app/Docker file#1")))
    result = found["results"][0]
    assert (result["ruleId"], result["level"]) == ("dead-stage", "warning")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "app/Docker%20file%231"
    assert place["region"] == {"startLine": 1, "startColumn": 6, "endLine": 1}
    assert found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "dead-stage"


def test_sarif_has_the_page_of_every_rule() -> None:
    rules = log_of(run())["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    assert all("```" in rule["help"]["markdown"] for rule in rules)
    assert all("```" not in rule["help"]["text"] for rule in rules)


def test_sarif_links_to_the_page_in_the_metadata_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    message = Message()
    message["Project-URL"] = "Findings, https://example.com/findings.md"
    monkeypatch.setattr(metadata, "metadata", lambda _: message)
    rules = log_of(run())["tool"]["driver"]["rules"]
    assert rules[0]["helpUri"] == "https://example.com/findings.md#dead-stage"


def test_sarif_of_a_file_that_cannot_be_read_is_a_notification() -> None:
    found = log_of(run(checked("FROM a\nNOPE\n"), notes=("x: left out",)))
    assert not found["invocations"][0]["executionSuccessful"]
    error, note = found["invocations"][0]["toolExecutionNotifications"]
    assert (error["level"], error["message"]["text"]) == ("error", "unknown instruction `NOPE`")
    assert (note["level"], note["message"]["text"]) == ("note", "x: left out")


def test_sarif_of_an_absolute_path() -> None:
    place = log_of(run(checked(BAD, "/a b/Dockerfile")))["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///a%20b/Dockerfile"


def test_annotations_for_github() -> None:
    first, second = github(run(checked(BAD))).splitlines()
    assert first == (
        "::warning file=Dockerfile,line=1,endLine=1,title=dead-stage::nothing can ever build `stage-0`"
        "%0Ait has no name, and nothing reads it"
        "%0Aremove lines 1 to 2, or name it with AS to build it as a target"
    )
    assert second.startswith("::warning file=Dockerfile,line=7,endLine=7,title=stage-typo::")


def test_annotations_escape_workflow_commands() -> None:
    text = github(run(checked("FROM a\nNOPE%\n", "a,b:c%\n::error::x"), notes=("100%\n::error::y",)))
    assert text.splitlines() == [
        "::error file=a%2Cb%3Ac%25 %3A%3Aerror%3A%3Ax,line=2,title=stagegraph::unknown instruction `NOPE%25`",
        "::notice title=stagegraph::100%25%0A::error::y",
    ]


@examples(0.5)
@given(mutated())
def test_no_input_breaks_a_format(data: bytes) -> None:
    made = run(checked(data.decode("utf-8", "replace")))
    log_of(made)
    json.loads(check_json(made))
    text = check_text(made, verbose=True)
    assert all(printable(line) == line for line in text.split("\n"))
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in github(made).splitlines())


def test_a_run_fails_from_the_given_severity_on() -> None:
    info, broken = run(checked("FROM a\nFROM b\nCOPY --from=0 /x /y\n")), run(checked("NOPE\n"))
    assert [info.fails(worst) for worst in (None, Severity.ERROR, Severity.WARNING, Severity.INFO)] == [
        False,
        False,
        False,
        True,
    ]
    assert broken.fails(None)
