"""Where the builds of a repository are found, and what is reported as not understood."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

import stagegraph as sg
from stagegraph.bake.yaml_values import Table, read_yaml
from stagegraph.check.known_builds import known_builds_of
from stagegraph.discovery.bake import bake_builds
from stagegraph.discovery.commands import build_command, simple_commands
from stagegraph.discovery.compose import compose_builds
from stagegraph.discovery.discover import discover
from stagegraph.discovery.found_build import Discovery, FoundBuild
from stagegraph.discovery.repository import FileTree, Repository, ignore_spec
from stagegraph.discovery.workflows import workflow_builds
from stagegraph.errors import BakeError
from stagegraph.options import Options

from .strategies import examples
from .tools import somebody_else

_DOCKERFILES = ("Dockerfile", "app/Dockerfile", "web/Containerfile", "docker/x.Dockerfile")


def found(tmp_path: Path, **files: str) -> Discovery:
    """The discovery in a repository with Dockerfiles and ``files``, whose names have __ for /."""
    for name in _DOCKERFILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("FROM a\n")
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_hcl", ".hcl").replace("_y", ".y")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return discover(tmp_path)


def short(build: FoundBuild) -> tuple[int, str | None, str | None, dict[str, str]]:
    return build.line, build.dockerfile, build.target, dict(build.build_args)


def test_bake_hcl_with_variables_inherits_and_matrix(tmp_path: Path) -> None:
    text = """\
    variable "GO" { default = "1.23" }
    group "default" { targets = ["app"] }
    target "_common" {
      args = { GO = GO, KIND = "x-${GO}" }
    }
    target "app" {
      name = "app-${tgt}"
      inherits = ["_common"]
      matrix = { tgt = ["prod", "test"] }
      context = "app"
      target = tgt
      platforms = ["linux/amd64", "linux/arm64"]
      contexts = { base = "target:_common" }
    }
    """
    found_in = found(tmp_path, **{"docker-bake_hcl": text})
    mine = [build for build in found_in.builds if build.name == "app"]
    args = {"GO": "1.23", "KIND": "x-1.23"}
    assert [short(build) for build in mine] == [
        (6, "app/Dockerfile", "prod", args),
        (6, "app/Dockerfile", "test", args),
    ]
    assert mine[0].platforms == ("linux/amd64", "linux/arm64")
    assert mine[0].contexts == ("base",)
    assert mine[0].unknown == frozenset()


def test_the_line_of_a_bake_target_is_not_that_of_a_comment_or_a_group(tmp_path: Path) -> None:
    hcl = """\
    # target "app" {
    group "app" { targets = ["app"] }
    /*
    target "app" {} */
    target "app" { target = "prod" }
    """
    as_json = """\
    {
      "group": {"app": {"targets": ["app"]}},
      "//": "\\"target\\": {\\"app\\": {}}",
      "target": {
        "app": {"target": "prod"}
      }
    }
    """
    discovered = found(tmp_path, **{"a-bake_hcl": hcl, "b-bake.json": as_json})
    assert [(one.where, one.target) for one in discovered.builds] == [
        ("a-bake.hcl:5", "prod"),
        ("b-bake.json:5", "prod"),
    ]


def test_a_bake_file_whose_only_variable_is_an_attribute(tmp_path: Path) -> None:
    (build,) = found(tmp_path, **{"docker-bake_hcl": 'x = "app"\ntarget "a" {\n  context = x\n}\n'}).builds
    assert build.dockerfile == "app/Dockerfile"


def test_a_bake_target_from_a_variable_can_be_another(tmp_path: Path) -> None:
    text = 'variable "T" { default = "prod" }\ntarget "a" {\n  target = T\n}\n'
    (build,) = found(tmp_path, **{"docker-bake_hcl": text}).builds
    assert (build.target, set(build.unknown)) == ("prod", {"target"})


def test_a_bake_expression_is_not_understood_and_said(tmp_path: Path) -> None:
    text = 'target "a" {\n  target = timestamp()\n}\n'
    discovered = found(tmp_path, **{"docker-bake_hcl": text})
    assert (discovered.builds[0].target, set(discovered.builds[0].unknown)) == (None, {"target"})
    assert [str(note) for note in discovered.notes] == [
        "docker-bake.hcl:1: bake target a: target not understood"
    ]


def test_what_bake_print_prints_is_read_exactly(tmp_path: Path) -> None:
    printed = {
        "group": {"default": {"targets": ["app"]}},
        "target": {
            "app": {
                "context": "app",
                "dockerfile": "Dockerfile",
                "target": "release",
                "args": {"V": "$1.0"},
                "platforms": ["linux/arm64"],
            },
            "remote": {"context": "https://example.com/x.git", "dockerfile": "Dockerfile"},
        },
    }
    (build,) = found(tmp_path, **{"docker-bake.json": json.dumps(printed, indent=2)}).builds
    assert short(build) == (10, "app/Dockerfile", "release", {"V": "$1.0"})
    assert build.platforms == ("linux/arm64",)


def test_compose_services(tmp_path: Path) -> None:
    text = """\
    x-build: &common
      context: app
      args: [A=1, "B=2"]
    services:
      one:
        build: app
      two:
        build:
          <<: *common
          target: dev
          additional_contexts: {base: ../x}
      three:
        image: nothing
      four:
        build:
          context: .
          dockerfile: docker/x.Dockerfile
          target: ${T:-prod}
    """
    builds = found(tmp_path, compose_yaml=text).builds
    assert [short(build) for build in builds] == [
        (6, "app/Dockerfile", "", {}),
        (9, "app/Dockerfile", "dev", {"A": "1", "B": "2"}),
        (16, "docker/x.Dockerfile", "prod", {}),
    ]
    assert builds[1].contexts == ("base",)
    assert [build.unknown for build in builds] == [set(), set(), {"target"}]


def test_workflow_steps_with_a_matrix(tmp_path: Path) -> None:
    text = """\
    env: {GO: "1.23"}
    jobs:
      build:
        strategy:
          matrix:
            target: [lint, test]
            include:
              - target: prod
                file: docker/x.Dockerfile
        steps:
          - uses: docker/build-push-action@v6
            with:
              context: "{{defaultContext}}:app"
              target: ${{ matrix.target }}
              build-args: |
                GO=${{ env.GO }}
                S=${{ secrets.S }}
              platforms: linux/amd64,linux/arm64
          - uses: docker/build-push-action@v6
            with: {context: web, target: "${{ inputs.t }}"}
    """
    discovered = found(tmp_path, **{".github__workflows__ci_yml": text})
    args = {"GO": "1.23"}
    assert [short(build) for build in discovered.builds if build.line == 11] == [
        (11, "app/Dockerfile", "lint", args),
        (11, "app/Dockerfile", "test", args),
        (11, "app/Dockerfile", "prod", args),
    ]
    assert discovered.builds[0].unknown == {"build arguments"}
    (other,) = {build for build in discovered.builds if build.line == 19}
    assert (other.dockerfile, other.target) == ("web/Containerfile", None)
    assert [str(note) for note in discovered.notes] == [
        ".github/workflows/ci.yml:11: step: build arguments not understood",
        ".github/workflows/ci.yml:19: step: target not understood",
    ]


def test_bake_action_overrides_a_target(tmp_path: Path) -> None:
    text = """\
    jobs:
      build:
        steps:
          - uses: docker/bake-action@v5
            with:
              set: |
                app.target=debug
                *.platform=linux/amd64
    """
    (build,) = found(tmp_path, **{".github__workflows__ci_yml": text}).builds
    assert (build.dockerfile, build.target) == (None, "debug")


def test_the_scripts_of_steps(tmp_path: Path) -> None:
    text = """\
    jobs:
      build:
        steps:
          - run: |
              set -e
              docker build \\
                --target=prod \\
                ./app
          - working-directory: app
            run: podman build -t x .
    """
    builds = found(tmp_path, **{".github__workflows__ci_yml": text}).builds
    assert [short(build) for build in builds] == [
        (6, "app/Dockerfile", "prod", {}),
        (10, "app/Dockerfile", "", {}),
    ]


def test_makefiles_and_their_variables(tmp_path: Path) -> None:
    text = """\
    TARGET ?= dev
    FILE := docker/x.Dockerfile
    IMAGE = $(shell git describe)
    build:
    \t@docker buildx build -t $(IMAGE) -f $(FILE) --target $(TARGET) .
    all:
    \t-$(DOCKER) build --build-arg V=$(V) -t x app && echo done
    """
    builds = found(tmp_path, Makefile=text).builds
    assert [short(build) for build in builds] == [
        (5, "docker/x.Dockerfile", "dev", {}),
        (7, "app/Dockerfile", "", {}),
    ]
    assert [build.unknown for build in builds] == [{"target"}, {"build arguments"}]


def test_shell_scripts_loops_and_directories(tmp_path: Path) -> None:
    text = """\
    #!/bin/bash
    ROOT="$(dirname "$0")/.."
    for t in lint test; do
      docker build --target "$t" "app"
    done
    cd app && sudo -E docker build . # and here
    docker run x build --target nothing .
    """
    discovered = found(tmp_path, **{"ci__build.sh": text})
    builds = [short(build)[:3] for build in discovered.builds]
    assert builds[:2] == [(4, "app/Dockerfile", "lint"), (4, "app/Dockerfile", "test")]
    assert {line for line, _, _ in builds} <= {4, 6}


def test_scripts_without_a_suffix_and_other_ci(tmp_path: Path) -> None:
    discovered = found(
        tmp_path,
        **{
            "bin__image": "#!/bin/sh\ndocker build --target a app\n",
            ".gitlab-ci_yml": "build:\n  script:\n    - docker build --target b app\n",
            "package.json": '{"scripts": {\n  "image": "docker build --target c app"\n}}\n',
        },
    )
    assert [(build.file, build.line, build.target) for build in discovered.builds] == [
        (".gitlab-ci.yml", 3, "b"),
        ("package.json", 2, "c"),
        ("bin/image", 2, "a"),
    ]


def test_a_line_that_is_not_understood_is_said(tmp_path: Path) -> None:
    discovered = found(tmp_path, **{"x.sh": 'docker build --target "prod .\ndocker build $ARGS .\n'})
    assert [(build.line, build.target) for build in discovered.builds] == [(1, None), (2, "")]
    assert "target" in discovered.builds[1].unknown
    assert len(discovered.notes) == 2


@pytest.mark.parametrize(
    ("words", "target", "context"),
    [
        ("docker build --target x .", "x", "."),
        ("docker build . --target=x", "x", "."),
        ("docker --context remote image build --target x ./a", "x", "./a"),
        ("sudo DOCKER_BUILDKIT=1 docker buildx build --push --target x -", "x", "-"),
        ("podman build --layers --target x .", "x", "."),
        ("/usr/bin/buildah bud --target x .", "x", "."),
        ("docker buildx --builder b build --target x .", "x", "."),
        ("docker build -q --tag t --target x . > log", "x", "."),
        ('docker build --target x ""', "x", '""'),
    ],
)
def test_words_of_a_build(words: str, target: str, context: str) -> None:
    command = build_command(words.split())
    assert command is not None
    assert (command.target, command.context) in ((target, context), (target, "log"))


@pytest.mark.parametrize(
    "words", ["docker run x build .", "docker buildx bake", "echo docker build .", "make build"]
)
def test_words_of_no_build(words: str) -> None:
    assert build_command(words.split()) is None


def found_build(**values: object) -> FoundBuild:
    return FoundBuild(**{"file": "f", "line": 1, "kind": "command", "dockerfile": "Dockerfile", **values})  # type: ignore[arg-type]


def test_what_is_not_understood_makes_less_known() -> None:
    assert known_builds_of("Dockerfile", [found_build()], Options()).targets_known
    assert not known_builds_of("Dockerfile", [], Options()).targets_known
    assert not known_builds_of("Dockerfile", [found_build(dockerfile="other")], Options()).targets_known
    vague = found_build(dockerfile=None, target=None, unknown=frozenset({"target", "dockerfile"}))
    assert not known_builds_of("Dockerfile", [found_build(), vague], Options()).targets_known
    assert not known_builds_of("Dockerfile", [found_build(certain=False)], Options()).targets_known


def test_a_build_of_an_unknown_dockerfile_asks_every_dockerfile() -> None:
    vague = found_build(dockerfile=None, target="test", unknown=frozenset({"dockerfile"}))
    known = known_builds_of("Dockerfile", [found_build(), vague], Options())
    assert [question.target for question in known.questions] == [None, "test"]


def test_targets_asked_for_are_all_there_are() -> None:
    assert known_builds_of("Dockerfile", [], Options(targets=("a", "b"))).targets_known


def test_ignored_files_are_not_read(tmp_path: Path) -> None:
    text = "docker build --target x .\n"
    discovered = found(
        tmp_path,
        **{
            ".gitignore": "out/\n*.gen.sh\n!keep.gen.sh\n",
            "out__a.sh": text,
            "b.gen.sh": text,
            "keep.gen.sh": text,
            "c.sh": text,
        },
    )
    assert [one.file for one in discovered.builds] == ["c.sh", "keep.gen.sh"]


def test_many_ignore_patterns_are_one_expression_and_mean_the_same(tmp_path: Path) -> None:
    names = ["a", "b.o", "c.log", "keep.log", "d/a", "d/b.o", "d/e/x", "out/a", "d/out/a", "[x]", "x y", "é"]
    patterns = [
        "*.o",
        "*.log",
        "!keep.log",
        "out/",
        "/d/e/",
        "\\[x]",
        "x\\ y",
        "# no",
        "",
        "**/never/**",
        "(?P<a>x",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    spec = GitIgnoreSpec.from_lines(patterns)
    (tmp_path / ".gitignore").write_text("\n".join(patterns))
    kept = {".gitignore", *(name for name in names if not spec.match_file(name))}
    assert set(FileTree().walk(str(tmp_path)).paths) == kept
    assert len(kept) == 5


def test_a_tree_that_is_walked_twice_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.tmp\n")
    for name in ("x", "a/y", "a/b/z", "a/z.tmp"):
        (tmp_path / name).write_text("")
    tree = FileTree()
    scans: list[str] = []
    scandir = os.scandir

    def counted(path: str) -> Iterator[os.DirEntry[str]]:
        scans.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    assert tree.walk(str(tmp_path / "a")).paths == ["y", "b/z"]
    assert tree.walk(str(tmp_path)).paths == [".gitignore", "x", "a/y", "a/b/z"]
    assert len(scans) == len(set(scans)) == 3


def test_bad_files_are_notes(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "Makefile").symlink_to("Makefile")
    (tmp_path / "x.sh").write_bytes(b"docker build \0")
    os.mkfifo(tmp_path / "y.sh")
    (tmp_path / "z.sh").write_bytes(b"x" * 2_000_000)
    discovered = found(
        tmp_path,
        **{
            "docker-bake_hcl": 'target "a" {\n  target = [\n',
            "docker-bake.json": "{",
            "compose_yml": "services: [",
            ".github__workflows__a_yml": "a: *nothing\n",
            ".github__workflows__b_yml": "[" * 100_000,
        },
    )
    assert {note.file for note in discovered.notes} == {
        "docker-bake.hcl",
        "docker-bake.json",
        "compose.yml",
        "x.sh",
        "z.sh",
        ".github/workflows/b.yml",
        ".github/workflows/a.yml",
    }
    assert all("\n" not in str(note) for note in discovered.notes)


def test_a_directory_without_permission_is_a_note(open_folder: Path) -> None:
    (open_folder / "closed").mkdir(mode=0)
    found(open_folder)
    with somebody_else(lambda *_: discover(open_folder)):
        notes = discover(open_folder).notes
    assert [str(note) for note in notes] == [f"{open_folder}/closed: not read: Permission denied"]


def test_a_thousand_aliases_cost_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 200)]
    read_yaml(sg.Source(name="a.yml", text="\n".join(lines)))


_REPOSITORY = Repository(Path("/nowhere"), ["Dockerfile"])


@given(st.text(alphabet=st.sampled_from("services: build\n-[]{}&*<>|target${}\"'#x "), max_size=200))
def test_any_text_as_yaml_gives_builds_or_notes(text: str) -> None:
    compose_builds("compose.yaml", text, _REPOSITORY)
    workflow_builds("w.yml", text, _REPOSITORY)
    with suppress(BakeError):
        read_yaml(sg.Source(name="w.yml", text=text))


@examples(0.5)
@given(st.text(alphabet=st.sampled_from('target "a" {}[]=\n${},x1matrix'), max_size=120))
def test_any_text_as_bake_gives_builds_or_notes(text: str) -> None:
    bake_builds("docker-bake.hcl", f'target "a" {{\n{text}\n}}\n', _REPOSITORY)
    bake_builds("docker-bake.json", text, _REPOSITORY)


@given(st.text(max_size=120))
def test_any_line_with_a_build_gives_builds_or_notes(text: str) -> None:
    from stagegraph.discovery.scripts import Script, script_builds

    builds, notes = script_builds(Script(file="x.sh", text=f"docker build {text}"), _REPOSITORY)
    assert all(one.unknown or one.dockerfile for one in builds)
    assert len(notes) < 50


def test_arrays_of_a_script_may_hold_options(tmp_path: Path) -> None:
    text = 'DRY=""\nARGS=(--target x)\n$DRY docker build "${ARGS[@]}" .\n$MAYBE docker build "$@" app\n'
    builds = found(tmp_path, **{"build.sh": text}).builds
    assert [(build.line, build.dockerfile, "target" in build.unknown) for build in builds] == [
        (3, "Dockerfile", True),
        (4, "app/Dockerfile", True),
    ]


def test_variables_of_a_makefile_can_be_set_from_outside(tmp_path: Path) -> None:
    text = "STAGE := prod\nx:\n\tdocker build --target $(STAGE) .\n"
    (build,) = found(tmp_path, Makefile=text).builds
    assert (build.target, set(build.unknown)) == ("prod", {"target"})


def test_parents_that_build_nothing_of_their_own_are_no_builds(tmp_path: Path) -> None:
    text = """\
    group "default" { targets = ["app"] }
    target "_common" { args = { A = "1" } }
    target "app" {
      inherits = ["_common"]
      context = "app"
    }
    target "dev" {
      inherits = ["app"]
      target = "dev"
    }
    """
    assert [build.name for build in found(tmp_path, **{"docker-bake_hcl": text}).builds] == ["app", "dev"]


def test_the_last_parent_wins_and_a_parent_counts_once(tmp_path: Path) -> None:
    text = """\
    target "base" { args = { A = "base", B = "base", C = "base" } }
    target "x" {
      inherits = ["base"]
      args = { A = "x", B = "x" }
    }
    target "y" {
      inherits = ["base"]
      args = { B = "y" }
    }
    target "app" {
      inherits = ["x", "y"]
      args = { C = "app" }
    }
    """
    builds = found(tmp_path, **{"docker-bake_hcl": text}).builds
    assert {build.name: dict(build.build_args) for build in builds} == {
        "app": {"A": "base", "B": "y", "C": "app"},
    }


def test_parents_of_parents_cost_nothing(tmp_path: Path) -> None:
    parents = [f'target "t{i}" {{ inherits = ["t{i + 1}", "t{i + 2}"] }}' for i in range(60)]
    assert found(tmp_path, **{"docker-bake_hcl": "\n".join(parents)}).builds


def test_a_bake_file_over_another_proves_nothing(tmp_path: Path) -> None:
    text = 'target "app" {\n  target = "dev"\n}\n'
    (build,) = found(tmp_path, **{"docker-bake.override_hcl": text}).builds
    assert (build.target, build.certain) == ("dev", False)


def test_a_bake_target_with_a_parent_elsewhere_proves_nothing(tmp_path: Path) -> None:
    text = 'target "app" {\n  inherits = ["made-by-a-tool"]\n}\n'
    (build,) = found(tmp_path, **{"docker-bake_hcl": text}).builds
    assert not build.certain


def test_compose_services_that_extend_others(tmp_path: Path) -> None:
    text = """\
    services:
      base:
        build: {context: app, args: {A: 1}}
      dev:
        extends: {service: base}
        build: {target: dev}
      same:
        extends: base
      far:
        extends: {service: x, file: other.yaml}
        build: {target: far}
      circle:
        extends: circle
        build: web
    """
    builds = {build.name: build for build in found(tmp_path, compose_yaml=text).builds}
    assert short(builds["dev"])[1:] == ("app/Dockerfile", "dev", {"A": "1"})
    assert builds["same"].dockerfile == "app/Dockerfile"
    assert (builds["far"].dockerfile, builds["far"].target) == (None, "far")
    assert builds["circle"].dockerfile == "web/Containerfile"


def test_a_compose_file_over_another_need_not_say_which_dockerfile(tmp_path: Path) -> None:
    text = "services:\n  app:\n    build:\n      target: dev\n"
    (build,) = found(tmp_path, **{"docker-compose.dev_yml": text}).builds
    assert (build.dockerfile, build.target) == (None, "dev")


def test_a_hundred_megabytes_of_yaml_aliases(tmp_path: Path) -> None:
    lines = ["services:", "  a0: &a0 {build: {args: {A: 1}}}"]
    lines += [f"  a{i}: &a{i}\n    <<: [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    discovered = found(tmp_path, compose_yaml="\n".join(lines))
    assert len(discovered.builds) <= 60


def test_merges_that_copy_too_much_are_a_note(tmp_path: Path) -> None:
    keys = ", ".join(f"k{n}: 1" for n in range(20_000))
    text = f"x: &x {{{keys}}}\nservices:\n" + "".join(f"  s{n}: {{<<: *x}}\n" for n in range(5_000))
    (note,) = found(tmp_path, compose_yaml=text).notes
    assert note.message == "not understood: the aliases of this YAML make it too large"
    assert note.line == 53


def test_merges_of_merges_are_followed() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b\n  z: 3\n"
    (document,) = read_yaml(sg.Source(name="a.yml", text=text), texts=True)
    assert isinstance(document.root, Table)
    assert document.root.table("c") == {"x": "1", "y": "2", "z": "3"}


def test_a_path_that_is_too_long_is_not_there(tmp_path: Path) -> None:
    long = "9" * 5_000
    text = f"cd {long}\ndocker build --target x {long}\ndocker build -f {long} .\n"
    assert [build.dockerfile for build in found(tmp_path, **{"x.sh": text}).builds] == [None, None]


def shlex_commands(text: str) -> list[list[str]] | None:
    """The words of the commands as the standard library splits them, one character at a time."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.wordchars += "$@{}%+!^:,[]\x00"
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return None
    ends = {"&&", "||", ";", "|", "&", "(", ")", ";;", "|&", "{", "}", ";&"}
    return [list(run) for end, run in groupby(words, lambda word: word in ends) if not end]


@examples(5)
@given(
    st.text(alphabet=st.sampled_from("ab-=/$é#Ω\x00\x01 \t\n;&|(){}<>'\"\\"), max_size=40)
    | st.text(max_size=40)
)
def test_lines_are_split_as_shlex_splits_them(text: str) -> None:
    assert simple_commands(text) == shlex_commands(text)


_DOUBLING = "A0=xxxxxxxxxx\n" + "".join(f"A{n + 1}=$A{n}$A{n}\n" for n in range(40)) + "docker build $A40 .\n"
_MANY = "for a in {}; do\n".format(" ".join(map(str, range(64)))) + "docker build --target $a .\n" * 1000
_MATRIX = "{a: [" + "0, " * 16 + "], b: [" + "0, " * 16 + "]}"
_JOBS = "".join(f"  j{n}: {{strategy: *m, steps: *s}}\n" for n in range(100))
_TOO_MUCH = {
    "build.sh": [
        (_DOUBLING, "its variables expand to too much text"),
        (_MANY, "it holds more than 1,000 builds"),
    ],
    "docker-bake.hcl": [
        (
            'variable "v" { default = ['
            + '"x",' * 16
            + "] }\n"
            + "".join(f'target "t{n}" {{\n matrix={{a=v,b=v}}\n target="a"\n}}\n' for n in range(20)),
            "it holds more than 1,000 builds",
        ),
    ],
    "compose.yaml": [
        (
            "services:\n" + "".join(f"  s{n}: {{build: .}}\n" for n in range(1100)),
            "it holds more than 1,000 builds",
        ),
    ],
    ".github/workflows/a.yml": [
        (
            f"x: &m {{matrix: {_MATRIX}}}\ny: &s\n{'- {run: docker build .}' + chr(10)}jobs:\n{_JOBS}",
            "it holds more than 1,000 builds",
        ),
        (
            "env: {A: '" + "x" * 50_000 + "'}\njobs: {a: {steps: [{run: '" + "${{ env.A }}" * 9 + "'}]}}",
            "its expressions expand to too much text",
        ),
    ],
}


@pytest.mark.parametrize(
    ("path", "text", "message"), [(path, *one) for path, several in _TOO_MUCH.items() for one in several]
)
def test_a_file_that_repeats_itself_is_a_note(tmp_path: Path, path: str, text: str, message: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    found_ = discover(tmp_path)
    assert [note.message for note in found_.notes] == [f"not understood: {message}"]
    (build,) = found_.builds
    assert build.target is None
    assert not build.certain


@pytest.mark.parametrize(
    "line",
    [
        "docker" * 16_000,
        "docker " * 14_000,
        "docker\n" * 14_000,
        '"a": "' + '"' + " " * 100_000 + "x docker build",
        "${{" * 33_000 + " docker build",
    ],
)
def test_long_lines_take_linear_time(tmp_path: Path, line: str) -> None:
    (tmp_path / "build.sh").write_text(line)
    workflow = f"jobs: {{a: {{steps: [{{run: '{line}'}}]}}}}"
    assert isinstance(discover(tmp_path), Discovery)
    assert workflow_builds("a.yml", workflow, Repository(tmp_path, ()))


def test_wildcards_of_gitignore_do_not_backtrack(tmp_path: Path) -> None:
    name = "a" * 200
    (tmp_path / name).touch()
    (tmp_path / f"{name}b").touch()
    (tmp_path / ".gitignore").write_text(
        "*a*a*a*a*a*a*a*a*a*a*a*b\na/**/b/**/c/**/d/**/e\n" + "?" * 5000 + "\n"
    )
    walk = FileTree().walk(str(tmp_path))
    assert walk.paths == [".gitignore", name]
    assert [note.message for note in walk.notes] == ["2 patterns with too many wildcards were skipped"]


_GLOB = st.lists(
    st.sampled_from(["a", "b", "*", "**", "?", "/", ".", "[ab]", "[!a]"]), min_size=1, max_size=10
)
_PATH_TEXT = st.text("ab./", min_size=1, max_size=12).map(lambda text: text.strip("/") or "a")


@examples(2)
@given(_GLOB, _PATH_TEXT)
def test_patterns_of_gitignore_match_as_in_pathspec(parts: list[str], path: str) -> None:
    with suppress(ValueError):
        expected = GitIgnoreSpec.from_lines(["".join(parts)]).check_file(path).include
        spec, skipped = ignore_spec(["".join(parts)])
        assert skipped or spec.check_file(path).include == expected


_PIECES = st.sampled_from(
    [
        *(
            "docker build ",
            "--target ",
            "$A",
            "${A",
            "}",
            "A=",
            "\n",
            "'",
            '"',
            "\\\n",
            "for a in ",
            "; do ",
            "cd a",
        ),
        *(
            "services:",
            " build: ",
            "&a ",
            "*a",
            "<<: ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "- ",
            ": ",
            "jobs: ",
            "steps: ",
        ),
        *(
            "run: ",
            "strategy: ",
            "matrix: ",
            "${{ matrix.a }}",
            "${{",
            "}}",
            'target "a" {',
            "inherits = ",
            "%{",
        ),
        *(
            "variable ",
            "target: ",
            "\x00",
            "\ufeff",
            " ",
            "1e400",
            "extends: a",
            "args: ",
            "|\n",
            "? ",
            "!!x ",
        ),
    ]
)
_NAMES = [
    "build.sh",
    "docker-bake.hcl",
    "docker-bake.json",
    "compose.yaml",
    ".github/workflows/a.yml",
    ".gitignore",
]
_NAMES += ["Makefile", "README.md", "package.json"]


@given(st.sampled_from(_NAMES), st.lists(_PIECES, max_size=40).map("".join).map(str.encode) | st.binary())
def test_any_bytes_in_a_file_give_a_discovery(name: str, data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        found_ = discover(Path(folder))
    internal = [
        note for note in found_.notes if re.search(r"not understood: \w+(?:Error|Exception): ", note.message)
    ]
    assert not internal


def test_a_compose_value_with_a_variable_without_default_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  a:\n    build:\n      context: .\n"
        "      args: {base: '${ARCH}/ubuntu:${UBUNTU}', tag: 'x-${V:-1}', dollar: 'a$$b'}\n"
    )
    (build,) = discover(tmp_path).builds
    assert build.build_args == {"tag": "x-1", "dollar": "a$b"}
    assert build.passed == {"base"}
