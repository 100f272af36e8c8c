"""Every rule: the examples on its page, and cases that must not be reported."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from stagegraph.check.check import CheckedFile, check
from stagegraph.check.known_builds import KnownBuilds, known_builds_of
from stagegraph.check.rule import Problem
from stagegraph.check.rules import DEFAULT_CODES, OFF_BY_DEFAULT, RULES
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.dockerfile.logical import other_frontend
from stagegraph.model import Severity
from stagegraph.options import Options
from stagegraph.source import Source

from .conftest import ROOT

_BLOCK = re.compile(r"```(?:dockerfile|yaml)\n(.*?)```", re.DOTALL)
_DEFAULT_ONLY = KnownBuilds(questions=(Options(),), builds=("ci.yml:1",), targets_known=True)
_SERVICE = FoundBuild(file="compose.yaml", line=3, kind="compose service", name="a", target="test")
_BUILDS = {"idle-stage": _DEFAULT_ONLY, "unknown-target": KnownBuilds(named=(_SERVICE,))}
_OF_FILES = [code for code in RULES if not code.startswith("missing-")]  # these are about other files


def checked(text: str, known_builds: KnownBuilds | None = None, *enabled: str) -> CheckedFile:
    source = Source(name="Dockerfile", text=dedent(text))
    return check(source, known_builds or KnownBuilds(), DEFAULT_CODES.union(enabled))


def problems(text: str, known_builds: KnownBuilds | None = None, *enabled: str) -> list[Problem]:
    """The problems by line, then those of builds; none for a file with an error is a failure."""
    found = checked(text, known_builds, *enabled)
    assert not found.error
    return [*(one.problem for one in found.problems), *(problem for _, problem in found.failing_builds)]


def codes(text: str, known_builds: KnownBuilds | None = None, *enabled: str) -> list[str]:
    """The codes of the problems."""
    return [problem.code for problem in problems(text, known_builds, *enabled)]


def examples() -> dict[str, list[str]]:
    page = (ROOT / "docs" / "findings.md").read_text("utf-8")
    sections = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)[1:]
    return {name: _BLOCK.findall(body) for name, body in zip(sections[::2], sections[1::2], strict=True)}


def test_every_rule_has_a_page_with_two_examples() -> None:
    assert {name: len(blocks) for name, blocks in examples().items()} == dict.fromkeys(RULES, 2)


@pytest.mark.parametrize("code", _OF_FILES)
def test_the_bad_example_is_found_and_the_good_one_is_not(code: str) -> None:
    bad, good = examples()[code]
    known_builds = _BUILDS.get(code)
    assert codes(bad, known_builds, code) == [code]
    assert codes(good, known_builds, code) == []


@pytest.mark.parametrize("code", _OF_FILES)
def test_every_finding_says_why_and_what_to_do(code: str) -> None:
    for problem in problems(examples()[code][0], _BUILDS.get(code), code):
        assert problem.why
        assert problem.fix or code == "would-fail"
    for one in checked(examples()[code][0], _BUILDS.get(code), code).problems:
        assert "^" in one.excerpt


def test_a_comment_ignores_one_code_of_one_stage() -> None:
    text = "FROM a\n# stagegraph: ignore=dead-stage reason\nFROM b\nFROM c\n"
    assert [one.problem.span.line for one in checked(text).problems] == [1]


def test_a_comment_inside_the_stage_counts_too() -> None:
    assert codes("FROM a\n# stagegraph: ignore=dead-stage,idle-stage\nRUN x\nFROM c\n") == []


def test_a_comment_with_an_unknown_code_is_noted() -> None:
    found = checked("FROM a AS x\n# stagegraph: ignore=dead\nRUN x\n")
    assert found.notes == ("line 2: unknown rule `dead`, so nothing is ignored",)


def test_a_hash_in_a_heredoc_is_not_a_comment() -> None:
    assert codes("FROM a\nRUN <<EOF\n# stagegraph: ignore=dead-stage\nEOF\nFROM b\n") == ["dead-stage"]


def test_no_idle_stage_without_known_targets() -> None:
    assert codes("FROM a AS test\nFROM b\n") == []
    assert codes("FROM a AS test\nFROM b\n", _DEFAULT_ONLY) == ["idle-stage"]


def test_an_idle_stage_is_reported_with_the_stages_that_only_it_needs() -> None:
    found = checked("FROM a AS x\nFROM x AS y\nFROM y AS z\nFROM x AS w\nFROM b\n", _DEFAULT_ONLY)
    assert [one.problem.message for one in found.problems] == [
        "no known build needs `z` or `y`, which only `z` needs",
        "no known build needs `w`",
    ]
    assert found.problems[0].problem.fix.endswith("remove line 3 and line 2")


def test_the_last_stage_is_never_idle() -> None:
    known = KnownBuilds(questions=(Options(target="prod"),), builds=("x:1",), targets_known=True)
    assert codes("FROM a AS prod\nFROM b AS dev\n", known) == []


def test_a_stage_that_something_misspells_is_not_idle() -> None:
    assert codes("FROM a AS build\nFROM b\nCOPY --from=bulid /x /y\n", _DEFAULT_ONLY) == ["stage-typo"]


@pytest.mark.parametrize(
    ("stage", "word"),
    [
        ("nodes", "node"),  # an official image
        ("builder", "builder:latest"),  # an image by its tag
        ("builder", "ghcr.io/x/bulider"),
    ],
)
def test_names_that_are_not_typos(stage: str, word: str) -> None:
    assert codes(f"FROM a AS {stage}\nFROM {stage}\nCOPY --from={word} /x /y\n") == []


@pytest.mark.parametrize(
    ("stage", "word"),
    [
        ("build1", "build2"),  # another name, not a misspelled one
        ("dev", "div"),  # too short to tell
        ("golang", "golan-tools"),
        ("license-set", "set"),
    ],
)
@pytest.mark.parametrize("line", ["COPY --from={} /x /y", "RUN --mount=from={},target=/x y"])
def test_a_source_that_is_neither_a_stage_nor_an_official_image(line: str, stage: str, word: str) -> None:
    text = f"FROM a AS {stage}\nFROM {stage}\n{line.format(word)}\n"
    (one,) = checked(text).problems
    assert one.problem.code == "stage-typo"
    assert f"docker.io/library/{word}" in one.problem.message
    assert "did you mean" not in one.problem.message
    assert codes(text, KnownBuilds(passed=frozenset({word}))) == []


def test_a_base_of_one_word_may_be_a_local_image() -> None:
    assert codes("FROM license-set AS x\nFROM web AS y\nCOPY --from=x /x /y\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "FROM ros-base AS ros_base\nRUN x\nFROM ros_base AS dev\nFROM dev\n",
        "FROM web-app AS x\nRUN x\nFROM alpine AS web_app\nCOPY --from=x /a /b\n",
    ],
)
def test_from_does_not_misspell_a_stage_that_does_not_exist_yet(text: str) -> None:
    assert codes(text) == []


def test_from_may_misspell_an_earlier_stage() -> None:
    assert codes("FROM a AS web_app\nFROM web-app\n") == ["stage-typo"]


_WORDS_THAT_NO_VALUE_HELPS = ["${V:0:3}", "${V:=x}", "${V^^}", "${V,,}", "${!V}", "${V@Q}", "a${V", "${}"]


@pytest.mark.parametrize("word", _WORDS_THAT_NO_VALUE_HELPS)
@pytest.mark.parametrize(
    "line",
    [
        "ENV A={}",
        "ARG A={}",
        "LABEL a={}",
        "COPY {} /x",
        "COPY --chown={} a /x",
        "ADD {} /x",
        "WORKDIR /{}",
        "USER {}",
        "EXPOSE {}",
        "VOLUME {}",
        "STOPSIGNAL {}",
        "RUN --mount=type=cache,target={} x",
    ],
)
def test_a_word_that_no_value_can_help_fails_on_any_base(line: str, word: str) -> None:
    for head in ("FROM golang\n", "FROM golang\nARG V=abc\n", "FROM scratch\n", "FROM a AS x\nFROM x\n"):
        (one,) = checked(f"{head}{line.format(word)}\n").problems
        assert (one.problem.code, one.problem.severity) == ("would-fail", Severity.ERROR)


def test_a_default_before_the_first_from_that_no_value_can_help() -> None:
    text = "ARG V=${X^^}\nFROM alpine:$V\n"
    assert [one.problem.code for one in checked(text).problems] == ["would-fail"]
    assert codes(text, KnownBuilds(questions=(Options(build_args={"V": "1"}),))) == []
    assert codes(text, KnownBuilds(passed=frozenset("V"))) == []


def test_a_demand_fails_where_nothing_can_set_the_variable() -> None:
    assert codes("FROM scratch\nENV A=${V:?must}\n") == ["would-fail"]
    assert codes("FROM scratch AS x\nFROM x\nENV A=${V:?must}\n") == ["would-fail"]
    for text in ("FROM golang\n", "FROM scratch\nARG V\n", "FROM scratch AS x\nARG V\nFROM x\n"):
        assert codes(text + "ENV A=${V:?must}\n") == []
    assert codes("FROM scratch\nENV V=1\nENV A=${V:?must}\n") == []


@pytest.mark.parametrize("line", ["RUN echo ${V^^}", "CMD echo ${V^^}", "RUN <<EOF\necho ${V:0:3}\nEOF"])
def test_the_shell_expands_its_own_words(line: str) -> None:
    assert codes(f"FROM golang\n{line}\n") == []


_DEVICE = "FROM alpine\nRUN --device=vendor.com/gpu=all nvidia-smi\n"


@pytest.mark.parametrize(
    ("syntax", "found"),
    [
        ("", ["would-fail"]),
        ("# syntax=docker/dockerfile:1\n", ["would-fail"]),
        ("# escape=`\n", ["would-fail"]),
        ("# syntax=docker/dockerfile:1-labs\n", []),
        ("# escape=`\n#syntax = docker/dockerfile:1.14.0-labs\n", []),
        ("# syntax=docker/dockerfile-upstream:master-labs\n", []),
        ("\n# syntax=docker/dockerfile:1-labs\n", ["would-fail"]),  # too late
    ],
)
def test_devices_need_a_frontend_of_the_labs_channel(syntax: str, found: list[str]) -> None:
    assert codes(syntax + _DEVICE) == found


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("# syntax=docker/dockerfile:1", ""),
        ("# syntax=docker.io/docker/dockerfile-upstream:master", ""),
        ("# syntax=registry.example.com:5000/mirror/docker/dockerfile:1@sha256:abc", ""),
        ("# syntax=ghcr.io/example/docker-dockerfile", ""),
        ("# syntax = devthefuture/dockerfile-x", "devthefuture/dockerfile-x"),
        ("#syntax=edrevo/dockerfile-plus:0.1 --x", "edrevo/dockerfile-plus:0.1"),
        ("#!/usr/bin/env x\n# escape=`\n# SYNTAX=a/b@sha256:abc", "a/b@sha256:abc"),
        ("// syntax=a/b", "a/b"),
        ("# comment\n# syntax=a/b", ""),
        ("", ""),
    ],
)
def test_the_frontend_that_reads_a_file(line: str, name: str) -> None:
    assert other_frontend(f"{line}\nFROM a\n") == name


def test_a_build_may_choose_the_frontend() -> None:
    assert codes(_DEVICE, KnownBuilds(passed=frozenset({"BUILDKIT_SYNTAX"}))) == []
    asked = Options(build_args={"BUILDKIT_SYNTAX": "docker/dockerfile:1-labs"})
    assert codes(_DEVICE, KnownBuilds(questions=(asked,))) == []


def test_the_name_of_a_context_is_not_a_typo() -> None:
    known = KnownBuilds(questions=(Options(contexts={"bulider": "."}),), builds=("x:1",))
    assert codes("FROM a AS builder\nFROM builder\nCOPY --from=bulider /x /y\n", known) == []


def test_a_base_that_is_an_official_image_may_come_before_a_stage_of_its_name() -> None:
    assert codes("FROM node AS x\nFROM a AS node\nFROM x\nCOPY --from=node /x /y\n") == []


def test_an_argument_that_every_found_build_sets_is_not_unset() -> None:
    known = KnownBuilds(questions=(Options(build_args={"V": "1"}),), builds=("x:1",))
    assert codes("ARG V\nFROM a:$V\n", known) == []
    assert codes("ARG V\nFROM a:$V\n") == ["unset-argument"]


def test_arguments_that_are_not_understood_may_set_it() -> None:
    known = KnownBuilds(questions=(Options(),), builds=("x:1",), arguments_known=False)
    assert codes("ARG V\nFROM a:$V\n", known) == []


def test_an_unset_argument_that_does_no_harm_is_not_found() -> None:
    assert codes("ARG V\nFROM a${V:+-$V}\n") == []
    assert codes("ARG V\nFROM a:${V:-1}\n") == []


def test_an_argument_declared_only_inside_a_stage() -> None:
    found = checked("FROM a AS x\nARG V=1\nFROM b:$V\nCOPY --from=x /x /y\n").problems
    assert [one.problem.code for one in found] == ["unset-argument"]
    assert "declared inside a stage" in found[0].problem.why
    assert found[0].problem.severity is Severity.ERROR
    assert "move `ARG V=...` before the first FROM" in found[0].problem.fix


@pytest.mark.parametrize(
    "text",
    [
        "ARG B\nFROM ${B}\nRUN x\n",
        "ARG B\nFROM a\nFROM ${B} AS x\nCOPY --from=0 /x /y\n",
        "ARG B\nFROM ${B} AS x\nFROM x\n",
    ],
)
def test_an_empty_base_is_not_the_name_of_an_unnamed_stage(text: str) -> None:
    assert "unset-argument" in codes(text)


def test_an_argument_that_no_arg_declares_fails_whatever_is_passed() -> None:
    known = KnownBuilds(questions=(Options(build_args={"V": "1"}),), builds=("x:1",), passed=frozenset("V"))
    (one,) = checked("FROM b:$V\n", known).problems
    assert (one.problem.code, one.problem.severity) == ("unset-argument", Severity.ERROR)
    assert "no ARG declares it" in one.problem.why


def test_an_undeclared_argument_beside_a_declared_one() -> None:
    found = checked("ARG R\nFROM ${R}/${X}\n").problems
    assert [(one.problem.severity, "`X`" in one.problem.message) for one in found] == [
        (Severity.WARNING, False),
        (Severity.ERROR, True),
    ]
    harmless = checked("ARG R\nFROM ${R}${X}\n").problems
    assert [one.problem.severity for one in harmless] == [Severity.WARNING]


def test_an_argument_that_some_file_passes_is_not_unset() -> None:
    assert codes("ARG V\nFROM a:$V\n", KnownBuilds(passed=frozenset("V"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "FROM a AS builder\nRUN apt-get install gcc\nFROM builder AS dev\nCMD x\n",
        "FROM a AS builder\nRUN apt-get install gcc\nFROM builder\nRUN apt-get purge gcc\nCMD x\n",
        "FROM a AS builder\nRUN apt-get install gcc\nFROM builder\nCMD make test\n",
        "FROM a AS builder\nRUN apt-get install gcc\nFROM builder\n",
        "FROM a AS base\nRUN apt-get install gcc\nFROM base\nCMD x\n",
        "FROM a AS builder\nRUN apt-get install curl\nFROM builder\nCMD x\n",
        "FROM a AS builder\nRUN apk add --virtual .x gcc && make && apk del .x\nFROM builder\nCMD x\n",
    ],
)
def test_tools_that_may_ship(text: str) -> None:
    assert codes(text) == []


def test_an_instruction_with_a_variable_of_its_image_does_not_fail() -> None:
    assert codes("FROM golang\nRUN --mount=type=cache,target=$GOCACHE go build\n") == []


def test_a_build_of_an_unknown_target_is_noted() -> None:
    known = KnownBuilds(questions=(Options(target="nope"),), builds=("bake.hcl:3",))
    assert checked("FROM a AS x\n", known).notes == (
        "bake.hcl:3 builds target `nope`, but there is no such stage",
    )


def test_a_file_that_cannot_be_read_has_an_error_and_no_findings() -> None:
    found = checked("FROM a\nNOPE\n")
    assert found.error.startswith("Dockerfile:2:1: unknown instruction `NOPE`")
    assert (found.error_line, found.problems) == (2, ())


def test_fingerprints_stay_when_lines_move() -> None:
    text = "FROM a\nRUN x\nFROM b\nRUN x\nFROM c\nCOPY --from=0 /x /y\n"
    moved = "# one\n\n# two\n\n" + text
    assert [one.fingerprint for one in checked(text).problems] == [
        one.fingerprint for one in checked(moved).problems
    ]


def test_fingerprints_differ_for_equal_lines() -> None:
    found = checked("FROM a\nFROM a\nFROM b\n").problems
    assert len({one.fingerprint for one in found}) == 2


@pytest.mark.parametrize("base", ["golang", "golang AS x\nFROM x"])
def test_a_mount_relative_to_the_working_directory_of_an_image_may_be_valid(base: str) -> None:
    assert codes(f"FROM {base}\nRUN --mount=target=. go build\n") == []
    assert codes(f"FROM {base}\nRUN --mount=target=/ go build\n") == ["would-fail"]
    assert codes(f"FROM {base}\nWORKDIR /\nRUN --mount=target=. go build\n") == ["would-fail"]
    assert codes("FROM scratch\nRUN --mount=target=. go build\n") == ["would-fail"]


def test_one_number_is_one_finding_for_all_its_copies() -> None:
    found = checked("FROM a\nFROM b\nCOPY --from=0 /x /y\nCOPY --from=0 /z /z\n").problems
    assert [one.problem.message for one in found] == [
        "`--from=0` reads the stage in line 1 by its number (also in line 4)"
    ]


def test_idle_stages_that_cannot_be_judged_are_noted() -> None:
    known = KnownBuilds(questions=(Options(),), builds=("ci.yml:1",), doubts=("bake.hcl:3", "ci.yml:9"))
    (note,) = checked("FROM a AS x\nFROM b\n", known).notes
    assert note == (
        "`x` is not reported as idle: bake.hcl:3 and 1 more have an unknown target, which could be `x`"
    )


def test_the_platform_local_is_ignored() -> None:
    use = FoundBuild(file="bake.hcl", line=1, kind="bake target", platforms=("local", "linux/arm64"))
    known = known_builds_of("Dockerfile", [use], Options())
    assert [question.platforms for question in known.questions] == [("linux/arm64",)]


@pytest.mark.parametrize("word", ["target", "target, to look into it", "TARGET: by hand"])
def test_a_comment_marks_a_stage_as_a_target(word: str) -> None:
    assert codes(f"# stagegraph: {word}\nFROM a AS x\nFROM b\n", _DEFAULT_ONLY) == []


@pytest.mark.parametrize("word", ["tagret", "targets", "ignore", "nonsense=1"])
def test_an_unknown_comment_is_noted(word: str) -> None:
    found = checked(f"FROM a AS x\n# stagegraph: {word} reason\nRUN x\n")
    assert found.notes == (f"line 2: unknown comment `stagegraph: {word}`; use `target` or `ignore=CODE`",)


_IDLE_PAIR = "FROM a AS y\nFROM b AS x\nCOPY --from=y /f /g\nFROM c\n"
_DEAD_PAIR = "FROM a\nFROM b AS x\nCOPY --from=0 /f /g\nFROM c AS x\nFROM d\n"


@pytest.mark.parametrize(
    ("contexts", "messages"),
    [
        ({}, ["no known build needs `x` or `y`, which only `x` needs"]),
        ({"x": "./x"}, ["no known build needs `y`", "no known build needs `x`"]),
    ],
)
def test_an_idle_stage_that_a_context_replaces_needs_nothing(
    contexts: dict[str, str], messages: list[str]
) -> None:
    known = KnownBuilds(questions=(Options(contexts=contexts),), builds=("bake.hcl:3",), targets_known=True)
    assert [one.problem.message for one in checked(_IDLE_PAIR, known).problems] == messages


@pytest.mark.parametrize(
    ("contexts", "reach"), [({}, ["unknown", "unknown"]), ({"x": "."}, ["dead", "unknown"])]
)
def test_a_numbered_target_that_a_context_replaces_needs_nothing(
    contexts: dict[str, str], reach: list[str]
) -> None:
    known = KnownBuilds(questions=(Options(target="1", contexts=contexts),), builds=("bake.hcl:3",))
    assert [stage.reach for stage in checked(_DEAD_PAIR, known).stages][:2] == reach


@pytest.mark.parametrize("code", sorted(OFF_BY_DEFAULT))
def test_rules_about_time_are_off_by_default(code: str) -> None:
    assert code not in codes(examples()[code][0])


@pytest.mark.parametrize(
    "command",
    [
        "npm --prefix web ci",
        "cd web && npm ci",
        "npm ci --prefix ./web/",
        "yarn --cwd web install --frozen-lockfile",
        "yarn workspaces focus @app/api --production",
        "pip install --no-cache-dir -r requirements.txt",
        "pip3 --no-cache-dir install -r requirements.txt",
        "mvn -B dependency:go-offline",
        "gradle --no-daemon dependencies",
        "composer --no-interaction install --no-scripts --no-autoloader",
    ],
)
def test_an_install_with_flags_or_in_a_folder_is_recognised(command: str) -> None:
    assert codes(f"FROM a\nCOPY . .\nRUN {command}\n", None, "cache-order") == ["cache-order"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM node\nCOPY . .\nRUN mvn -B package\n",
        "FROM node\nCOPY . .\nRUN gradle --no-daemon build\n",
        "FROM node\nCOPY . .\nRUN cd web && npm ci && npm run build\n",
        "FROM node\nCOPY . .\nRUN cd .. && npm ci\n",
        "FROM node\nCOPY . .\nRUN cd /web && npm ci\n",
        "FROM node\nCOPY . .\nRUN npm --prefix /web ci\n",
        "FROM node\nCOPY . .\nRUN npm ci && npm run build\n",
        "FROM node\nCOPY . .\nRUN npm run setup\nRUN npm ci\n",
        "FROM node\nCOPY src .\nRUN npm ci\n",
        "FROM node\nCOPY --exclude=src . .\nRUN npm ci\n",
        "FROM node\nCOPY . .\nRUN <<EOF\nnpm ci\nEOF\n",
        'FROM node\nCOPY . .\nRUN ["npm", "ci"]\n',
        "FROM node\nCOPY . .\nRUN pip install .\n",
        "FROM node\nCOPY . .\nRUN pip install -r a.txt .\n",
        "FROM node\nCOPY . .\nRUN yarn build\n",
        "FROM node AS a\nCOPY . .\nRUN npm ci\nFROM node\n",
    ],
)
def test_what_may_need_the_sources_is_not_in_the_wrong_order(text: str) -> None:
    assert "cache-order" not in codes(text, None, "cache-order")


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nARG VERSION\nRUN apt-get install -y curl\n",
        "FROM a\nARG GIT_COMMIT\nRUN make\n",
        "FROM a\nARG GIT_COMMIT\nRUN apt-get install -y curl=$GIT_COMMIT\n",
        "FROM a\nENV GIT_COMMIT=1\nRUN apt-get install -y curl\n",
        "FROM a\nRUN apt-get install -y curl\nARG GIT_COMMIT\nRUN make\n",
        "ARG GIT_COMMIT\nFROM a\nRUN apt-get install -y curl\n",
        "FROM a\nARG GIT_COMMIT=1f2e3d4c5b\nRUN apt-get install -y git\nRUN git checkout $GIT_COMMIT\n",
    ],
)
def test_an_argument_that_may_be_needed_is_not_too_early(text: str) -> None:
    assert codes(text, None, "argument-too-early") == []


@pytest.mark.parametrize(
    ("command", "reported"),
    [
        ("go build -o /app .", True),
        ("CGO_ENABLED=0 go build ./...", True),
        ("cd web && npm run build", True),
        ("./gradlew --no-daemon bootJar", True),
        ("mvn -B -q package", True),
        ("chown -R app /app", False),
        ("python manage.py collectstatic", False),
        ("npm run build-info", False),
        ("echo make", False),
        ("useradd app", False),
        ("make clean", False),
        ("make test && rm -r tests", False),
        ("make clean && make", True),
        ("make cleanup-and-build", True),
    ],
)
def test_a_context_that_is_compiled_in_the_image_is_reported(command: str, reported: bool) -> None:
    text = f"FROM a\nCOPY . .\nRUN {command}\n"
    assert codes(text, None, "context-in-layer") == ["context-in-layer"] * reported


def test_files_that_are_only_shipped_are_not_in_the_wrong_layer() -> None:
    text = "FROM python\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
    assert codes(text, None, "context-in-layer") == []
    assert (
        codes("FROM a AS b\nCOPY . .\nRUN make\nFROM c\nCOPY --from=b /x /\n", None, "context-in-layer") == []
    )
    assert codes("FROM a AS b\nCOPY . .\nRUN make\nFROM b\n", None, "context-in-layer") == [
        "context-in-layer"
    ]


def test_a_working_directory_that_is_the_destination_keeps_the_order_wrong() -> None:
    assert codes("FROM a\nCOPY . /app\nWORKDIR /app/\nRUN npm ci\n", None, "cache-order") == ["cache-order"]
    assert codes("FROM a\nCOPY . /app\nWORKDIR /web\nRUN npm ci\n", None, "cache-order") == []


@pytest.mark.parametrize("default", ["", "=dev", "=0000000", "=$X"])
def test_an_argument_that_only_a_label_uses_is_too_early(default: str) -> None:
    text = f"FROM a\nARG VCS_REF{default}\nLABEL ref=$VCS_REF\nRUN apk add curl\n"
    (problem,) = problems(text, None, "argument-too-early")
    assert problem.fix == "move `VCS_REF` and the LABEL of line 3 below line 4"
