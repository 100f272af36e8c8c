"""Errors of bake and compose files: each is one message at its line, whatever the names in the files are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.bake.reading import read_bake
from stagegraph.errors import StagegraphError
from stagegraph.graph.report import analyse
from stagegraph.request.read import read_request

from .bake_projects import write

_DOCKERFILE = "FROM alpine AS base\nRUN x\n"
_SERVICES = "services:\n  a:\n    build: .\n"


def _error(directory: Path, files: dict[str, str], *names: str) -> StagegraphError:
    write(directory, {"Dockerfile": _DOCKERFILE} | files)
    with pytest.raises(StagegraphError) as caught:
        read_bake(names, environment={}, directory=str(directory), check_files=True)
    return caught.value


_PLACES: dict[str, tuple[dict[str, str], str, tuple[int, int], str]] = {
    "a target of a group": (
        {"docker-bake.hcl": '\ngroup "default" { targets = ["b"] }\ntarget "a" {}\n'},
        "docker-bake.hcl",
        (2, 31),
        "failed to find target b, which default names",
    ),
    "a target of an inner group": (
        {"docker-bake.hcl": 'group "default" { targets = ["c"] }\ngroup "c" { targets = ["b"] }\n'},
        "docker-bake.hcl",
        (2, 25),
        "failed to find target b, which c names",
    ),
    "a target of several lines": (
        {
            "docker-bake.json": (
                '{"group": {"default": {"targets": [\n "a-b",\n "a"]}},\n "target": {"a-b": {}}}\n'
            )
        },
        "docker-bake.json",
        (3, 3),
        "failed to find target a, which default names",
    ),
    "a target that is inherited": (
        {"docker-bake.hcl": 'target "default" {\n  inherits = [\n    "b",\n  ]\n}\n'},
        "docker-bake.hcl",
        (3, 6),
        "failed to find target b, which default names",
    ),
    "a service that is a context": (
        {
            "compose.yaml": (
                "services:\n  a:\n    build:\n      additional_contexts:\n"
                "        y: .\n        x: service:b\n"
            )
        },
        "compose.yaml",
        (6, 20),
        "failed to find target b, which a names",
    ),
    "a value that is not written as it is": (
        {"docker-bake.hcl": 'target "default" {\n  inherits = ["${"b"}${"c"}"]\n}\n'},
        "docker-bake.hcl",
        (2, 14),
        "failed to find target bc, which default names",
    ),
    "a platform that is inherited": (
        {
            "docker-bake.hcl": (
                'target "b" {\n  platforms = [\n    "linux/arm64", "a/b/c/d"]\n}\n'
                'target "default" { inherits = ["b"] }\n'
            )
        },
        "docker-bake.hcl",
        (3, 21),
        "target default: invalid platform a/b/c/d",
    ),
    "a platform of an override": (
        {
            "docker-bake.hcl": 'target "default" {\n  platforms = ["linux"]\n}\n',
            "docker-bake.override.hcl": '\ntarget "default" { platforms = ["a/b/c/d"] }\n',
        },
        "docker-bake.override.hcl",
        (2, 34),
        "target default: invalid platform a/b/c/d",
    ),
    "unknown targets": (
        {"docker-bake.hcl": 'group "default" {\n targets = [timestamp()]\n}\n'},
        "docker-bake.hcl",
        (2, 12),
        "the targets of the group default depend on the time, on chance or on the machine",
    ),
    "a secret": (
        {"docker-bake.hcl": '\n\ntarget "default" {\n secret = ["id=a,src=none"]\n}\n'},
        "docker-bake.hcl",
        (3, 1),
        "target default: the file none of the secret a does not exist",
    ),
    "a control character": (
        {"compose.yaml": _SERVICES + "# a\x1ab\n"},
        "compose.yaml",
        (4, 4),
        "invalid YAML: unacceptable character #x001a: control characters are not allowed",
    ),
    "types in two files": (
        {"compose.yaml": _SERVICES, "docker-compose.yml": "services:\n  a: x\n"},
        "docker-compose.yml",
        (2, 3),
        "services.a must be a mapping",
    ),
    "a build of the wrong type": (
        {"compose.yaml": "services:\n  a:\n    build: .\n  b:\n    extends: a\n    build: [x]\n"},
        "compose.yaml",
        (6, 5),
        "services.b.build.context must be a string",
    ),
    "a context of the wrong type": (
        {"compose.yaml": "services:\n  a:\n    extends: b\n    build: .\n  b:\n    build: {context: 1}\n"},
        "compose.yaml",
        (6, 13),
        "services.b.build.context must be a string",
    ),
    "an imported service": (
        {"compose.yaml": "include: [b.yaml]\n" + _SERVICES, "b.yaml": "services:\n  a:\n    build: x\n"},
        "compose.yaml",
        (3, 3),
        "services.a conflicts with an imported resource",
    ),
    "a line that ends with U+2028": (
        {"compose.yaml": "# a\u2028# b\u0085# c\r# d\n" + _SERVICES + "    x: y: z\n"},
        "compose.yaml",
        (5, 9),
        "invalid YAML: mapping values are not allowed in this context",
    ),
    "a key after U+2028": (
        {"compose.yaml": '# a\u2028services:\n  a: {build: {target: "${"}}\n'},
        "compose.yaml",
        (2, 15),
        "services.a.build.target: ",
    ),
}


@pytest.mark.parametrize("name", _PLACES)
def test_an_error_is_at_its_line(name: str, tmp_path: Path) -> None:
    files, file, place, message = _PLACES[name]
    error = _error(tmp_path, files)
    assert error.message.startswith(message)
    assert error.source is not None
    assert error.span is not None
    assert (error.source.name, error.span[0], error.span[2]) == (file, *place)


def test_a_value_of_set_is_not_in_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"docker-bake.hcl": 'target "default" {\n  platforms = ["linux"]\n}\n'})
    with pytest.raises(StagegraphError) as caught:
        read_bake((), overrides=["*.platform=a/b/c/d"], environment={}, directory=str(tmp_path))
    assert caught.value.message == "target default: invalid platform a/b/c/d"
    assert caught.value.span is not None
    assert caught.value.span.line == 1


@pytest.mark.parametrize("name", ["docker-bake.hcl", "compose.yaml", "docker-bake.json", ".env"])
def test_bytes_that_are_not_text_are_shown_at_their_line(name: str, tmp_path: Path) -> None:
    files = {"compose.yaml": _SERVICES} if name == ".env" else {}
    write(tmp_path, files)
    (tmp_path / name).write_bytes("# é\n#é\xff".encode() + b"\xff\n")
    error = _error(tmp_path, {})
    assert str(error).startswith(f"{name}:2:4: {name} is not UTF-8 text\n    2 | #é")
    assert error.hint == "save the file as UTF-8"


_NAMES: dict[str, Callable[[str], str]] = {
    "target": lambda name: f'group "default" {{ targets = ["{name}"] }}\n',
    "dockerfile": lambda name: f'target "default" {{ dockerfile = "{name}" }}\n',
    "context": lambda name: f'target "default" {{ context = "{name}" }}\n',
    "stage": lambda name: f'target "default" {{ target = "{name}" }}\n',
    "platform": lambda name: f'target "default" {{ platforms = ["linux/{name}/a/b"] }}\n',
    "annotation": lambda name: f'target "default" {{ annotations = ["{name}"] }}\n',
}


@pytest.mark.parametrize("kind", _NAMES)
@pytest.mark.parametrize(
    "name", ["a\\n::error::b", "a\\r\\n::b\\u2028##[c", "a" * 5000, "\\u001b[31m\\u202e"]
)
def test_a_name_in_an_error_stays_on_its_line_and_is_cut(kind: str, name: str, tmp_path: Path) -> None:
    write(tmp_path, {"Dockerfile": _DOCKERFILE, "docker-bake.hcl": _NAMES[kind](name)})
    with pytest.raises(StagegraphError) as caught:
        analyse(read_request(str(tmp_path), environment={}))
    message = caught.value.message
    assert message.isprintable() or "\u200b" in message
    assert len(message) < 1100
    assert "##[" not in message
    first, *rest = str(caught.value).split("\n")
    assert message in first
    assert all(line.startswith((" ", "hint: ")) for line in rest)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docker-bake.hcl", 'target "default" { context = "https://github.com/a/b.git" }\n'),
        ("compose.yaml", "services: {a: {build: https://github.com/a/b.git}}\n"),
        ("docker-bake.json", '{"target": {"default": {"context": "git@github.com:a/b.git"}}}'),
    ],
)
def test_a_request_of_only_one_remote_target_has_its_node(name: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, {name: text})
    report = analyse(read_request(str(tmp_path), environment={}))
    assert [target.node for target in report.bake_targets] == [node.id for node in report.nodes]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ('format("%e", 1e400)', "1.000000e+400"),
        ('format("%.2e", 123e400)', "1.23e+402"),
        ('format("%g", 1e400)', "1e+400"),
        ('format("%.3g", 15e400)', "1.5e+401"),
        ('format("%G", -25e-400)', "-2.5E-399"),
        ('format("%E", 1e-320)', "1.000000E-320"),
        ('format("%.0e", 1e400)', "1e+400"),
    ],
)
def test_numbers_beyond_floats_have_an_exponent(call: str, text: str, tmp_path: Path) -> None:
    write(tmp_path, {"docker-bake.hcl": f'target "default" {{ args = {{ A = {call} }} }}\n'})
    assert read_bake(environment={}, directory=str(tmp_path)).targets[0].args == {"A": text}


_BUILDS = [
    *(
        f"{key}: {{a: {value}}}"
        for key in ("args", "labels", "additional_contexts", "ssh")
        for value in ("[b]", "{b: c}")
    ),
    *(
        f"{key}: [{value}]"
        for key in ("labels", "extra_hosts", "secrets")
        for value in ("[b]", "{source: [b]}")
    ),
    "extra_hosts: {a: {b: c}}",
    "extra_hosts: {a: [[b]]}",
    *(f"x-bake: {{{key}: [[b]]}}" for key in ("tags", "platforms", "cache-from", "secret", "output", "pull")),
    *(f"x-bake: {{{key}: {{a: {{}}}}}}" for key in ("ssh", "no-cache", "contexts", "no-cache-filter")),
]


@pytest.mark.parametrize("build", _BUILDS)
def test_a_list_or_a_mapping_in_place_of_a_value_is_an_error_at_its_key(build: str, tmp_path: Path) -> None:
    error = _error(
        tmp_path, {"compose.yaml": f"services:\n  a:\n    build:\n      context: .\n      {build}\n"}
    )
    assert error.line == 5
    assert error.message.startswith("services.a.build.")
    assert "'" not in error.message


@pytest.mark.parametrize(
    "text",
    [
        "secrets: {s: {file: [a]}}",
        "secrets: {s: {environment: {a: b}}}",
        "include: [{path: [[a]]}]",
        "include: [[a]]",
        "include: [{path: b.yaml, env_file: [{}]}]",
        "include: [{path: b.yaml, project_directory: {a: b}}]",
    ],
)
def test_a_list_or_a_mapping_in_place_of_a_path_is_an_error(text: str, tmp_path: Path) -> None:
    error = _error(tmp_path, {"compose.yaml": f"{_SERVICES}{text}\n", "b.yaml": "name: b\n"})
    assert error.line == 4
    assert "'" not in error.message


@pytest.mark.parametrize("text", ["", "\\n", "\\n\\n\\n"])
def test_csv_without_a_header_is_an_error(text: str, tmp_path: Path) -> None:
    error = _error(tmp_path, {"docker-bake.hcl": f'target "default" {{\n tags = csvdecode("{text}")\n}}\n'})
    assert (error.line, error.message) == (2, "csvdecode(): invalid CSV: it has no header")
