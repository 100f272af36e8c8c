"""``stagegraph check`` as people run it: files, directories, settings, exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.check.rules import RULES

from .tools import somebody_else

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
DEAD = "FROM a\nRUN x\n\nFROM b\n"
INFO = "FROM a\nFROM b\nCOPY --from=0 /x /y\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(top: Path, **files: str) -> None:
    """Files under ``top``; __ in a name stands for /, and a name without a point for itself."""
    for name, text in files.items():
        path = top / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_no_findings_exit_with_0(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile="FROM a\n")
    done = in_process("check", cwd=repository)
    assert (done.returncode, done.stdout) == (0, b"1 file checked: no findings\n")


def test_a_finding_exits_with_1(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile=DEAD)
    done = in_process("check", cwd=repository)
    assert done.returncode == 1
    assert done.stdout.endswith(b"1 file checked: 1 warning\n")


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [
        (INFO, "warning", 0),
        (INFO, "info", 1),
        (DEAD, "error", 0),
        (DEAD, "never", 0),
        ("NOPE\n", "never", 1),
    ],
)
def test_fail_on_sets_the_lowest_severity_that_fails(
    in_process: Run, repository: Path, text: str, fail_on: str, code: int
) -> None:
    write(repository, Dockerfile=text)
    assert in_process("check", "--fail-on", fail_on, cwd=repository).returncode == code


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--select", "dead-stag"),
            "--select: unknown rule `dead-stag`\nhint: did you mean `dead-stage`?",
        ),
        (("--ignore", "x"), "--ignore: unknown rule `x`\nhint: the rules are dead-stage, "),
        (("--explain", "later-stages"), "--explain: unknown rule `later-stages`\nhint: did you mean"),
        (("--fail-on", "fatal"), "'fatal' is not one of"),
        (("--format", "xml"), "'xml' is not one of"),
        (("--fix", "-"), "cannot fix standard input in place\nhint: name a file, or use --diff"),
        (("--platform", "a/b/c/d"), "invalid platform `a/b/c/d`"),
    ],
)
def test_wrong_usage_exits_with_2(
    in_process: Run, repository: Path, args: tuple[str, ...], message: str
) -> None:
    write(repository, Dockerfile="FROM a\n")
    done = in_process("check", *args, cwd=repository)
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_rules_are_chosen(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile=DEAD)
    assert in_process("check", "--ignore", "dead-stage,idle-stage", cwd=repository).returncode == 0
    assert in_process("check", "--select", "idle-stage", cwd=repository).returncode == 0
    assert in_process("check", "--select", "dead-stage", cwd=repository).returncode == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "stagegraph.toml"])
def test_settings_of_the_project(in_process: Run, repository: Path, name: str) -> None:
    table = "tool.stagegraph.check" if name == "pyproject.toml" else "check"
    write(repository, a__Dockerfile=DEAD, b__Dockerfile=INFO, c__Dockerfile="NOPE\n")
    (repository / name).write_text(
        f'[{table}]\nignore = ["dead-stage"]\nexclude = ["c/"]\nfail-on = "info"\n'
    )
    done = in_process("check", ".", "--format", "json", cwd=repository)
    assert done.returncode == 1
    found = json.loads(done.stdout)["files"]
    assert [(file["file"], [one["code"] for one in file["findings"]]) for file in found] == [
        ("a/Dockerfile", []),
        ("b/Dockerfile", ["number-reference"]),
    ]
    assert in_process("check", "../a", cwd=repository / "b").returncode == 0


def test_stagegraph_toml_comes_before_pyproject(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile=DEAD)
    (repository / "pyproject.toml").write_text('[tool.stagegraph.check]\nignore = ["dead-stage"]\n')
    (repository / "stagegraph.toml").write_text("[check]\n")
    assert in_process("check", cwd=repository).returncode == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[check]\nignor = ["x"]\n', "unknown setting `ignor`\nhint: did you mean `ignore`?"),
        ('[check]\nselect = ["dead"]\n', "unknown rule `dead`\nhint: did you mean `dead-stage`?"),
        ("[check]\nselect = 1\n", "`select` must be a list of strings"),
        ('[check]\nfail-on = "x"\n', "`fail-on` must be one of error, warning, info, never"),
        ("[check]\ndiscover = 1\n", "`discover` must be true or false"),
        ("check = 1\n", "`check` must be a table"),
        ("[", "stagegraph.toml cannot be read: "),
    ],
)
def test_invalid_settings_exit_with_2(in_process: Run, repository: Path, text: str, message: str) -> None:
    write(repository, Dockerfile="FROM a\n")
    (repository / "stagegraph.toml").write_text(text)
    done = in_process("check", cwd=repository)
    assert done.returncode == 2
    assert message in done.stderr.decode()


def test_standard_input(stagegraph: Run) -> None:
    done = stagegraph("check", "-", stdin=DEAD.encode())
    assert done.returncode == 1
    assert done.stdout.startswith(b"<stdin>\n  1:6 warning: nothing can ever build `stage-0`")


def test_directories_are_searched_for_dockerfiles_by_their_names(in_process: Run, repository: Path) -> None:
    names = (
        "Dockerfile",
        "Dockerfile.dev",
        "api.Dockerfile",
        "Containerfile",
        "x.containerfile",
        "dockerfile-x",
    )
    for name in names:
        (repository / name).write_text("FROM a\n")
    for name in ("Dockerfile.dockerignore", "Dockerfiles", "mydockerfile", "Dockerfile.md", "Dockerfile~"):
        (repository / name).write_text("NOPE\n")
    found = json.loads(in_process("check", "--format", "json", cwd=repository).stdout)
    assert sorted(file["file"] for file in found["files"]) == sorted(names)
    assert found["notes"] == []


def test_files_that_git_ignores_are_skipped_unless_named(in_process: Run, repository: Path) -> None:
    write(repository, out__Dockerfile=DEAD, Dockerfile="FROM a\n", sub__x__Dockerfile=DEAD)
    (repository / ".gitignore").write_text("/out/\n")
    (repository / "sub" / ".gitignore").write_text("x\n")
    assert in_process("check", cwd=repository).returncode == 0
    assert in_process("check", "out/Dockerfile", cwd=repository).returncode == 1


def test_templates_are_skipped_with_one_note(in_process: Run, repository: Path) -> None:
    write(repository, **{"a__Dockerfile.j2": "x", "b__Dockerfile.tmpl": "y", "c__Dockerfile.in": "z"})
    write(repository, d__Dockerfile="{% if x %}\nFROM a\n{% endif %}\n", e__Dockerfile="FROM a\n")
    done = in_process("check", cwd=repository)
    assert done.returncode == 0
    assert done.stdout.decode() == (
        "note: a/Dockerfile.j2: skipped: the file name looks like a template"
        " (also b/Dockerfile.tmpl, c/Dockerfile.in)\n"
        "note: d/Dockerfile: skipped: the content looks like a template\n"
        "\n"
        "1 file checked: no findings\n"
    )


def test_one_broken_file_does_not_stop_the_others(in_process: Run, repository: Path) -> None:
    write(repository, a__Dockerfile="NOPE\n", b__Dockerfile=DEAD)
    (repository / "c.Dockerfile").write_bytes(b"\xff\xfe\x00\x00binary")
    os.mkfifo(repository / "d.Dockerfile")
    done = in_process("check", "--format", "json", cwd=repository)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert [(file["file"], bool(file["error"]), len(file["findings"])) for file in found["files"]] == [
        ("a/Dockerfile", True, 0),
        ("b/Dockerfile", False, 1),
    ]
    assert found["notes"] == ["c.Dockerfile: skipped: binary, not a Dockerfile"]


def test_a_file_that_is_named_must_be_a_dockerfile(in_process: Run, repository: Path) -> None:
    write(repository, **{"x.j2": "{% x %}\n", "Dockerfile": "FROM a\n"})
    done = in_process("check", "x.j2", "nope", "Dockerfile", cwd=repository)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert "x.j2\n  1:1 error: unknown instruction `{%`" in text
    assert "nope\n  error: nope: No such file or directory" in text
    assert text.endswith("3 files checked: 2 errors\n")


def test_links_in_a_circle_are_followed_once(in_process: Run, repository: Path) -> None:
    (repository / "a").mkdir()
    (repository / "a" / "loop").symlink_to("..")
    (repository / "Dockerfile.x").symlink_to("Dockerfile.x")
    (repository / "Dockerfile.y").symlink_to("nowhere")
    write(repository, a__Dockerfile="FROM a\n")
    assert in_process("check", cwd=repository).stdout == b"1 file checked: no findings\n"


@pytest.mark.parametrize("git", [True, False])
def test_a_link_out_of_the_repository_is_noted_and_not_shown(
    in_process: Run, tmp_path: Path, git: bool
) -> None:
    write(
        tmp_path,
        secret="password of the machine\n",
        repository__Dockerfile="FROM a\n",
        repository__sub__real=DEAD,
    )
    inside = tmp_path / "repository"
    if git:
        (inside / ".git").mkdir()
    (inside / "Dockerfile.x").symlink_to("../secret")
    (inside / "ci.sh").symlink_to("../secret")
    (inside / "sub" / "Dockerfile").symlink_to("real")
    done = in_process("check", cwd=inside)
    text = done.stdout.decode()
    assert b"password" not in done.stdout + done.stderr
    assert "Dockerfile.x: skipped: a symbolic link to a file outside the repository\n" in text
    assert "sub/Dockerfile\n" in text  # a link inside is read
    assert text.endswith("2 files checked: 1 warning\n")
    assert b"password" in in_process("check", "Dockerfile.x", cwd=inside).stdout  # who names it may see it


def test_files_without_permission_are_noted(in_process: Run, open_folder: Path) -> None:
    (open_folder / ".git").mkdir()
    write(open_folder, closed__Dockerfile=DEAD, Dockerfile=DEAD)
    write(open_folder, **{"Dockerfile.x": DEAD, "ci.sh": "docker build ."})
    for name in ("closed", "Dockerfile.x", "ci.sh"):
        (open_folder / name).chmod(0)
    with somebody_else(in_process):
        done = in_process("check", cwd=open_folder)
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "Dockerfile.x\n  error: Dockerfile.x: Permission denied" in text
    assert "closed: not read: Permission denied" in text
    assert "ci.sh: not read: Permission denied" in text
    assert text.endswith("2 files checked: 1 error, 1 warning\n")


def test_many_files_keep_their_order_on_all_cores(in_process: Run, repository: Path) -> None:
    for index in range(200):
        write(repository, **{f"{index:03}__Dockerfile": DEAD if index % 3 else "FROM a\n"})
    found = json.loads(in_process("check", "--format", "json", cwd=repository).stdout)["files"]
    assert [file["file"] for file in found] == [f"{index:03}/Dockerfile" for index in range(200)]
    assert [len(file["findings"]) for file in found] == [int(index % 3 > 0) for index in range(200)]


def test_a_terminal_shows_progress_and_a_pipe_does_not(repository: Path) -> None:
    for index in range(120):
        write(repository, **{f"{index:03}__Dockerfile": "FROM a\n"})
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "stagegraph", "check"],
        stdout=subprocess.PIPE,
        stderr=secondary,
        cwd=repository,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(secondary)
    shown = b""
    try:
        while chunk := os.read(primary, 65536):
            shown += chunk
    except OSError:
        pass  # Linux says so when the other end is closed
    os.close(primary)
    out, _ = process.communicate(timeout=60)
    assert b"Checking" in shown
    assert out == b"120 files checked: no findings\n"


def test_the_builds_of_the_repository_are_found(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile="FROM a AS test\nFROM a AS old\nFROM b\n", Makefile="x:\n\tdocker build .\n")
    write(repository, ci__test="#!/bin/sh\ndocker build --target=test .\n")
    found = in_process("check", cwd=repository).stdout.decode()
    assert "2:11 info: no known build needs `old` [idle-stage]" in found
    assert "why: no build in Makefile:2, ci/test:2 needs it; it is only built as target `old`" in found
    assert "fix: add `# stagegraph: target` above it if people build it by hand, or remove line 2" in found
    assert "idle-stage" not in in_process("check", "--no-discover", cwd=repository).stdout.decode()


def test_outside_a_repository_the_named_directories_are_searched_for_builds(
    in_process: Run, tmp_path: Path
) -> None:
    write(tmp_path, Dockerfile="FROM a AS old\nFROM b\n", Makefile="x:\n\tdocker build .\n")
    assert b"old" in in_process("check", cwd=tmp_path).stdout
    assert b"old" not in in_process("check", "--no-discover", cwd=tmp_path).stdout
    assert b"old" not in in_process("check", "Dockerfile", cwd=tmp_path).stdout
    assert b"old" in in_process("check", "--discover", "Dockerfile", cwd=tmp_path).stdout


@pytest.mark.parametrize("words", [(), ("docker-bake.hcl",)])
def test_outside_a_repository_a_bake_file_says_what_replaces_an_image(
    in_process: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "api").mkdir()
    write(tmp_path / "api", Dockerfile="FROM alpine\nRUN x\n")
    bake = 'target "api" { context = "api" }\ntarget "default" { contexts = { api = "target:api" } }\n'
    write(tmp_path, Dockerfile="FROM alpine\nCOPY --from=api /x /x\n")
    (tmp_path / "docker-bake.hcl").write_text(bake)
    assert b"no findings" in in_process("check", *words, cwd=tmp_path).stdout


def test_targets_on_the_command_line_are_all_targets(in_process: Run, tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM a AS x\nFROM a AS old\nFROM b\n")
    found = in_process("check", "--target", "x", cwd=tmp_path).stdout.decode()
    assert "no known build needs `old`" in found
    assert "why: no build with the given --target needs it" in found


def test_broken_files_of_builds_are_noted(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile="FROM a AS x\nFROM b\n")
    write(repository, **{"docker-bake.hcl": "target {{{", "compose.yaml": "a: ["})
    done = in_process("check", cwd=repository)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[:2] == [
        "note: compose.yaml:2: not understood: invalid YAML: did not find expected node content",
        "note: docker-bake.hcl:1: not understood: expected the name of an attribute or of a block",
    ]


def test_list_rules_has_a_line_for_each(in_process: Run) -> None:
    lines = in_process("check", "--list-rules").stdout.decode().splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.code, rule.severity] for rule in RULES.values()]


@pytest.mark.parametrize("code", RULES)
def test_explain_shows_the_page_of_a_rule(in_process: Run, code: str) -> None:
    text = in_process("check", "--explain", code).stdout.decode()
    assert text.startswith(f"## {code}\n\n*")
    assert text.count("```dockerfile") + text.count("```yaml") == 2


def test_output_goes_to_a_file(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile=DEAD)
    done = in_process("check", "--format", "sarif", "-o", "x.sarif", cwd=repository)
    assert (done.returncode, done.stdout) == (1, b"")
    assert json.loads((repository / "x.sarif").read_text())["version"] == "2.1.0"


_TESTED = "FROM a AS x\nFROM b AS test\nCOPY --from=x /a /b\n"
_SERVICE = "services:\n  a:\n    build:\n      context: .\n      target: {}\n"


def findings(done: subprocess.CompletedProcess[bytes], code: str) -> list[tuple[str, int, str]]:
    """The file, line and message of every finding with ``code`` in the JSON output."""
    return [
        (file["file"], one["line"], one["message"])
        for file in json.loads(done.stdout)["files"]
        for one in file["findings"]
        if one["code"] == code
    ]


def test_a_build_of_a_target_that_no_stage_has_is_an_error_at_its_line(
    in_process: Run, repository: Path
) -> None:
    write(repository, Dockerfile=_TESTED, bin__build="#!/bin/sh\ndocker build -t tset --target tset .\n")
    (repository / "docker-compose.test.yml").write_text(_SERVICE.format("development"))
    workflow = repository / ".github/workflows/p.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v5\n"
        "        with:\n          target: simple\n"
    )
    done = in_process("check", "-F", "json", cwd=repository)
    assert done.returncode == 1
    end = "so this build fails"
    assert findings(done, "unknown-target") == [
        (".github/workflows/p.yml", 6, f"Dockerfile has no stage `simple`, {end}"),
        ("bin/build", 2, f"Dockerfile has no stage `tset` (did you mean `test`?), {end}"),
        ("docker-compose.test.yml", 5, f"Dockerfile has no stage `development`, {end}"),
    ]
    assert not [file["notes"] for file in json.loads(done.stdout)["files"] if file["notes"]]
    text = in_process("check", cwd=repository).stdout.decode()
    assert "bin/build\n  2:31 error: Dockerfile has no stage `tset`" in text
    assert "1 file checked, 3 builds found: 3 errors" in text
    sarif = json.loads(in_process("check", "-F", "sarif", cwd=repository).stdout)["runs"][0]["results"]
    assert [one["level"] for one in sarif if one["ruleId"] == "unknown-target"] == ["error"] * 3
    github = in_process("check", "-F", "github", cwd=repository).stdout.decode()
    assert "::error file=bin/build,line=2,endLine=2,title=unknown-target::" in github


@pytest.mark.parametrize(
    "args", [("--ignore", "unknown-target"), ("--no-discover",), ("--exclude", "*.yaml")]
)
def test_an_unknown_target_can_be_ignored(in_process: Run, repository: Path, args: tuple[str, ...]) -> None:
    write(repository, Dockerfile=_TESTED)
    (repository / "compose.yaml").write_text(_SERVICE.format("nope"))
    assert in_process("check", cwd=repository).returncode == 1
    assert in_process("check", *args, cwd=repository).returncode == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", _SERVICE.format("${X:-nope}")),
        ("compose.yaml", _SERVICE.format("TEST")),
        ("compose.yaml", _SERVICE.format("'0'")),
        ("build.sh", "git clone x y\ncd y\ndocker build --target nope .\n"),
        ("build.sh", "cd $OTHER\ndocker build --target nope .\n"),
        ("build.sh", "cat head tail > Dockerfile\ndocker build --target nope .\n"),
        ("build.sh", "docker build --target nope https://github.com/a/b.git\n"),
        (
            ".github/workflows/p.yml",
            """
            jobs: {a: {steps: [
                {uses: actions/checkout@v4, with: {repository: a/b}},
                {uses: docker/build-push-action@v5, with: {target: nope}}]}}
            """,
        ),
        ("docker-bake.hcl", 'variable "T" {\n  default = "nope"\n}\ntarget "a" {\n  target = T\n}\n'),
    ],
)
def test_a_build_that_may_use_another_file_or_target_is_not_an_error(
    in_process: Run, repository: Path, name: str, text: str
) -> None:
    write(repository, Dockerfile=_TESTED)
    (repository / name).parent.mkdir(parents=True, exist_ok=True)
    (repository / name).write_text(text)
    done = in_process("check", "-F", "json", cwd=repository)
    assert (done.returncode, findings(done, "unknown-target")) == (0, [])


def test_a_file_for_another_frontend_may_name_its_stages_in_another_way(
    in_process: Run, repository: Path
) -> None:
    write(repository, Dockerfile=f"# syntax=example/frontend:1\n{_TESTED}")
    (repository / "compose.yaml").write_text(_SERVICE.format("nope"))
    assert in_process("check", cwd=repository).returncode == 0


def test_a_service_of_two_files_may_get_its_dockerfile_from_either(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile=_TESTED, dev__Dockerfile="FROM a AS dev\n")
    (repository / "compose.yaml").write_text(
        "services: {a: {build: {context: ., dockerfile: dev/Dockerfile}}}"
    )
    (repository / "compose.dev.yaml").write_text(_SERVICE.format("dev"))
    assert in_process("check", cwd=repository).returncode == 0


def test_a_directory_without_dockerfiles_fails_if_it_is_named(in_process: Run, repository: Path) -> None:
    write(repository, src__a="x")
    done = in_process("check", cwd=repository)
    assert done.returncode == 0
    assert done.stdout.decode().startswith(
        "note: .: no Dockerfile found; looked for Dockerfile, Dockerfile.*, "
    )
    assert in_process("check", "--fail-on-empty", cwd=repository).returncode == 1
    assert in_process("check", "src", cwd=repository).returncode == 1
    assert in_process("check", "--fix", "src", cwd=repository).returncode == 1


@pytest.mark.parametrize("name", ["testdata", "testfiles", "fixtures", "__tests__"])
def test_test_fixtures_are_left_out_with_one_note(in_process: Run, repository: Path, name: str) -> None:
    write(repository, Dockerfile="FROM a\n")
    for number in range(20):
        path = repository / "pkg" / name / str(number) / "Dockerfile"
        path.parent.mkdir(parents=True)
        path.write_text("NOPE\n")
    done = in_process("check", cwd=repository)
    first = f"note: pkg/{name}/0/Dockerfile: skipped: in a directory of test fixtures; see --include-fixtures"
    also = f" (also pkg/{name}/1/Dockerfile, pkg/{name}/10/Dockerfile and 17 more)\n"
    assert done.returncode == 0
    assert done.stdout.decode() == f"{first}{also}\n1 file checked: no findings\n"
    assert in_process("check", "--include-fixtures", cwd=repository).returncode == 1
    assert in_process("check", f"pkg/{name}", cwd=repository).returncode == 1
    (repository / "stagegraph.toml").write_text("[check]\ninclude-fixtures = true\n")
    assert in_process("check", cwd=repository).returncode == 1


def test_many_notes_of_one_kind_are_one_line(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile="FROM a\n")
    for number in range(20):
        (repository / f"compose.{number:02}.yaml").write_text("a: [\n")
    text = in_process("check", cwd=repository).stdout.decode()
    assert text.count("note: ") == 1
    assert "(similar: compose.01.yaml, compose.02.yaml and 17 more)" in text


_FOR_ANOTHER = "# syntax=edrevo/dockerfile-plus\nFROM a\nINCLUDE+ b\n"


@pytest.mark.parametrize("named", [(), ("Dockerfile",)])
def test_a_file_for_another_frontend_is_skipped(
    in_process: Run, repository: Path, named: tuple[str, ...]
) -> None:
    write(repository, Dockerfile=_FOR_ANOTHER)
    note = b"skipped: its syntax line names another frontend (edrevo/dockerfile-plus)"
    for options in ((), ("--diff",)):
        done = in_process("check", *named, *options, cwd=repository)
        assert done.returncode == 0
        assert note in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["report", "render", "explain"])
def test_a_file_for_another_frontend_is_an_error_elsewhere(
    in_process: Run, repository: Path, command: str
) -> None:
    write(repository, Dockerfile=_FOR_ANOTHER)
    done = in_process(command, *(["a"] if command == "explain" else []), "Dockerfile", cwd=repository)
    assert done.returncode == 1
    assert b"Dockerfile:1:10: the syntax line names another frontend, edrevo/dockerfile-plus" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "FROM mcr.microsoft.com/devcontainers/dotnet:0-${templateOption:imageVariant}\n",
        "FROM a\nENV X=${templateOption:imageVariant}\n",
        "FROM @BASE@\n",
        "FROM a\n@INSTALL_LINES@\n",
    ],
)
def test_templates_by_their_text_are_skipped(in_process: Run, repository: Path, text: str) -> None:
    write(repository, Dockerfile=text)
    done = in_process("check", cwd=repository)
    assert done.returncode == 0
    assert b"the content looks like a template" in done.stdout + done.stderr
    assert in_process("check", "Dockerfile", cwd=repository).returncode == 1


def test_a_sed_command_does_not_make_a_template(in_process: Run, repository: Path) -> None:
    write(repository, Dockerfile="FROM a\nRUN sed -i s@FOO@bar@ x\nNOPE\n")
    assert in_process("check", cwd=repository).returncode == 1


def test_words_in_excluded_files_do_not_count_as_targets(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("docker build --target debug .\n")
    (tmp_path / "compose.yaml").write_text("services: {a: {build: .}}\n")
    (tmp_path / "Dockerfile").write_text("FROM a AS debug\nFROM b\n")
    assert b"idle-stage" not in in_process("check", cwd=tmp_path).stdout
    assert b"idle-stage" in in_process("check", "--exclude", "docs/", cwd=tmp_path).stdout


def test_only_builds_of_the_checked_files_are_listed(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM x\n")
    services = ("a: {build: a}", "b: {build: {context: b, target: $T}}", "c: {build: $NONE}")
    (tmp_path / "compose.yaml").write_text("services:\n" + "".join(f"  {one}\n" for one in services))
    whole = in_process("check", cwd=tmp_path).stdout.decode()
    assert whole == "2 files checked, 3 builds found (2 partly understood; see --verbose): no findings\n"
    # the Dockerfile of service c is not known
    only = in_process("check", "a", cwd=tmp_path).stdout.decode()
    assert only == "1 file checked, 2 builds found (1 partly understood; see --verbose): no findings\n"


def test_the_concise_format_has_one_line_for_each_finding(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "a.Dockerfile").write_text(
        "FROM a\nRUN x\n\nFROM b AS build\nFROM scratch\nCOPY --from=biuld /x /y\n"
    )
    (tmp_path / "b.Dockerfile").write_text("FROM a\n  NOPE\n")
    (tmp_path / "c.Dockerfile").write_text("FROM a\n")
    done = in_process("check", "--format", "concise", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.decode() == (
        "a.Dockerfile:1:6 dead-stage nothing can ever build `stage-0`\n"
        "a.Dockerfile:6:13 stage-typo there is no stage `biuld` (did you mean `build`?), "
        "so BuildKit pulls an image of that name\n"
        "b.Dockerfile:2:3 error unknown instruction `NOPE`\n"
    )


@pytest.mark.parametrize(
    ("target", "suggestion"),
    [("develp", "develop"), ("devel", "develop"), ("tset", "test"), ("dev", ""), ("production", "")],
)
def test_an_unknown_target_has_the_suggestion_of_buildkit(
    in_process: Run, repository: Path, target: str, suggestion: str
) -> None:
    (repository / "Dockerfile").write_text("FROM a AS test\nFROM a AS develop\nFROM a\n")
    (repository / "compose.yaml").write_text(
        f"services: {{a: {{build: {{context: ., target: {target}}}}}}}\n"
    )
    shown = in_process("check", "--fail-on", "info", cwd=repository).stdout.decode()
    hint = f" (did you mean `{suggestion}`?)" if suggestion else ""
    assert f"error: Dockerfile has no stage `{target}`{hint}, so this build fails [unknown-target]\n" in shown
    # the stage that is meant is not idle
    idle = {"test", "develop"} - {suggestion}
    assert {name for name in ("test", "develop") if f"no known build needs `{name}`" in shown} == idle


def test_an_unknown_target_of_a_matrix_is_at_the_line_with_the_value(
    in_process: Run, repository: Path
) -> None:
    (repository / "Dockerfile").write_text("FROM a AS web\nFROM a AS api\n")
    (repository / ".github/workflows").mkdir(parents=True)
    (repository / ".github/workflows/ci.yml").write_text(
        "jobs:\n  a:\n    strategy:\n      matrix:\n        app: [api, webb]\n    steps:\n"
        "      - uses: docker/build-push-action@v6\n        with:\n          target: ${{ matrix.app }}\n"
    )
    shown = in_process("check", "--format", "concise", cwd=repository).stdout.decode()
    assert shown == (
        ".github/workflows/ci.yml:5:20 unknown-target Dockerfile has no stage `webb` (did you mean `web`?), "
        "so this build fails\n"
    )
