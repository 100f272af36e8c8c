"""Several Dockerfiles as one graph: what a bake or compose file builds."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import stagegraph as sg
from stagegraph.dockerfile.file import read_dockerfile
from stagegraph.dockerfile.resolve import TargetResolver
from stagegraph.formats.text import render as text_report
from stagegraph.graph.steps import TargetBuild, raw_steps

from .bake_projects import write
from .conftest import ROOT

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
FILES = {
    "docker-bake.hcl": """\
group "default" { targets = ["api", "web", "docs"] }
target "base" { context = "base" }
target "api" {
  context = "api"
  contexts = { base = "target:base" }
  tags = ["org/api"]
}
target "web" {
  context = "web"
  contexts = { base = "target:base" }
}
target "docs" {
  dockerfile-inline = "FROM docker.io/org/api:latest\\nRUN docs"
}
""",
    "base/Dockerfile": "FROM alpine:3.20\nRUN apk add x\n",
    "api/Dockerfile": (
        "FROM golang AS builder\nCOPY . .\nRUN make\nFROM base\nCOPY --from=builder /app /app\n"
        "FROM base AS x\nFROM base AS release\nCOPY --from=builder /app /app\n"
    ),
    "web/Dockerfile": "FROM golang AS builder\nRUN make\nFROM base\nCOPY --from=builder /app /app\n",
}


def request(directory: Path, files: dict[str, str] | None = None, **options: object) -> sg.Request:
    """The request of ``files``, which are written into ``directory``."""
    write(directory, files or FILES)
    return sg.read_request(str(directory), **options)  # type: ignore[arg-type]


def report(directory: Path, files: dict[str, str] | None = None, **options: object) -> sg.Report:
    """The report of that request."""
    return sg.analyse(request(directory, files, **options))


def edges(value: sg.Report) -> set[tuple[str, str, str]]:
    """Source, target and kind of every edge."""
    return {(edge.source, edge.target, str(edge.kind)) for edge in value.edges}


BASE = "image:docker.io/library/alpine:3.20"


# nodes and edges


def test_a_named_context_is_the_image_of_the_other_target(tmp_path: Path) -> None:
    found = edges(report(tmp_path))
    assert ("base/stage:0", "api/stage:3", "from") in found
    assert ("base/stage:0", "web/stage:1", "from") in found
    assert not [edge for edge in found if "named-context" in edge[0]]


def test_an_image_that_several_read_is_one_node(tmp_path: Path) -> None:
    nodes = [node.id for node in report(tmp_path).nodes]
    assert nodes.count("image:docker.io/library/golang:latest") == 1
    assert len(nodes) == len(set(nodes))


def test_a_target_alone_has_the_nodes_of_its_dockerfile(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "docker-bake.hcl").write_text('target "default" {\n  context = "web"\n}\n')
    alone = sg.analyse(sg.read(str(tmp_path / "web")))
    baked = sg.analyse(sg.read_request(str(tmp_path)))
    plain = [sg.Node(**{**json.loads(_json(node)), "bake_targets": ()}) for node in baked.nodes]
    assert [_json(node) for node in plain] == [_json(node) for node in alone.nodes]
    assert [_json(edge) for edge in baked.edges] == [_json(edge) for edge in alone.edges]


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def test_contexts_are_one_node_only_if_their_folder_is(tmp_path: Path) -> None:
    nodes = {node.id: node.label for node in report(tmp_path).nodes if node.kind is sg.NodeKind.CONTEXT}
    assert nodes == {"context:api": "build context api"}
    files = FILES | {"web/Dockerfile": "FROM alpine\nCOPY . .\n"}
    both = [node.id for node in report(tmp_path, files).nodes if node.kind is sg.NodeKind.CONTEXT]
    assert both == ["context:api", "context:web"]


def test_targets_of_one_dockerfile_share_its_stages(tmp_path: Path) -> None:
    bake = (
        'group "default" { targets = ["a", "b"] }\ntarget "a" { target = "a" }\ntarget "b" { target = "b" }\n'
    )
    dockerfile = "FROM alpine AS base\nRUN x\nFROM base AS a\nRUN a\nFROM base AS b\nRUN b\n"
    value = report(tmp_path, {"docker-bake.hcl": bake, "Dockerfile": dockerfile})
    assert [node.id for node in value.nodes] == [
        "stage:0",
        "stage:1",
        "stage:2",
        "image:docker.io/library/alpine:latest",
    ]
    assert [node.bake_targets for node in value.nodes[:3]] == [("a", "b"), ("a",), ("b",)]


def test_targets_with_other_arguments_have_their_own_stages(tmp_path: Path) -> None:
    bake = 'target "default" {\n name = "v${v}"\n matrix = { v = [1, 2] }\n args = { V = v }\n}\n'
    files = {"docker-bake.hcl": bake, "Dockerfile": "ARG V\nFROM alpine:$V\nRUN x\n"}
    value = report(tmp_path, files)
    assert [node.id for node in value.nodes][:2] == ["v1/stage:0", "v2/stage:0"]
    assert [node.base for node in value.nodes][:2] == ["alpine:1", "alpine:2"]


def test_a_linked_target_is_inherited_and_not_a_target(tmp_path: Path) -> None:
    value = report(tmp_path)
    assert value.node("base/stage:0").role is sg.Role.INHERITED
    assert "base/stage:0" not in value.targets
    assert [target.name for target in value.bake_targets if target.linked] == ["base"]


def test_a_linked_target_that_no_stage_reads_is_built(tmp_path: Path) -> None:
    value = report(tmp_path, FILES | {"api/Dockerfile": "FROM alpine\n", "web/Dockerfile": "FROM alpine\n"})
    assert value.node("base/stage:0").needed
    assert any(step.name == "[base 2/2] RUN apk add x" for step in value.steps)


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_a_context_is_the_result_for_the_platform_of_its_reader(tmp_path: Path, platform: str) -> None:
    bake = FILES["docker-bake.hcl"].replace(
        'context = "base"', 'context = "base"\n platforms = ["linux/amd64", "linux/arm64"]'
    )
    bake = bake.replace('context = "web"', f'context = "web"\n platforms = ["{platform}"]')
    value = report(tmp_path, FILES | {"docker-bake.hcl": bake}, targets=["web"])
    last = next(step for step in value.steps if step.name.startswith("[web stage-1"))
    read = {value.steps[position].name for position in last.inputs}
    assert f"[base {platform} 2/2] RUN apk add x" in read


# steps


def test_equal_steps_of_several_targets_are_one(tmp_path: Path) -> None:
    files = FILES | {"web/Dockerfile": "FROM golang\nRUN a\n", "api/Dockerfile": "FROM golang\nRUN a\n"}
    value = report(tmp_path, files)
    runs = [step for step in value.steps if step.name.endswith("RUN a")]
    assert [(step.name, step.others[0][0]) for step in runs] == [("[api 2/2] RUN a", "[web 2/2] RUN a")]
    assert [value.nodes[stage].id for stage in runs[0].stages] == ["api/stage:0", "web/stage:0"]


def test_copies_from_different_folders_are_different(tmp_path: Path) -> None:
    files = FILES | dict.fromkeys(("web/Dockerfile", "api/Dockerfile"), "FROM golang\nCOPY . .\n")
    value = report(tmp_path, files)
    assert sum(step.name.endswith("COPY . .") for step in value.steps) == 2
    same = {**files, "docker-bake.hcl": FILES["docker-bake.hcl"].replace('"web"\n', '"api"\n')}
    assert sum(step.name.endswith("COPY . .") for step in report(tmp_path, same).steps) == 1


def test_the_critical_path_goes_through_several_targets(tmp_path: Path) -> None:
    files = FILES | {"base/Dockerfile": "FROM alpine\nRUN a\nRUN b\nRUN c\nRUN d\n"}
    value = report(tmp_path, files)
    names = [value.steps[step].name for step in value.critical_path]
    assert names[0].startswith("[base 1/5]")
    assert names[-1].startswith("[api release") or names[-1].startswith("[web stage-1")


# by tag


def test_an_image_by_its_tag_is_an_edge_that_nobody_waits_for(tmp_path: Path) -> None:
    value = report(tmp_path)
    tag = next(edge for edge in value.edges if edge.kind is sg.EdgeKind.TAG)
    assert (tag.source, tag.target, tag.line, tag.paths) == (
        "api/stage:3",
        "image:docker.io/org/api:latest",
        3,
        ("org/api",),
    )
    assert value.node("docs/stage:0").level == 1
    assert not tag.critical


@pytest.mark.parametrize("base", ["org/api@sha256:" + "a" * 64, "org/api:1", "other/api", "ghcr.io/org/api"])
def test_another_reference_is_not_the_tag(tmp_path: Path, base: str) -> None:
    bake = FILES["docker-bake.hcl"].replace("docker.io/org/api:latest", base)
    value = report(tmp_path, FILES | {"docker-bake.hcl": bake})
    assert not [edge for edge in value.edges if edge.kind is sg.EdgeKind.TAG]


def test_an_older_image_of_its_own_is_not_an_edge(tmp_path: Path) -> None:
    bake = 'target "default" {\n  tags = ["org/api"]\n}\n'
    value = report(tmp_path, {"docker-bake.hcl": bake, "Dockerfile": "FROM org/api\nRUN x\n"})
    assert [edge.kind for edge in value.edges] == [sg.EdgeKind.FROM]


def test_a_named_context_that_is_an_image_is_read_by_tag(tmp_path: Path) -> None:
    bake = FILES["docker-bake.hcl"].replace(
        '"web"\n  contexts = { base = "target:base" }',
        '"web"\n  contexts = { base = "docker-image://org/api" }',
    )
    value = report(tmp_path, FILES | {"docker-bake.hcl": bake}, targets=["api", "web"])
    assert ("api/stage:3", "web/named-context:base", "tag") in edges(value)


# files


def test_a_compose_file_connects_services(tmp_path: Path) -> None:
    value = sg.analyse(sg.read_request(str(ROOT / "samples/compose")))
    assert ("base/stage:0", "api/stage:0", "from") in edges(value)
    assert ("api/stage:0", "image:docker.io/example/api:latest", "tag") in edges(value)


def test_a_remote_context_is_one_box(tmp_path: Path) -> None:
    bake = FILES["docker-bake.hcl"].replace('context = "base"', 'context = "https://example.com/base.git"')
    value = report(tmp_path, FILES | {"docker-bake.hcl": bake})
    remote = value.node("base/remote:https://example.com/base.git")
    assert (remote.kind, remote.label, remote.needed) == (sg.NodeKind.REMOTE, "base", True)
    assert (remote.id, "web/stage:1", "from") in edges(value)
    assert value.notes == (
        "target base is built from https://example.com/base.git, whose Dockerfile is not read",
    )


def test_what_is_not_known_is_a_note(tmp_path: Path) -> None:
    bake = 'target "default" {\n  args = { DATE = timestamp() }\n}\n'
    value = report(tmp_path, {"docker-bake.hcl": bake, "Dockerfile": "FROM alpine\n"})
    assert value.notes == ("target default: not known and left out: args.DATE",)


def test_paths_are_relative_to_the_current_directory_if_only_there_all_are(
    tmp_path: Path, in_process: Run
) -> None:
    write(tmp_path, {**FILES, "deploy/docker-bake.hcl": FILES["docker-bake.hcl"]})
    (tmp_path / "docker-bake.hcl").unlink()
    done = in_process("render", "deploy/docker-bake.hcl", "-F", "text", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "web:builder" in done.stdout.decode()


ERRORS = {
    "missing": (
        FILES["docker-bake.hcl"].replace('"web"\n', '"nope"\n'),
        (
            "error: docker-bake.hcl:9:13: target web: there is no Dockerfile nope/Dockerfile\n"
            '    9 |   context = "nope"\n'
            "      |             ^~~~~~\n"
            "hint: set context and dockerfile of the target; both are relative to the folder that bake "
            "runs in\n"
        ),
    ),
    "stage": (
        FILES["docker-bake.hcl"].replace('context = "api"', 'context = "api"\n  target = "relaese"'),
        "error: docker-bake.hcl:5:12: target api: api/Dockerfile: there is no stage named relaese\n",
    ),
    "target": (
        FILES["docker-bake.hcl"].replace('"web", "docs"', '"webb"'),
        "error: docker-bake.hcl:1:38: failed to find target webb, which default names\n",
    ),
    "cycle": (
        FILES["docker-bake.hcl"].replace('context = "base"', 'contexts = { x = "target:api" }'),
        "error: docker-bake.hcl:2:42: contexts form a cycle: api → base → api\n",
    ),
    "syntax": ("target {{", "error: docker-bake.hcl:1:"),
    "empty": ('group "default" { targets = [] }', "error: no target to build in docker-bake.hcl\n"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_one_message(name: str, tmp_path: Path, in_process: Run) -> None:
    text, message = ERRORS[name]
    write(tmp_path, FILES | {"docker-bake.hcl": text})
    done = in_process("render", cwd=tmp_path)
    error = done.stderr.decode()
    assert (done.returncode, done.stdout) == (1, b"")
    assert error.startswith(message)


# the command line


def test_without_arguments_the_default_group_is_drawn(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    text = in_process("render", "-F", "text", cwd=tmp_path).stdout.decode()
    assert [line for line in text.splitlines() if line.startswith("◉ ") and "target" not in line] == [
        "◉ api:release (1 step)",
        "◉ docs (1 step)",
        "◉ web (1 step)",
    ]


def test_a_dockerfile_comes_first_unless_bake_is_asked_for(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, {**FILES, "Dockerfile": "FROM alpine AS alone\n"})
    assert b"alone" in in_process("render", cwd=tmp_path).stdout
    assert b"s_web_web" in in_process("render", "--bake", cwd=tmp_path).stdout
    write(tmp_path, {"compose.yaml": "services:\n  only:\n    build: web\n"})
    text = in_process("report", "--compose", cwd=tmp_path).stdout
    assert text.startswith(b"compose.yaml: target only on linux/amd64\n")


@pytest.mark.parametrize(
    "words",
    [(".", "web"), ("web",), ("docker-bake.hcl", "web"), ("--bake", "web"), ("-f", "docker-bake.hcl")],
)
def test_targets_follow_the_file(words: tuple[str, ...], tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    (tmp_path / "web").rename(tmp_path / "site")
    bake = FILES["docker-bake.hcl"].replace('context = "web"', 'context = "site"')
    (tmp_path / "docker-bake.hcl").write_text(bake)
    done = in_process("render", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (b"s_api" in done.stdout) is (words[-1] != "web")


def test_set_overrides_values(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    done = in_process("report", ".", "api", "--set", "api.target=x", cwd=tmp_path)
    assert b"api:x" not in in_process("report", ".", "api", cwd=tmp_path).stdout.split(b"Not needed")[0]
    assert b"In the image\n" in done.stdout


def test_what_bake_prints_is_read_from_standard_input(tmp_path: Path, stagegraph: Run) -> None:
    write(tmp_path, FILES)
    printed = {"target": {"x": {"context": str(tmp_path / "base"), "dockerfile": "Dockerfile"}}}
    printed["group"] = {"default": {"targets": ["x"]}}  # type: ignore[dict-item]
    done = stagegraph("render", "-", "-F", "text", stdin=json.dumps(printed).encode())
    assert "alpine:3.20" in done.stdout.decode(), done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("render", "--target", "x"), "has the options of its builds; change them with --set"),
        (
            ("render", "api/Dockerfile", "x"),
            "only a bake or compose file has targets; choose stages with --target",
        ),
        (("render", "api/Dockerfile", "--set", "a.b=c"), "only a bake or compose file has options for --set"),
        (("render", "api/Dockerfile", "--detail", "stages"), "--detail has no effect on a Dockerfile"),
        (("render", "--steps", "--detail", "targets"), "--detail targets leaves these out"),
        (("report", ".", "--image", "x"), "--image is about one image, and docker-bake.hcl builds api, docs"),
        (("render", "--usage", "x"), "builds api, docs, web: name one target"),
    ],
)
def test_options_that_have_no_effect_are_refused(
    words: tuple[str, ...], message: str, tmp_path: Path, in_process: Run
) -> None:
    write(tmp_path, FILES)
    done = in_process(*words, cwd=tmp_path)
    assert (done.returncode, message in done.stderr.decode()) == (2, True), done.stderr


# what is said


def test_explain_says_who_waits_for_a_target(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    assert in_process("explain", "base", cwd=tmp_path).stdout.decode() == (
        "`base` (base/Dockerfile:1) is in the image: FROM inherits its layers.\n"
        "It is the image of the bake target `base` (docker-bake.hcl:2).\n"
        "The builds of api, web wait for it.\n"
        "\n"
        "  base\n"
        "    → web: FROM, web/Dockerfile:3\n"
        "\n"
        "  base\n"
        "    → api:release: FROM, api/Dockerfile:7\n"
    )


def test_explain_says_what_a_target_waits_for(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    lines = in_process("explain", "web", cwd=tmp_path).stdout.decode().splitlines()
    assert lines[1].startswith("It is the image of the bake target `web`")
    assert lines[2] == "Its build waits for base."
    compose = in_process("explain", "worker", str(ROOT / "samples/compose"), cwd=tmp_path).stdout.decode()
    assert "It is the image of the service `worker`" in compose


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("api:bilder", "did you mean api:builder?"),
        ("api:zzzzz", "use one of api:builder, api:stage-1, api:x, api:release"),
        ("docker-bake.hcl", "name the stage first, and `docker-bake.hcl` after it"),
        ("webb", "did you mean web?"),
    ],
)
def test_explain_says_which_names_there_are(name: str, hint: str, tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    error = in_process("explain", name, cwd=tmp_path).stderr.decode()
    assert error == f"error: docker-bake.hcl has no stage or image `{name}`\nhint: {hint}\n"


def test_explain_says_that_there_are_more_names(tmp_path: Path, in_process: Run) -> None:
    blocks = (f'target "{name}" {{ dockerfile-inline = "FROM alpine" }}' for name in "abcdefghijklmnop")
    group = f"group default {{ targets = {json.dumps(list('abcdefghijklmnop'))} }}"
    write(tmp_path, {"docker-bake.hcl": "\n".join([group, *blocks])})
    error = in_process("explain", "zzzzz", cwd=tmp_path).stderr.decode()
    assert error.endswith("hint: use one of a, b, c, d, e, f, g, h, i, j, k, l, …\n")


def test_explain_says_who_reads_a_tag(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    text = in_process("explain", "api", cwd=tmp_path).stdout.decode()
    assert "Its tag org/api is read by docs: BuildKit does not wait for it, so build it first.\n" in text


@pytest.mark.parametrize("name", ["api:builder", "api:0", "api:stage-0", "api/stage:0"])
def test_explain_takes_a_stage_of_a_target(name: str, tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    assert (
        in_process("explain", name, cwd=tmp_path)
        .stdout.decode()
        .startswith("`api:builder` (api/Dockerfile:1)")
    )


def test_explain_asks_which_dockerfile_is_meant(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    assert in_process("explain", "builder", cwd=tmp_path).stderr.decode() == (
        "error: several Dockerfiles have a stage `builder`\nhint: use one of api:builder, web:builder\n"
    )


def test_the_report_says_what_targets_share(tmp_path: Path) -> None:
    text = text_report(report(tmp_path), width=100)
    assert "  api   " in text
    assert "waits for base\n" in text
    assert "  base         stage of 2 images: api, web\n" in text
    assert "docs reads what api tags; BuildKit does not wait, so build api first" in text


# pictures


def _many(count: int) -> dict[str, str]:
    names = [f"s{number:03}" for number in range(count)]
    body = (
        "FROM node AS build\nCOPY . .\nRUN a\nFROM build AS test\nRUN t\nFROM base\nCOPY --from=build /a /a\n"
    )
    bake = ['target "base" { context = "base" }\n', f'group "default" {{ targets = {json.dumps(names)} }}\n']
    bake += [
        f'target "{name}" {{\n  context = "{name}"\n  contexts = {{ base = "target:base" }}\n}}\n'
        for name in names
    ]
    files = {f"{name}/Dockerfile": body for name in names}
    return {**files, "docker-bake.hcl": "".join(bake), "base/Dockerfile": "FROM alpine\nRUN x\n"}


def test_from_6_targets_on_only_targets_are_drawn(tmp_path: Path) -> None:
    few = sg.render(request(tmp_path / "few", _many(4)), "mermaid", sg.View(all=True)).decode()
    many = sg.render(request(tmp_path / "many", _many(5)), "mermaid", sg.View(all=True)).decode()
    assert "subgraph" in few
    assert "subgraph" not in many
    assert "t_s004(" in many


def test_detail_chooses_targets_or_stages(tmp_path: Path) -> None:
    few, many = request(tmp_path / "few", _many(4)), request(tmp_path / "many", _many(5))
    assert "subgraph" not in sg.render(few, "mermaid", sg.View(detail="targets")).decode()
    assert "subgraph" in sg.render(many, "mermaid", sg.View(detail="stages")).decode()


@pytest.mark.parametrize("detail", ["targets", "stages"])
@pytest.mark.parametrize("name", ["svg", "dot", "mermaid", "html", "json", "text", "markdown", "png"])
def test_every_format_shows_a_request(name: str, detail: str, tmp_path: Path) -> None:
    value = request(tmp_path)
    assert sg.render(value, name, sg.View(detail=detail)) == sg.render(value, name, sg.View(detail=detail))


@pytest.mark.parametrize("name", ["svg", "dot", "mermaid"])
def test_every_legend_says_that_nothing_waits_for_an_arrow_by_tag(name: str) -> None:
    value = sg.read_request(str(ROOT / "samples/bake-monorepo"))
    assert "by tag, not waited for" in sg.render(value, name, sg.View(legend=True)).decode()


def test_steps_are_shown_in_the_frames_of_stages(tmp_path: Path) -> None:
    text = sg.render(request(tmp_path), "mermaid", sg.View(steps=True)).decode()
    assert "api#58;builder" in text or "api:builder" in text


SAMPLES = ("bake-monorepo", "compose")


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_has_its_pictures(
    sample: str, golden: Callable[[Path, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    folder = ROOT / "samples" / sample
    value = sg.analyse(sg.read_request(f"samples/{sample}"))
    golden(folder / "build.svg", sg.render(value, "svg", sg.View(legend=True)))
    golden(folder / "build.mmd", sg.render(value, "mermaid"))
    golden(folder / "report.txt", text_report(value, width=100).encode())
    golden(folder / "report.md", sg.render(value, "markdown"))


def test_a_sample_is_valid_json() -> None:
    import jsonschema

    schema = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
    for sample in SAMPLES:
        value = sg.read_request(str(ROOT / "samples" / sample))
        jsonschema.validate(json.loads(sg.render(value, "json")), schema)


# other commands


def test_diff_compares_two_bake_files(tmp_path: Path, in_process: Run) -> None:
    write(tmp_path / "old", FILES)
    new = FILES | {"web/Dockerfile": FILES["web/Dockerfile"].replace("RUN make", "RUN make all")}
    new["docker-bake.hcl"] = FILES["docker-bake.hcl"].replace(', "docs"', "")
    write(tmp_path / "new", new)
    done = in_process("diff", "old", "new/docker-bake.hcl", "--exit-code", cwd=tmp_path)
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (1, b"")
    assert "  - docs         FROM docker.io/org/api:latest, line 1\n" in text
    assert "  ~ web:builder  1 instruction changed, line 1\n" in text
    assert "TAG org/api" in text
    assert in_process("diff", "old", "old", "--exit-code", cwd=tmp_path).returncode == 0


def test_diff_matches_the_stages_of_a_target_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "old", FILES)
    bake = FILES["docker-bake.hcl"].replace('["api", "web"', '["web", "api", "a"')
    bake += 'target "a" {\n  context = "web"\n  args = { X = 1 }\n}\n'
    write(tmp_path / "new", FILES | {"docker-bake.hcl": bake})
    builds = (sg.read_request(str(tmp_path / name)) for name in ("old", "new"))
    comparison = sg.compare(*builds)
    stages = [node for node in comparison.nodes if node.kind is sg.NodeKind.STAGE]
    assert {(node.change, node.label) for node in stages} == {("added", "a:builder"), ("added", "a")}


def test_a_block_shows_a_bake_file(tmp_path: Path, in_process: Run) -> None:
    page = "<!-- stagegraph: ../docker-bake.hcl target=web -->\n<!-- /stagegraph -->\n"
    write(tmp_path, FILES | {"docs/page.md": page})
    done = in_process("embed", "docs/page.md", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "docs/page.md").read_text()
    assert "● base · base/Dockerfile" in text
    assert in_process("embed", "--check", "page.md", cwd=tmp_path / "docs").returncode == 0
    (tmp_path / "docs/page.md").write_text(page.replace("target=web", "platform=linux/arm64"))
    error = in_process("embed", "docs/page.md", cwd=tmp_path).stderr.decode()
    assert "docker-bake.hcl has the options of its builds" in error


def test_a_page_has_facts_about_what_is_drawn(tmp_path: Path) -> None:
    value = request(tmp_path)
    for detail, key in (("targets", "node:bake-target:api"), ("stages", "node:api/stage:3")):
        text = sg.render(value, "html", sg.View(detail=detail)).decode()
        assert text.count(f'"key":"{key}"') == 1 or text.count(f'"key": "{key}"') == 1


def test_control_characters_are_not_printed(tmp_path: Path, in_process: Run) -> None:
    bake = FILES["docker-bake.hcl"].replace('context = "web"', 'context = "w\\u001b[31m"')
    bake = bake.replace('context = "base"', 'context = "https://example.com/\\u001b[31m.git"')
    write(
        tmp_path,
        FILES | {"docker-bake.hcl": bake, "w\x1b[31m/Dockerfile": FILES["web/Dockerfile"] + "COPY . .\n"},
    )
    for words in (
        ("render", "-F", "text"),
        ("report",),
        ("report", "-F", "markdown"),
        ("explain", "web"),
        ("render",),
    ):
        done = in_process(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"\x1b" not in done.stdout


# what a stage takes over from the image of another target

IMAGE = {
    "docker-bake.hcl": """\
target "default" { contexts = { base = "target:base" } }
target "base" { context = "base" }
""",
    "base/Dockerfile": (
        "FROM scratch AS up\nARG HIDDEN=h\nENV HOME_OF=/srv\nWORKDIR /opt/app\nUSER web\n"
        'SHELL ["/bin/ash", "-c"]\nFROM up\nONBUILD COPY --from=tools /t t\nONBUILD WORKDIR sub\n'
    ),
    "Dockerfile": "FROM alpine AS tools\nFROM base\nCOPY a $HOME_OF/b\nCOPY c$HIDDEN d\nRUN x\n",
}


def test_a_stage_takes_over_the_image_of_the_target_that_it_is_from(tmp_path: Path) -> None:
    value = report(tmp_path, IMAGE)
    lands = {edge.paths: edge.lands for edge in value.edges if edge.lands}
    assert lands == {
        ("/t",): "/opt/app/t",
        ("a",): "/srv/b",
        ("c$HIDDEN",): "/opt/app/sub/d",  # an argument is not in the image
    }
    assert value.node("default/stage:0").needed


def test_a_trigger_of_another_target_runs_in_the_stage_from_it(tmp_path: Path) -> None:
    names = [step.name for step in report(tmp_path, IMAGE).steps]
    assert "[default stage-1 1/6] ONBUILD COPY --from=tools /t t" in names
    edge = next(edge for edge in report(tmp_path, IMAGE).edges if edge.onbuild)
    assert (edge.source, edge.target) == ("default/stage:0", "default/stage:1")


def test_a_stage_that_a_target_replaces_passes_on_that_image_and_its_own_triggers(tmp_path: Path) -> None:
    dockerfile = (
        "FROM alpine AS tools\nFROM alpine AS base\nWORKDIR /own\nONBUILD RUN own\nFROM base\nCOPY a b\n"
    )
    value = report(tmp_path, IMAGE | {"Dockerfile": dockerfile})
    assert {edge.lands for edge in value.edges if edge.paths == ("a",)} == {"/opt/app/b"}
    names = [step.name for step in value.steps]
    assert any("ONBUILD RUN own" in name for name in names)
    assert not any("/t t" in name for name in names)


def test_triggers_end_with_the_target_that_only_passes_an_image_on(tmp_path: Path) -> None:
    bake = (
        'target "default" { contexts = { base = "target:between" } }\n'
        'target "between" {\n  context = "between"\n  contexts = { x = "target:base" }\n}\n'
        'target "base" { context = "base" }\n'
    )
    files = {"docker-bake.hcl": bake, "between/Dockerfile": "FROM alpine AS x\n"}
    value = report(tmp_path, IMAGE | files)
    assert {edge.lands for edge in value.edges if edge.paths == ("c$HIDDEN",)} == {"/opt/app/d"}
    assert not [edge for edge in value.edges if edge.onbuild]


@pytest.mark.parametrize(("platforms", "expected"), [("", "linux/arm64"), ("linux/amd64", "linux/amd64")])
def test_a_pinned_platform_is_that_of_the_image_only_if_none_was_asked_for(
    tmp_path: Path, platforms: str, expected: str
) -> None:
    asked = f'context = "base"\n platforms = ["{platforms}"]' if platforms else 'context = "base"'
    bake = IMAGE["docker-bake.hcl"].replace('context = "base"', asked)
    files = {
        "docker-bake.hcl": bake,
        "base/Dockerfile": "FROM --platform=linux/arm64 alpine\n",
        "Dockerfile": "FROM alpine AS base\nFROM base\nRUN x\n",
    }
    steps = request(tmp_path, IMAGE | files).steps
    assert [step.platform for step in steps if step.name.endswith("RUN x")] == [expected]


def test_what_the_image_below_the_other_target_sets_stays_unknown(tmp_path: Path) -> None:
    files = IMAGE | {
        "base/Dockerfile": "FROM alpine\nENV A=/a\n",
        "Dockerfile": "FROM base\nCOPY x $A/x\nCOPY y y\n",
    }
    value = report(tmp_path, files)
    assert {edge.paths[0]: edge.lands for edge in value.edges if edge.paths} == {"x": "/a/x", "y": ""}


def test_the_platform_of_a_replaced_stage_is_that_of_the_other_image(tmp_path: Path) -> None:
    bake = IMAGE["docker-bake.hcl"].replace(
        'context = "base"', 'context = "base"\n platforms = ["linux/arm64"]'
    )
    dockerfile = "FROM alpine AS base\nFROM base\nRUN x\n"
    read = request(
        tmp_path,
        IMAGE | {"docker-bake.hcl": bake, "Dockerfile": dockerfile, "base/Dockerfile": "FROM alpine\n"},
    )
    assert [step.platform for step in read.steps if step.name.endswith("RUN x")] == ["linux/arm64"]


# many targets of one Dockerfile


def _targets_of_one(directory: Path, targets: int, tail: str = "") -> sg.Request:
    names = [f"s{number}" for number in range(targets)]
    bake = f'group "default" {{ targets = {json.dumps(names)} }}\n'
    bake += "".join(f'target "{name}" {{ target = "{name}" }}\n' for name in names)
    stages = "".join(f"FROM alpine AS {name}\nCOPY {name} /\nRUN {name}{tail}\n" for name in names)
    return request(directory, {"docker-bake.hcl": bake, "Dockerfile": stages})


def test_targets_of_one_dockerfile_are_read_and_analysed_together(tmp_path: Path) -> None:
    start = time.perf_counter()
    value = sg.analyse(_targets_of_one(tmp_path, 300))
    assert time.perf_counter() - start < 15  # one Dockerfile resolved for each target takes 40 s
    assert len(value.targets) == 300
    assert all(node.needed for node in value.nodes)


def test_targets_that_share_stages_have_the_report_of_each_alone(tmp_path: Path) -> None:
    value = sg.analyse(_targets_of_one(tmp_path, 3))
    alone = [sg.analyse(sg.read(str(tmp_path / "Dockerfile"), sg.Options(target=f"s{i}"))) for i in range(3)]
    assert [item.target for item in value.shipped] == [one.targets[0] for one in alone for _ in one.shipped]
    for one in alone:
        own = [item for item in value.shipped if item.target == one.targets[0]]
        assert own == list(one.shipped)


@pytest.mark.parametrize("reads", ["ARG TARGETSTAGE\nCOPY $TARGETSTAGE /", "ONBUILD COPY --from=s0 / /"])
def test_a_dockerfile_that_depends_on_its_target_is_resolved_for_each(tmp_path: Path, reads: str) -> None:
    value = sg.analyse(_targets_of_one(tmp_path, 2, f"\n{reads}"))
    if "TARGETSTAGE" in reads:
        paths = {(edge.target, edge.paths) for edge in value.edges}
        assert {("stage:0", ("s0",)), ("stage:1", ("s1",))} <= paths
        assert ("stage:0", ("s1",)) not in paths  # the target s1 does not need it
    assert all(node.needed for node in value.nodes if node.kind is sg.NodeKind.STAGE)


VARYING = """\
FROM alpine AS tools
RUN tools
FROM alpine AS base
{first}
FROM base AS s0
COPY a /
FROM s0 AS s1
ONBUILD COPY --from=tools /t /t
RUN b
FROM s1 AS s2
RUN c
FROM base AS s3
COPY --from=s2 /x /y
FROM alpine AS unused
RUN no
"""


@pytest.mark.parametrize(
    "first", ["ONBUILD RUN trigger", "ARG TARGETSTAGE\nRUN $TARGETSTAGE", "ARG TARGETSTAGE\nONBUILD RUN x"]
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_each_target_has_the_steps_that_it_has_alone(
    tmp_path: Path, first: str, order: tuple[int, ...]
) -> None:
    text = VARYING.format(first=first)
    resolver = TargetResolver(read_dockerfile(sg.Source(name="Dockerfile", text=text)), sg.Options())
    together = [(number, resolver.resolve(f"s{number}", "linux/amd64")) for number in order]
    for number, resolved in together:
        own = TargetBuild(resolved=resolved, several=False)
        source = sg.Source(name="Dockerfile", text=text)
        alone = sg.read(source, sg.Options(target=f"s{number}"))
        steps = raw_steps([own])
        assert [step.name for step in steps] == [step.name for step in alone.steps]
        assert [step.inputs for step in steps] == [step.inputs for step in alone.steps]


@pytest.mark.parametrize("first", ["ONBUILD RUN trigger", "ARG TARGETSTAGE\nRUN $TARGETSTAGE"])
def test_many_targets_that_vary_take_no_square_of_the_time(tmp_path: Path, first: str) -> None:
    def seconds(count: int) -> float:
        names = [f"s{number}" for number in range(count)]
        stages = "".join(f"FROM base AS {name}\nCOPY {name} /\nRUN {name}\n" for name in names)
        bake = f'group "default" {{ targets = {json.dumps(names)} }}\n'
        bake += "".join(f'target "{name}" {{ target = "{name}" }}\n' for name in names)
        files = {"Dockerfile": f"FROM alpine AS base\n{first}\n{stages}", "docker-bake.hcl": bake}
        start = time.process_time()
        report(tmp_path / str(count), files)
        return time.process_time() - start

    seconds(4)
    assert seconds(200) < 25 * seconds(20) + 1


# links

BASE = "https://example.com/blob/main"


def links(text: str) -> set[str]:
    return set(re.findall(rf"{BASE}[^\"\\]*", text))


@pytest.mark.parametrize("name", ["svg", "dot", "mermaid", "html"])
def test_a_link_base_is_that_of_the_current_directory(name: str, tmp_path: Path, in_process: Run) -> None:
    write(tmp_path, FILES)
    text = in_process("render", "-F", name, "--link-base", f"{BASE}/", cwd=tmp_path).stdout.decode()
    found = links(text)
    if name == "html":
        assert {f"{BASE}/{one}/Dockerfile" for one in ("api", "base", "web")} <= found
    else:
        assert {
            f"{BASE}/api/Dockerfile#L1",
            f"{BASE}/web/Dockerfile#L3",
            f"{BASE}/base/Dockerfile#L1",
        } <= found
    assert not any(one.startswith((f"{BASE}#", f"{BASE}/#")) for one in found)


@pytest.mark.parametrize("words", [("--detail", "targets"), ("--steps",), ()])
def test_each_link_is_to_a_line_of_its_own_dockerfile(
    words: tuple[str, ...], tmp_path: Path, in_process: Run
) -> None:
    write(tmp_path, FILES)
    done = in_process("render", "-F", "svg", "--link-base", BASE, *words, cwd=tmp_path)
    found = links(done.stdout.decode())
    assert found
    for link in found:
        path, _, line = link.removeprefix(f"{BASE}/").partition("#L")
        lines = (tmp_path / path).read_text().splitlines()
        assert lines[int(line) - 1].startswith(("FROM", "COPY", "RUN", "WORKDIR")), link


def test_a_dockerfile_inside_a_bake_file_or_outside_the_directory_has_no_link(
    tmp_path: Path, in_process: Run
) -> None:
    inline = 'target "default" {\n  dockerfile-inline = "FROM a\\nRUN b\\n"\n}\n'
    write(tmp_path, {"docker-bake.hcl": inline, "up/docker-bake.hcl": 'target "default" {context = ".."}\n'})
    write(tmp_path, {"Dockerfile": "FROM a\n", "with space/Dockerfile": "FROM a\nRUN b\n"})
    write(tmp_path, {"spaced.hcl": 'target "default" {context = "with space"}\n'})
    expected = {"docker-bake.hcl": set[str](), "spaced.hcl": {f"{BASE}/with%20space/Dockerfile#L1"}}
    for name, wanted in expected.items():
        done = in_process("render", name, "-F", "mermaid", "--link-base", BASE, cwd=tmp_path)
        assert links(done.stdout.decode()) == wanted
    done = in_process("render", "-F", "mermaid", "--link-base", BASE, cwd=tmp_path / "up")
    assert links(done.stdout.decode()) == set()
