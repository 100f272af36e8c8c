"""Builds found where repositories keep them, and what is not understood said."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagegraph.check.known_builds import known_builds_of
from stagegraph.discovery.bake import bake_uses
from stagegraph.discovery.commands import build_command
from stagegraph.discovery.compose import compose_uses
from stagegraph.discovery.discover import discover
from stagegraph.discovery.found_build import Discovery, FoundBuild
from stagegraph.discovery.hcl_file import HclError, read_hcl
from stagegraph.discovery.repository import Repository
from stagegraph.discovery.workflows import workflow_uses
from stagegraph.discovery.yaml_file import Table, YamlError, read_yaml
from stagegraph.options import Options

from .tools import somebody_else

_DOCKERFILES = ("Dockerfile", "app/Dockerfile", "web/Containerfile", "docker/x.Dockerfile")


def found(tmp_path: Path, **files: str) -> Discovery:
    """What is discovered in a repository with Dockerfiles and ``files``, whose names have __ for /."""
    for name in _DOCKERFILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("FROM a\n")
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_hcl", ".hcl").replace("_y", ".y")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return discover(tmp_path)


def short(use: FoundBuild) -> tuple[int, str | None, str | None, dict[str, str]]:
    return use.line, use.dockerfile, use.target, dict(use.build_args)


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
    mine = [use for use in found_in.uses if use.name == "app"]
    args = {"GO": "1.23", "KIND": "x-1.23"}
    assert [short(use) for use in mine] == [
        (6, "app/Dockerfile", "prod", args),
        (6, "app/Dockerfile", "test", args),
    ]
    assert mine[0].platforms == ("linux/amd64", "linux/arm64")
    assert mine[0].contexts == ("base",)
    assert mine[0].unknown == frozenset()


def test_a_bake_target_from_a_variable_can_be_another(tmp_path: Path) -> None:
    text = 'variable "T" { default = "prod" }\ntarget "a" {\n  target = T\n}\n'
    (use,) = found(tmp_path, **{"docker-bake_hcl": text}).uses
    assert (use.target, set(use.unknown)) == ("prod", {"target"})


def test_a_bake_expression_is_not_understood_and_said(tmp_path: Path) -> None:
    text = 'target "a" {\n  target = timestamp()\n}\n'
    discovered = found(tmp_path, **{"docker-bake_hcl": text})
    assert (discovered.uses[0].target, set(discovered.uses[0].unknown)) == (None, {"target"})
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
    (use,) = found(tmp_path, **{"docker-bake.json": json.dumps(printed, indent=2)}).uses
    assert short(use) == (10, "app/Dockerfile", "release", {"V": "$1.0"})
    assert use.platforms == ("linux/arm64",)


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
    uses = found(tmp_path, compose_yaml=text).uses
    assert [short(use) for use in uses] == [
        (6, "app/Dockerfile", "", {}),
        (9, "app/Dockerfile", "dev", {"A": "1", "B": "2"}),
        (16, "docker/x.Dockerfile", "prod", {}),
    ]
    assert uses[1].contexts == ("base",)
    assert [use.unknown for use in uses] == [set(), set(), {"target"}]


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
    assert [short(use) for use in discovered.uses if use.line == 11] == [
        (11, "app/Dockerfile", "lint", args),
        (11, "app/Dockerfile", "test", args),
        (11, "app/Dockerfile", "prod", args),
    ]
    assert discovered.uses[0].unknown == {"build arguments"}
    (other,) = {use for use in discovered.uses if use.line == 19}
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
    (use,) = found(tmp_path, **{".github__workflows__ci_yml": text}).uses
    assert (use.dockerfile, use.target) == (None, "debug")


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
    uses = found(tmp_path, **{".github__workflows__ci_yml": text}).uses
    assert [short(use) for use in uses] == [(6, "app/Dockerfile", "prod", {}), (10, "app/Dockerfile", "", {})]


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
    uses = found(tmp_path, Makefile=text).uses
    assert [short(use) for use in uses] == [
        (5, "docker/x.Dockerfile", "dev", {}),
        (7, "app/Dockerfile", "", {}),
    ]
    assert [use.unknown for use in uses] == [{"target"}, {"build arguments"}]


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
    uses = [short(use)[:3] for use in discovered.uses]
    assert uses[:2] == [(4, "app/Dockerfile", "lint"), (4, "app/Dockerfile", "test")]
    assert {line for line, _, _ in uses} <= {4, 6}


def test_scripts_without_a_suffix_and_other_ci(tmp_path: Path) -> None:
    discovered = found(
        tmp_path,
        **{
            "bin__image": "#!/bin/sh\ndocker build --target a app\n",
            ".gitlab-ci_yml": "build:\n  script:\n    - docker build --target b app\n",
            "package.json": '{"scripts": {\n  "image": "docker build --target c app"\n}}\n',
        },
    )
    assert [(use.file, use.line, use.target) for use in discovered.uses] == [
        (".gitlab-ci.yml", 3, "b"),
        ("package.json", 2, "c"),
        ("bin/image", 2, "a"),
    ]


def test_a_line_that_is_not_understood_is_said(tmp_path: Path) -> None:
    discovered = found(tmp_path, **{"x.sh": 'docker build --target "prod .\ndocker build $ARGS .\n'})
    assert [(use.line, use.target) for use in discovered.uses] == [(1, None), (2, "")]
    assert "target" in discovered.uses[1].unknown
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


def use(**values: object) -> FoundBuild:
    return FoundBuild(**{"file": "f", "line": 1, "kind": "command", "dockerfile": "Dockerfile", **values})  # type: ignore[arg-type]


def test_what_is_not_understood_makes_less_known() -> None:
    assert known_builds_of("Dockerfile", [use()], Options()).targets_known
    assert not known_builds_of("Dockerfile", [], Options()).targets_known
    assert not known_builds_of("Dockerfile", [use(dockerfile="other")], Options()).targets_known
    vague = use(dockerfile=None, target=None, unknown=frozenset({"target", "dockerfile"}))
    assert not known_builds_of("Dockerfile", [use(), vague], Options()).targets_known
    assert not known_builds_of("Dockerfile", [use(certain=False)], Options()).targets_known


def test_a_build_of_an_unknown_dockerfile_asks_every_dockerfile() -> None:
    vague = use(dockerfile=None, target="test", unknown=frozenset({"dockerfile"}))
    known = known_builds_of("Dockerfile", [use(), vague], Options())
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
    assert [one.file for one in discovered.uses] == ["c.sh", "keep.gen.sh"]


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
    read_yaml("\n".join(lines))


_REPOSITORY = Repository(Path("/nowhere"), ["Dockerfile"])


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("services: build\n-[]{}&*<>|target${}\"'#x "), max_size=200))
def test_any_text_as_yaml_gives_builds_or_notes(text: str) -> None:
    compose_uses("compose.yaml", text, _REPOSITORY)
    workflow_uses("w.yml", text, _REPOSITORY)
    with suppress(YamlError):
        read_yaml(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from('target "a" {}[]=\n${},x1matrix'), max_size=120))
def test_any_text_as_bake_gives_builds_or_notes(text: str) -> None:
    bake_uses("docker-bake.hcl", f'target "a" {{\n{text}\n}}\n', _REPOSITORY)
    bake_uses("docker-bake.json", text, _REPOSITORY)
    with suppress(HclError):
        read_hcl(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_line_with_a_build_gives_builds_or_notes(text: str) -> None:
    from stagegraph.discovery.scripts import Script, script_uses

    uses, notes = script_uses(Script(file="x.sh", text=f"docker build {text}"), _REPOSITORY)
    assert all(one.unknown or one.dockerfile for one in uses)
    assert len(notes) < 50


def test_arrays_of_a_script_may_hold_options(tmp_path: Path) -> None:
    text = 'DRY=""\nARGS=(--target x)\n$DRY docker build "${ARGS[@]}" .\n$MAYBE docker build "$@" app\n'
    uses = found(tmp_path, **{"build.sh": text}).uses
    assert [(use.line, use.dockerfile, "target" in use.unknown) for use in uses] == [
        (3, "Dockerfile", True),
        (4, "app/Dockerfile", True),
    ]


def test_variables_of_a_makefile_can_be_set_from_outside(tmp_path: Path) -> None:
    text = "STAGE := prod\nx:\n\tdocker build --target $(STAGE) .\n"
    (use,) = found(tmp_path, Makefile=text).uses
    assert (use.target, set(use.unknown)) == ("prod", {"target"})


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
    assert [use.name for use in found(tmp_path, **{"docker-bake_hcl": text}).uses] == ["app", "dev"]


def test_a_bake_file_over_another_proves_nothing(tmp_path: Path) -> None:
    text = 'target "app" {\n  target = "dev"\n}\n'
    (use,) = found(tmp_path, **{"docker-bake.override_hcl": text}).uses
    assert (use.target, use.certain) == ("dev", False)


def test_a_bake_target_with_a_parent_elsewhere_proves_nothing(tmp_path: Path) -> None:
    text = 'target "app" {\n  inherits = ["made-by-a-tool"]\n}\n'
    (use,) = found(tmp_path, **{"docker-bake_hcl": text}).uses
    assert not use.certain


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
    uses = {use.name: use for use in found(tmp_path, compose_yaml=text).uses}
    assert short(uses["dev"])[1:] == ("app/Dockerfile", "dev", {"A": "1"})
    assert uses["same"].dockerfile == "app/Dockerfile"
    assert (uses["far"].dockerfile, uses["far"].target) == (None, "far")
    assert uses["circle"].dockerfile == "web/Containerfile"


def test_a_compose_file_over_another_need_not_say_which_dockerfile(tmp_path: Path) -> None:
    text = "services:\n  app:\n    build:\n      target: dev\n"
    (use,) = found(tmp_path, **{"docker-compose.dev_yml": text}).uses
    assert (use.dockerfile, use.target) == (None, "dev")


def test_a_hundred_megabytes_of_yaml_aliases(tmp_path: Path) -> None:
    lines = ["services:", "  a0: &a0 {build: {args: {A: 1}}}"]
    lines += [f"  a{i}: &a{i}\n    <<: [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    discovered = found(tmp_path, compose_yaml="\n".join(lines))
    assert len(discovered.uses) <= 60


def test_merges_of_merges_are_followed() -> None:
    root = read_yaml("a: &a {x: 1, y: 1}\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b\n  z: 3\n")
    assert isinstance(root, Table)
    assert dict(root.table("c").items()) == {"x": "1", "y": "2", "z": "3"}


def test_a_path_that_is_too_long_is_not_there(tmp_path: Path) -> None:
    long = "9" * 5_000
    text = f"cd {long}\ndocker build --target x {long}\ndocker build -f {long} .\n"
    assert [use.dockerfile for use in found(tmp_path, **{"x.sh": text}).uses] == [None, None]
