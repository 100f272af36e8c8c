"""How a command line names its Dockerfile, format and build, and what it says about a mistake."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
MEASURED = ROOT / "samples/measured"
APP = "FROM golang AS build\nRUN make\nFROM scratch AS release\nCOPY --from=build /app /app\n"
OTHER = "FROM node AS assets\nFROM nginx AS web\nCOPY --from=assets /x /y\n"


@pytest.fixture
def run(in_process: Run, tmp_path: Path) -> Run:
    """The command in this process, in a directory with two Dockerfiles and none at its top."""
    write(tmp_path / "app/Dockerfile", APP)
    write(tmp_path / "docker/web.Dockerfile", OTHER)
    return lambda *args: in_process(*args, cwd=tmp_path)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def error_of(done: subprocess.CompletedProcess[bytes]) -> tuple[int, str]:
    """The exit code, and the last line of standard error."""
    assert done.stdout == b""
    return done.returncode, done.stderr.decode().splitlines()[-1]


# without a command


@pytest.mark.parametrize(
    "words", [["app"], ["app/Dockerfile"], ["--prune", "app"], ["app", "--prune"], ["-f", "app/Dockerfile"]]
)
def test_a_path_without_a_command_is_drawn(run: Run, words: list[str]) -> None:
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == run("render", *words).stdout
    assert b"flowchart" in done.stdout


def test_standard_input_without_a_command_is_drawn(stagegraph: Run) -> None:
    assert b"flowchart" in stagegraph("-", stdin=b"FROM alpine\n").stdout


def test_a_command_comes_before_a_file_of_the_same_name(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "report", "FROM a AS by-path\n")
    assert run("report", "app").stdout.startswith(b"app/Dockerfile: target release")
    assert b"by-path" in run("./report").stdout


@pytest.mark.parametrize(
    ("word", "meant"), [("rendr", "; did you mean render?"), ("cehck", "; did you mean check?"), ("x", "")]
)
def test_a_word_that_is_neither_is_an_error(run: Run, word: str, meant: str) -> None:
    assert error_of(run(word)) == (2, f"Error: No such command, and no such file: '{word}'{meant}")


def test_an_option_before_a_command_is_an_error(run: Run) -> None:
    expected = (2, "Error: put the options of a command after it: stagegraph report [OPTIONS]")
    assert error_of(run("--prune", "report")) == expected


# -f and -F


@pytest.mark.parametrize("command", ["render", "report"])
def test_the_argument_is_the_context_with_file(run: Run, command: str) -> None:
    plain = run(command, "docker/web.Dockerfile").stdout
    assert b"assets" in plain
    for words in (["-f", "docker/web.Dockerfile", "."], ["app", "--file=docker/web.Dockerfile"]):
        done = run(command, *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, plain, b"")


def test_explain_and_check_take_file(run: Run) -> None:
    assert run("explain", "-f", "app/Dockerfile", "build", ".").stdout.startswith(b"`build` (line 1) is")
    files = json.loads(
        run("check", "-f", "app/Dockerfile", "-f", "docker/web.Dockerfile", ".", "-F", "json").stdout
    )["files"]
    assert [file["file"] for file in files] == ["app/Dockerfile", "docker/web.Dockerfile"]


def test_timings_and_sizes_take_file(run: Run, tmp_path: Path) -> None:
    for command in ("timings", "sizes"):
        done = run(command, "x.jsonl", "-f", "app/Dockerfile", "docker/web.Dockerfile")
        assert error_of(done) == (
            2,
            "Error: -f names the Dockerfile, so docker/web.Dockerfile must be the build context, a directory",
        )
    record, dockerfile = str(MEASURED / "build.dockerbuild"), str(MEASURED / "Dockerfile")
    by_file = run("timings", record, "-f", dockerfile, ".")
    assert by_file.returncode == 0
    assert by_file.stdout == run("timings", record, dockerfile).stdout


def test_file_can_be_standard_input(stagegraph: Run) -> None:
    done = stagegraph("report", "-f", "-", ".", stdin=b"FROM alpine\n")
    assert done.stdout.startswith(b"<stdin>: target stage-0")


@pytest.mark.parametrize("command", ["render", "report", "check"])
@pytest.mark.parametrize("argument", ["app/Dockerfile", "nowhere"])
def test_two_dockerfiles_are_wrong_usage(run: Run, command: str, argument: str) -> None:
    assert error_of(run(command, "-f", "docker/web.Dockerfile", argument)) == (
        2,
        f"Error: -f names the Dockerfile, so {argument} must be the build context, a directory",
    )


@pytest.mark.parametrize(
    "words",
    [
        ["render", "app", "-f", "dot"],
        ["render", "-fdot", "app"],
        ["report", "-f", "json", "app"],
        ["check", "-f", "json", "app"],
        ["diff", "-f", "json", "app", "docker/web.Dockerfile"],
    ],
)
def test_the_old_spelling_of_a_format_works(run: Run, words: list[str]) -> None:
    name = "dot" if "render" in words else "json"
    done = run(*words)
    assert done.stderr.decode() == (
        f"warning: `-f {name}` is deprecated and will stop working in version 1.0; use `-F {name}`\n"
    )
    new = run(*(word.replace("-f", "-F") for word in words))
    assert (new.returncode, new.stdout, new.stderr) == (done.returncode, done.stdout, b"")


def test_a_file_with_the_name_of_a_format_is_the_dockerfile(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "svg", "FROM a AS from-file\n")
    assert b"from-file" in run("render", "-f", "svg").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["render", "--file", "svg"], "give the path of a Dockerfile"),
        (["explain", "-f", "svg", "x"], "give the path of a Dockerfile"),
        (
            ["render", "-f", "svg", "-F", "dot", "app"],
            "there is no file svg; -f names the Dockerfile, and -F",
        ),
        (
            ["diff", "-f", "x", "app", "app"],
            "-f names one Dockerfile, and this command takes two: OLD and NEW",
        ),
    ],
)
def test_a_format_is_not_guessed_elsewhere(run: Run, words: list[str], message: str) -> None:
    code, line = error_of(run(*words))
    assert code in (1, 2)
    assert message in line


@pytest.mark.parametrize("command", ["render", "report", "explain", "diff", "check", "timings", "sizes"])
@pytest.mark.parametrize("option", ["-t", "--tag"])
def test_a_tag_is_an_error(run: Run, command: str, option: str) -> None:
    assert error_of(run(command, option, "app:1", "app", "app")) == (
        2,
        "Error: -t names an image in docker build, and stagegraph makes none; choose a stage with --target",
    )


def test_embed_takes_a_path_from_the_current_directory(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "docs/a.md", "# A\n")
    assert run("embed", "--init", "-f", "docker/web.Dockerfile", "docs/a.md").returncode == 0
    assert "<!-- stagegraph: ../docker/web.Dockerfile -->\n" in (tmp_path / "docs/a.md").read_text()
    write(tmp_path / "docs/b.md", "# B\n")
    old = run("embed", "--init", "--dockerfile", "../docker/web.Dockerfile", "docs/b.md")
    assert "`" not in old.stderr.decode().splitlines()[0]
    assert old.stderr.startswith(b"warning: --dockerfile is deprecated")
    assert "<!-- stagegraph: ../docker/web.Dockerfile -->\n" in (tmp_path / "docs/b.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-f", "app/Dockerfile"], "-f names the Dockerfile of the block that --init adds; add --init"),
        (["-f", "-", "--init"], "a block names a Dockerfile by its path, so -f - cannot be used"),
    ],
)
def test_file_of_embed_is_for_a_new_block(run: Run, tmp_path: Path, words: list[str], message: str) -> None:
    write(tmp_path / "a.md", "# A\n")
    assert error_of(run("embed", *words, "a.md")) == (2, f"Error: {message}")
    assert (tmp_path / "a.md").read_text() == "# A\n"


# --build


@pytest.mark.parametrize("command", ["render", "report"])
def test_a_build_needs_a_record(run: Run, command: str) -> None:
    message = "Error: --build chooses a build inside a record; name the record with --record"
    assert error_of(run(command, "app", "--build", "x")) == (2, message)


def test_the_old_option_of_a_build_works(run: Run, tmp_path: Path) -> None:
    words = ["report", "--record", str(MEASURED / "build.dockerbuild")]
    new, old = run(*words, "--build", "1"), run(*words, "--record-build", "1")
    assert (new.returncode, old.stdout) == (0, new.stdout)
    warning = "warning: --record-build is deprecated and will stop working in version 1.0; use --build\n"
    assert old.stderr.decode().removesuffix(new.stderr.decode()) == warning


# --build-arg


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["app"], "'app' is a path, and no variable of the environment has this name"),
        (["app/Dockerfile"], "'app/Dockerfile' is not the name of a variable"),
        (["."], "'.' is not the name of a variable"),
        (["a-b", "app"], "'a-b' is not the name of a variable"),
    ],
)
@pytest.mark.parametrize("command", ["render", "check"])
def test_a_path_is_not_a_build_argument(run: Run, command: str, words: list[str], reason: str) -> None:
    assert error_of(run(command, "--build-arg", *words)) == (
        2,
        f"Error: --build-arg takes NAME=VALUE, or the NAME of an environment variable: {reason}",
    )


def test_a_build_argument_of_the_environment_can_be_a_path_too(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "VERSION", "1")
    write(tmp_path / "Dockerfile", "ARG VERSION=0\nFROM a:$VERSION\n")
    assert b"a:0" in run("report", "--build-arg", "VERSION", "Dockerfile").stdout  # as docker build: ignored
    monkeypatch.setenv("VERSION", "9")
    assert b"a:9" in run("report", "--build-arg", "VERSION").stdout


# directories, and files of other tools


def test_a_directory_without_a_dockerfile_names_those_below(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "deploy/docker-bake.hcl", 'target "api" { context = "../app" }\n')
    write(tmp_path / "a b/Dockerfile", APP)
    write(tmp_path / "node_modules/x/Dockerfile", APP)
    assert run("report", "--target", "release").stderr.decode() == (
        "error: there is no Dockerfile or Containerfile in this directory, but there are files below it:\n"
        "  stagegraph report --target release 'a b/Dockerfile'\n"
        "  stagegraph report --target release app/Dockerfile\n"
        "  stagegraph report --target release docker/web.Dockerfile\n"
        "  (deploy/docker-bake.hcl is a bake file)\n"
        "hint: name a Dockerfile\n"
    )
    assert run(".", "--prune").stderr.decode().splitlines()[1] == (
        "  stagegraph render 'a b/Dockerfile' --prune"
    )


def test_every_command_that_is_named_works(run: Run) -> None:
    import shlex

    for words in (["render"], ["report", "."], ["explain", "build", "."], ["docker"]):
        lines = run(*words).stderr.decode().splitlines()
        commands = [shlex.split(line)[1:] for line in lines if line.startswith("  stagegraph ")]
        assert commands
        assert run(*commands[0]).returncode == 0


def test_of_many_dockerfiles_a_few_are_named(run: Run, tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"many/{number:02}/Dockerfile", APP)
    lines = run("render", "many").stderr.decode().splitlines()
    assert len(lines) == 8
    assert lines[-2] == "  and 15 more"


def test_an_empty_directory_keeps_its_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("render", "empty").stderr.decode() == (
        "error: there is no Dockerfile or Containerfile in empty\n"
        "hint: give the path of the file, or - to read standard input\n"
    )


def test_names_with_control_characters_are_not_printed(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "odd/\x1b[31m\n::error::x/Dockerfile", APP)
    text = run("render", "odd").stderr.decode()
    assert "\x1b" not in text
    assert not any(line.startswith("::") for line in text.splitlines())


BUILD_FILES = {
    "docker-bake.hcl": ('target "a" {\n  context = "app"\n  target = "build"\n}\n', "bake"),
    "docker-bake.json": ('{"target": {"a": {"context": "app", "target": "build"}}}\n', "bake"),
    "compose.yaml": ("services:\n  a:\n    build:\n      context: app\n      target: build\n", "compose"),
    "builds.hcl": (
        '# all\ngroup "default" {}\ntarget "a" {\n context = "app"\n target = "build"\n}\n',
        "bake",
    ),
}


@pytest.mark.parametrize("name", BUILD_FILES)
def test_check_checks_the_dockerfiles_of_a_bake_or_compose_file(run: Run, tmp_path: Path, name: str) -> None:
    text = BUILD_FILES[name][0].replace('group "default" {}', 'group "default" { targets = ["a"] }')
    text = text.replace('"a"', '"default"') if "group" not in text else text
    write(tmp_path / name, text)
    write(tmp_path / "app/Dockerfile", "FROM alpine\nFROM alpine AS build\nRUN x\n")
    assert run("check", name).stdout.decode().startswith("app/Dockerfile\n  1:6 warning")


def test_a_bake_file_on_standard_input_is_told(stagegraph: Run) -> None:
    done = stagegraph("render", "-", stdin=BUILD_FILES["docker-bake.hcl"][0].encode())
    hint = b"hint: add --bake to read it as one\n"
    assert done.stderr == b"error: <stdin>: this is a bake file, not a Dockerfile\n" + hint


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine\nCOPPY <<E /compose.yaml\nservices:\nE\n",
        "ARG x\nservices:\n",
        '# a bake file\nFROM a\ntarget "x" {}\n',
    ],
)
def test_a_dockerfile_with_errors_is_a_dockerfile(run: Run, tmp_path: Path, text: str) -> None:
    for name in ("Dockerfile", "docker-bake.hcl", "compose.yml"):
        write(tmp_path / name, text)
        assert "file, not a Dockerfile" not in run("render", name).stderr.decode()


@pytest.mark.parametrize(
    "text", ["{", "target", 'target "a" {', "services:\n- x", "services: {a: {build: [}}"]
)
@pytest.mark.parametrize("name", ["docker-bake.hcl", "docker-bake.json", "compose.yaml"])
def test_a_broken_bake_or_compose_file_is_one_clear_error(
    run: Run, tmp_path: Path, name: str, text: str
) -> None:
    write(tmp_path / name, text)
    done = run("render", name)
    assert done.returncode == 1
    error = done.stderr.decode()
    assert error.startswith("error: ")
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("x.jpg", "cannot write JPEG; for JPEG write PNG and convert it: -o x.png"),
        ("a/X.JPEG", "cannot write JPEG; for JPEG write PNG and convert it: -o a/X.png"),
        ("x.webp", "cannot write WebP; for WebP write PNG and convert it: -o x.png"),
        ("x.eps", "cannot write EPS; for EPS write PDF and convert it: -o x.pdf"),
    ],
)
def test_a_suffix_of_another_format_names_one_to_convert(run: Run, output: str, message: str) -> None:
    assert error_of(run("render", "app", "-o", output)) == (2, f"Error: {message}")


# targets, platforms, instructions


def test_check_rejects_a_target_that_no_file_has(run: Run) -> None:
    done = run("check", "app/Dockerfile", "--target", "relaese")
    assert done.stderr.decode() == (
        "error: there is no stage named relaese in app/Dockerfile\nhint: did you mean release?\n"
    )
    assert done.returncode == 2
    assert run("check", ".", "--target", "nope").stderr.startswith(
        b"error: there is no stage named nope in any of 2 files\n"
    )
    assert run("check", "app", "--diff", "--target", "nope").returncode == 2


def test_check_notes_the_files_that_lack_a_target(run: Run) -> None:
    done = run("check", ".", "--target", "Release")
    assert done.returncode == 0
    assert "docker/web.Dockerfile: there is no stage `Release`, so --target Release fails" in (
        done.stdout.decode()
    )


def test_check_accepts_a_number_and_does_not_judge_a_broken_file(run: Run, tmp_path: Path) -> None:
    assert run("check", "app", "--target", "0").returncode == 0
    write(tmp_path / "broken/Dockerfile", "FROM a\nNOPE\n")
    assert b"there is no stage" not in run("check", "broken", "--target", "nope").stderr


@pytest.mark.parametrize(
    ("platform", "warning"),
    [
        ("linux/adm64", "unknown architecture `adm64` in --platform linux/adm64; did you mean amd64?"),
        ("linux/x64", "unknown architecture `x64` in --platform linux/x64; did you mean amd64?"),
        ("linx/arm64", "unknown operating system `linx` in --platform linx/arm64; did you mean linux?"),
        ("linux/foo", ""),
        ("linux/arm/v7", ""),
        ("windows/amd64", ""),
        ("linux/aarch64", ""),
    ],
)
def test_a_platform_that_looks_misspelled_is_a_warning(run: Run, platform: str, warning: str) -> None:
    done = run("render", "app", "--platform", platform)
    assert done.returncode == 0  # BuildKit accepts every name
    assert done.stderr.decode() == (f"warning: {warning}\n" if warning else "")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("hello", ""),
        ("form", "FROM"),
        ("RNU", "RUN"),
        ("COPPY", "COPY"),
        ("ENTRPYOINT", "ENTRYPOINT"),
        ("HEALTHCECK", "HEALTHCHECK"),
        ("services:", ""),
        ("import", ""),
        ("x" * 500, ""),
    ],
)
def test_an_instruction_is_suggested_if_it_is_close(run: Run, tmp_path: Path, word: str, hint: str) -> None:
    write(tmp_path / "x", f"FROM a\n{word} b\n")
    last = run("render", "x").stderr.decode().splitlines()[-1]
    expected = f"hint: did you mean {hint}?" if hint else "hint: check that this is a Dockerfile"
    assert last.startswith(expected)


# completion


@pytest.mark.parametrize("line", ["stagegraph ", "stagegraph rep", "stagegraph render --target b"])
def test_completion_loads_little(line: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "samples/nodejs/Dockerfile", tmp_path)
    code = (
        "import sys\nfrom stagegraph.cli import main\n"
        "try: main([])\nexcept SystemExit: pass\n"
        "heavy = ('networkx', 'graphviz', 'rich', 'stagegraph.picture.layout', 'stagegraph.graph')\n"
        "print([n for n in sys.modules if n.startswith(heavy)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={"_STAGEGRAPH_COMPLETE": "bash_complete", "_STAGEGRAPH_BEFORE": line, "PYTHONPATH": str(ROOT)},
    )
    lines = done.stdout.decode().splitlines()
    assert lines[:-1]
    assert lines[-1] == "[]"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("stagegraph render --target we", " docker/web.Dockerfile", ["plain,web"]),
        ("stagegraph render --target=we", " -f docker/web.Dockerfile", ["plain,web"]),
        ("stagegraph explain ", " app --platform linux/arm64", ["plain,build", "plain,release"]),
        ("stagegraph check --target a", " docker/web.Dockerfile .", ["plain,assets"]),
        ("stagegraph timings x.jsonl docker/web.Dockerfile --target ", "", ["plain,assets", "plain,web"]),
        ("stagegraph diff app docker/web.Dockerfile --target a", "", ["plain,assets"]),
        ("stagegraph render --platform linux/arm6", "", ["plain,linux/arm64"]),
        ("stagegraph render -f /dev/zero --target ", "", []),
        ("stagegraph render -f 'unclosed --target ", "", ["file,unclosed --target "]),
        ("stagegraph render --title ", "", []),
        ("stagegraph nope ", "", ["plain,render"]),
    ],
)
def test_the_words_after_the_cursor_count(
    stagegraph: Run, run: Run, tmp_path: Path, before: str, after: str, expected: list[str]
) -> None:
    done = stagegraph(
        cwd=tmp_path,
        env={
            "_STAGEGRAPH_COMPLETE": "bash_complete",
            "_STAGEGRAPH_BEFORE": before,
            "_STAGEGRAPH_AFTER": after,
            "PYTHONPATH": str(ROOT),
        },
    )
    assert done.stderr == b""
    lines = done.stdout.decode().split("\n")[:-1]
    assert [line for line in lines if line][: len(expected) or None] == expected


@pytest.mark.parametrize("instruction", ["bash_nope", "tcsh_complete", "tcsh_source", "x"])
def test_an_unknown_instruction_prints_nothing(stagegraph: Run, instruction: str) -> None:
    done = stagegraph(env={"_STAGEGRAPH_COMPLETE": instruction})
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_click_is_the_one_of_the_command(stagegraph: Run, run: Run, shell: str) -> None:
    script = run("completion", shell).stdout
    assert b"_stagegraph_completion" in script
    assert stagegraph(env={"_STAGEGRAPH_COMPLETE": f"{shell}_source"}).stdout == script


def test_of_many_bake_files_a_few_are_read(run: Run, tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / f"many/{number}/docker-bake.hcl", 'target "a" {\n  context = "../app"\n}\n')
    lines = run("render", "many").stderr.decode().splitlines()
    assert [line.strip() for line in lines[1:-1]] == [
        f"(many/{number}/docker-bake.hcl is a bake file)" for number in range(3)
    ]


def test_a_tool_gets_no_control_characters_of_an_argument(run: Run) -> None:
    for words in (["\x1b[31m"], ["render", "-f", "app", "\x1b[31m"], ["render", "--build-arg", "\x1b[31m"]):
        done = run(*words)
        assert (done.returncode, b"\x1b" in done.stderr) == (2, False)
