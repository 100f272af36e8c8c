"""Builds whose build context or Dockerfile does not exist, and those of which this is not known."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

COMPOSE = "services:\n  a:\n    build: {}\n"
CHECKOUT = "on: push\njobs:\n  j:\n    steps:\n      - uses: actions/checkout@v4\n"


def _workflow(*steps: str, context: str = "app", file: str = "app/Nope") -> str:
    build = f"      - uses: docker/build-push-action@v6\n        with: {{context: {context}, file: {file}}}\n"
    return CHECKOUT + "".join(f"      - {step}\n" for step in steps) + build


def _repository(folder: Path, files: dict[str, str]) -> None:
    (folder / ".git").mkdir()
    for name, text in {"app/Dockerfile": "FROM scratch\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _found(run: Run, folder: Path, *args: str) -> list[tuple[str, str, int, int]]:
    files = json.loads(run("check", "-F", "json", *args, cwd=folder).stdout)["files"]
    return [
        (file["file"], one["code"], one["line"], one["column"])
        for file in files
        for one in file["findings"]
        if one["code"].startswith("missing-")
    ]


@pytest.mark.parametrize(
    ("name", "text", "code", "line", "column"),
    [
        ("compose.yaml", COMPOSE.format("./none"), "missing-context", 3, 12),
        ("docker-compose.yml", COMPOSE.format("{context: none}"), "missing-context", 3, 22),
        (
            "compose.yaml",
            COMPOSE.format("\n      context: app\n      dockerfile: x/Nope"),
            "missing-dockerfile",
            5,
            19,
        ),
        ("compose.yaml", COMPOSE.format("./docs"), "missing-dockerfile", 3, 1),
        ("sub/compose.yaml", COMPOSE.format("../none"), "missing-context", 3, 12),
        ("docker-bake.hcl", 'target "a" {\n  context = "none"\n}\n', "missing-context", 2, 14),
        ("docker-bake.hcl", 'target "a" {\n  dockerfile = "Nope"\n}\n', "missing-dockerfile", 2, 17),
        ("docker-bake.json", '{"target": {"a": {\n"context": "none"}}}\n', "missing-context", 2, 13),
        (".github/workflows/ci.yml", _workflow(), "missing-dockerfile", 7, 36),
        (".github/workflows/ci.yml", _workflow(context="none"), "missing-context", 7, 25),
        (
            ".github/workflows/ci.yml",
            _workflow("uses: docker/setup-buildx-action@v3", "run: echo hello"),
            "missing-dockerfile",
            9,
            36,
        ),
    ],
)
def test_a_build_of_what_does_not_exist_is_an_error(
    name: str, text: str, code: str, line: int, column: int, in_process: Run, tmp_path: Path
) -> None:
    _repository(tmp_path, {name: text, "docs/index.md": "# none\n"})
    assert _found(in_process, tmp_path) == [(name, code, line, column)]
    assert in_process("check", cwd=tmp_path).returncode == 1
    assert _found(in_process, tmp_path, "--ignore", code) == []
    assert _found(in_process, tmp_path, "--no-discover") == []
    assert _found(in_process, tmp_path, "--exclude", name.rpartition("/")[2]) == []


NONE = COMPOSE.format("./none")


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": COMPOSE.format("${HERE}/none")},
        {"compose.yaml": COMPOSE.format("../outside")},
        {"compose.yaml": COMPOSE.format("/opt/none")},
        {"compose.yaml": COMPOSE.format("https://example.com/none.git")},
        {"compose.yaml": COMPOSE.format("{context: app, dockerfile: /abs/Dockerfile}")},
        {"compose.yaml": NONE, ".gitignore": "none/\n"},
        {"compose.yaml": NONE, ".gitignore": "n*\n"},
        {"sub/compose.yaml": NONE, "sub/.gitignore": "/none\n"},
        {"compose.yaml": COMPOSE.format("none/deep"), ".gitignore": "none\n"},
        {"compose.yaml": NONE, ".gitmodules": '[submodule "x"]\n\tpath = none\n\turl = https://x\n'},
        {"compose.yaml": COMPOSE.format("none/b"), ".gitmodules": '[submodule "x"]\n\tpath = none\n'},
        {"compose.yaml": NONE, "setup.sh": "git clone https://example.com/x none\n"},
        {"compose.yaml": NONE, "Makefile": "none:\n\tmkdir $@\n"},
        {"compose.yaml": NONE, "tools/get.py": "open('none/Dockerfile', 'w')\n"},
        {"compose.yaml": NONE, ".git/info/sparse-checkout": "/app\n"},
        {"compose.yaml": NONE + "    volumes: ['./none:/data']\n"},
        {"sub/compose.yaml": COMPOSE.format("./app")},  # with --project-directory
        {"compose.yaml": COMPOSE.format("{context: app, dockerfile: Nope}"), "app/Nope.in": "FROM a\n"},
        {"compose.yaml": COMPOSE.format("docs"), "docs/Dockerfile.j2": "FROM {{ a }}\n"},
        {"compose.yaml": COMPOSE.format("docs"), "docs/a.sh": "cat a b > docs/Dockerfile\n"},
        {"compose.yaml": NONE, "compose.override.yaml": COMPOSE.format("app")},
        {"compose.yaml": "services:\n  a:\n    extends: {file: b.yaml, service: b}\n    build: none\n"},
        {"compose.prod.yaml": COMPOSE.format("{dockerfile: Nope}")},
        {"testdata/compose.yaml": NONE},
        {"docker-bake.hcl": 'variable "V" { default = "none" }\ntarget "a" { context = V }\n'},
        {"docker-bake.hcl": 'target "a" { context = "none" }\n', "compose.yaml": COMPOSE.format("app")},
        {
            "docker-bake.hcl": 'target "b" { context = "none" }\n'
            'target "a" {\n  inherits = ["b"]\n  context = "app"\n}\n'
        },
        {
            "docker-bake.hcl": 'target "a" { context = "none" }\n',
            "build.sh": "docker buildx bake --set a.context=app\n",
        },
        {".github/workflows/ci.yml": _workflow("uses: actions/download-artifact@v4")},
        {".github/workflows/ci.yml": _workflow("run: make dist")},
        {".github/workflows/ci.yml": _workflow("run: git submodule update --init")},
        {
            ".github/workflows/ci.yml": _workflow(
                "{uses: actions/checkout@v4, with: {repository: o/r, path: x}}"
            )
        },
        {".github/workflows/ci.yml": _workflow(file="${{ matrix.file }}")},
        {".github/workflows/ci.yml": _workflow("run: curl -o app/Nope https://example.com")},
        {".github/actions/x/action.yml": _workflow().replace("jobs:\n  j:\n    steps:", "runs:\n    steps:")},
        {"action.yml": _workflow().replace("jobs:\n  j:\n", "runs:\n")},
    ],
)
def test_what_may_come_to_exist_is_not_an_error(
    files: dict[str, str], in_process: Run, tmp_path: Path
) -> None:
    _repository(tmp_path, {"docs/index.md": "# x\n", **files})
    assert _found(in_process, tmp_path) == []


def test_a_repository_without_dockerfiles_is_searched_too(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "compose.yaml").write_text(NONE)
    assert _found(in_process, tmp_path) == [("compose.yaml", "missing-context", 3, 12)]


def test_only_files_below_the_checked_directories_are_reported(in_process: Run, tmp_path: Path) -> None:
    _repository(tmp_path, {"a/compose.yaml": NONE, "b/compose.yaml": NONE})
    assert [one[0] for one in _found(in_process, tmp_path, "a")] == ["a/compose.yaml"]
    assert _found(in_process, tmp_path, "app/Dockerfile") == []


def test_the_text_says_what_is_missing_and_what_may_be_meant(in_process: Run, tmp_path: Path) -> None:
    _repository(tmp_path, {"compose.yaml": COMPOSE.format("./ap")})
    assert in_process("check", cwd=tmp_path).stdout.decode().split("\n\n")[0] == (
        "compose.yaml\n"
        "  3:12 error: the build context `ap` does not exist (did you mean `app`?), so this build fails"
        " [missing-context]\n"
        "        3 |     build: ./ap\n"
        "          |            ^~~~\n"
        "      why: no file of the repository says how it is made, and Git does not ignore it\n"
        "      fix: write a path that exists, or add the build context"
    )
