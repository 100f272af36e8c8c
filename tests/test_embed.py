"""``stagegraph embed``: markers, options, files, what is written and what is said."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from stagegraph.cli.render import render
from stagegraph.embedding.diagram_settings import OPTIONS, SettingsError, parse_settings

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
DOCKERFILE = "FROM golang AS build\nRUN make\nFROM scratch AS release\nCOPY --from=build /app /app\n"
EMPTY = "<!-- stagegraph: Dockerfile -->\n<!-- /stagegraph -->\n"


@pytest.fixture
def stagegraph(in_process: Run) -> Run:
    """The command, run in this process."""
    return in_process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Dockerfile of two stages."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def embedded(stagegraph: Run, folder: Path, text: str, *args: str) -> str:
    """What becomes of a page; no error may be said of it."""
    page = folder / "page.md"
    page.write_bytes(text.encode())
    done = stagegraph("embed", "page.md", *args, cwd=folder)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()
    return page.read_bytes().decode()


def refused(stagegraph: Run, folder: Path, text: str) -> str:
    """What is said of a page that stays as it was."""
    page = folder / "page.md"
    page.write_bytes(text.encode())
    done = stagegraph("embed", "page.md", cwd=folder)
    assert (done.returncode, done.stdout, page.read_bytes()) == (1, b"", text.encode())
    return done.stderr.decode()


def test_a_block_is_filled_with_the_diagram(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, f"# Title\n\n{EMPTY}\nMore.")
    assert made.startswith("# Title\n\n<!-- stagegraph: Dockerfile -->\n\n```mermaid\n---\nconfig:\n")
    assert made.endswith("\n```\n\n<!-- /stagegraph -->\n\nMore.")
    assert re.search(r'^  s_build\("[^"]*build', made, re.MULTILINE)


def test_a_second_run_changes_nothing_and_check_agrees(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, EMPTY)
    assert embedded(stagegraph, folder, made) == made
    assert stagegraph("embed", "--check", "page.md", cwd=folder).returncode == 0


def test_check_prints_a_diff_writes_nothing_and_exits_1(stagegraph: Run, folder: Path) -> None:
    old = embedded(stagegraph, folder, f"Before.\n\n{EMPTY}\nAfter.\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.replace("\nFROM", "\nRUN make\nFROM", 1))
    done = stagegraph("embed", "--check", "page.md", cwd=folder)
    assert done.returncode == 1
    head, into, hunk, *lines = done.stdout.decode().splitlines()
    assert (head, into) == ("--- page.md", "+++ page.md (updated)")
    (gone,), (come,) = ([line for line in lines if line.startswith(sign)] for sign in "-+")
    assert re.sub(r"\d+ steps?", "", gone[1:]) == re.sub(r"\d+ steps?", "", come[1:])
    # the hunk begins where its lines stand in the page
    start = int(re.fullmatch(r"@@ -(\d+),7 \+\d+,7 @@", hunk)[1])  # type: ignore[index]
    assert old.splitlines()[start + 2] == gone[1:]
    assert done.stderr == b"1 file out of date: run stagegraph embed page.md\n"
    assert (folder / "page.md").read_text() == old


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_are_those_of_the_marker(stagegraph: Run, folder: Path, newline: str) -> None:
    made = embedded(stagegraph, folder, f"a\n{EMPTY}b\r\nc".replace("\n", newline))
    inner = made.split("-->")[1]
    assert inner.count(newline) > 10
    assert inner.replace(newline, "").splitlines() == [inner.replace(newline, "")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_mark_and_encoding_stay(stagegraph: Run, folder: Path, encoding: str) -> None:
    (folder / "page.md").write_bytes(f"é\n{EMPTY}".encode(encoding))
    assert stagegraph("embed", "page.md", cwd=folder).returncode == 0
    made = (folder / "page.md").read_bytes()
    assert made[:3] == f"é\n{EMPTY}".encode(encoding)[:3]
    assert "target · " in made.decode(encoding)
    assert made.decode(encoding).startswith("é\n<!--")


def test_a_page_in_latin_1_is_left_when_the_diagram_needs_other_letters(
    stagegraph: Run, folder: Path
) -> None:
    page = folder / "page.md"
    page.write_bytes(b"caf\xe9\n" + EMPTY.encode())
    done = stagegraph("embed", "page.md", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.startswith(
        b"error: page.md:2:1: this file is not UTF-8, but the diagram has non-ASCII characters\n"
    )
    assert page.read_bytes() == b"caf\xe9\n" + EMPTY.encode()
    picture = EMPTY.replace("file -->", "file format=svg output=x.svg -->").encode()
    page.write_bytes(b"caf\xe9\n" + picture)
    assert stagegraph("embed", "page.md", cwd=folder).returncode == 0
    assert page.read_bytes().startswith(b"caf\xe9\n<!--")


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{EMPTY}```\n",
        f"~~~~md\n{EMPTY}~~~~\n",
        "    <!-- stagegraph: nope -->\n",
        "`<!-- stagegraph: nope -->`\n",
        "a `<!-- stagegraph: nope -->` b\n",
        "- item\n\n  ```\n  <!-- stagegraph: nope -->\n  ```\n",
        "<pre>\n<!-- stagegraph: nope -->\n</pre>\n",
        "<!--\n<!-- stagegraph: nope\n-->\n",
        "\\<!-- stagegraph: nope -->\n",
        "<!-- stagegraph is good -->\n",
        "Unclosed:\n\n```\n<!-- stagegraph: nope -->\n",
    ],
)
def test_markers_in_code_and_comments_are_text(stagegraph: Run, folder: Path, text: str) -> None:
    assert embedded(stagegraph, folder, text) == text


@pytest.mark.parametrize(
    ("before", "prefix"),
    [("- a\n\n  ", "  "), ("> ", "> "), ("1. a\n   - b\n\n     ", "     "), (">  - q\n>\n>    ", ">    ")],
)
def test_lists_and_quotes_continue_through_the_block(
    stagegraph: Run, folder: Path, before: str, prefix: str
) -> None:
    start, end = EMPTY.splitlines()
    made = embedded(stagegraph, folder, f"{before}{start}\n{prefix}{end}\n\nend\n")
    inner = made[made.index("-->") + 3 : made.index("<!-- /")].splitlines()[1:-1]
    assert inner
    assert all(line == prefix.rstrip() or line.startswith(prefix) for line in inner)
    assert embedded(stagegraph, folder, made) == made


def test_a_list_item_may_begin_with_the_marker(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, "-\t<!-- stagegraph: . -->\n\t<!-- /stagegraph -->\n")
    assert "\n \t```mermaid\n" in made


def test_inside_html_the_diagram_is_still_markdown(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, f'<div align="center">\n{EMPTY}</div>\n')
    assert "-->\n\n```mermaid\n" in made
    assert made.endswith("```\n\n<!-- /stagegraph -->\n</div>\n")


def test_a_marker_may_go_over_lines_and_quote_blanks(stagegraph: Run, folder: Path) -> None:
    text = "<!-- stagegraph: Dockerfile\n     title='Two words'\n     prune=true\n-->\n<!-- /stagegraph -->\n"
    assert 'title: "Two words"' in embedded(stagegraph, folder, text)


def test_collapsed_is_a_details_element_that_says_its_title(stagegraph: Run, folder: Path) -> None:
    text = EMPTY.replace("Dockerfile", 'Dockerfile collapsed=true title="a <b> & c"')
    made = embedded(stagegraph, folder, text)
    assert "\n<details>\n<summary>a &lt;b&gt; &amp; c</summary>\n\n```mermaid\n---\nconfig" in made
    assert "\n```\n\n</details>\n\n<!-- /" in made


def test_report_says_what_ships_without_lines(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, EMPTY.replace("Dockerfile", "Dockerfile report=true"))
    assert made.endswith(
        "```\n\n| In the image | Where from |\n|---|---|\n| /app → /app | from build |\n\n"
        "Left behind: build (1 step, all but /app), golang.\n\n<!-- /stagegraph -->\n"
    )


def test_svg_is_a_file_beside_the_page_with_words_for_it(stagegraph: Run, folder: Path) -> None:
    text = EMPTY.replace("Dockerfile", 'Dockerfile format=svg output="img/the build.svg" title="a]b"')
    made = embedded(stagegraph, folder, text)
    alternative = "a\\]b: Build graph with 2 stages, 2 of them needed. The image holds /app of build."
    assert f"\n\n![{alternative}](img/the%20build.svg)\n\n" in made
    assert (folder / "img/the build.svg").read_bytes().startswith(b"<?xml")


def test_check_sees_a_missing_picture(stagegraph: Run, folder: Path) -> None:
    embedded(stagegraph, folder, EMPTY.replace("Dockerfile", "Dockerfile format=svg output=b.svg"))
    (folder / "b.svg").unlink()
    done = stagegraph("embed", "--check", "page.md", cwd=folder)
    assert (done.returncode, done.stdout) == (1, b"b.svg: the picture of page.md is out of date or missing\n")
    assert not (folder / "b.svg").exists()


def test_the_path_of_the_dockerfile_is_relative_to_the_page(stagegraph: Run, folder: Path) -> None:
    (folder / "docs").mkdir()
    (folder / "docs/page.md").write_text(EMPTY.replace("Dockerfile", "../Dockerfile"))
    assert stagegraph("embed", "docs/page.md", cwd=folder).returncode == 0
    here = (folder / "docs/page.md").read_bytes()
    assert stagegraph("embed", "--check", "page.md", cwd=folder / "docs").returncode == 0
    assert b"mermaid" in here


def test_files_folders_and_globs(stagegraph: Run, folder: Path) -> None:
    names = (
        ".github/README.md",
        "a.md",
        "b.markdown",
        "sub/c.md",
        "sub/d.txt",
        ".hidden/e.md",
        "node_modules/f.md",
    )
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(EMPTY.replace("Dockerfile", f"{folder.as_posix()}/Dockerfile"))
    done = stagegraph("embed", "--check", ".", "a.md", cwd=folder)
    assert [line[4:] for line in done.stdout.decode().splitlines() if line.startswith("---")] == [
        "a.md",
        "b.markdown",
        ".github/README.md",
        "sub/c.md",
    ]
    done = stagegraph("embed", "s*/*", cwd=folder)
    assert done.stderr == b"sub/c.md: updated 1 block\nsub/d.txt: updated 1 block\n"


def test_a_dockerfile_means_the_pages_that_show_it(stagegraph: Run, folder: Path) -> None:
    (folder / "dev.Dockerfile").write_text("FROM a AS dev\n")
    (folder / "one.md").write_text(EMPTY)
    (folder / "two.md").write_text(EMPTY.replace("Dockerfile", "dev.Dockerfile"))
    done = stagegraph("embed", "dev.Dockerfile", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"two.md: updated 1 block\n")
    assert (folder / "one.md").read_text() == EMPTY
    assert stagegraph("embed", ".", cwd=folder).stderr == (
        b"one.md: updated 1 block\ntwo.md: already up to date\n"
    )


def test_an_error_in_one_page_leaves_it_and_the_others_go_on(stagegraph: Run, folder: Path) -> None:
    broken = EMPTY + "\n" + EMPTY.replace("Dockerfile", "Dockerfile colour=red")
    (folder / "a.md").write_text(broken)
    (folder / "b.md").write_text(EMPTY)
    done = stagegraph("embed", "a.md", "none.md", "b.md", cwd=folder)
    assert done.returncode == 1
    assert b"a.md:4:29: unknown option `colour`" in done.stderr
    assert b"none.md: No such file or directory" in done.stderr
    assert (folder / "a.md").read_text() == broken
    assert "mermaid" in (folder / "b.md").read_text()


def test_errors_say_file_line_and_next_step(stagegraph: Run, folder: Path) -> None:
    said = {
        "x\n<!-- stagegraph: . -->\n": (
            "error: page.md:2:1: this block has no end marker\n"
            "    2 | <!-- stagegraph: . -->\n"
            "      | ^~~~~~~~~~~~~~~~~~~~~~\n"
            "hint: add <!-- /stagegraph --> on its own line below it\n"
        ),
        "<!-- stagegraph: . -->\n<!-- stagegraph: . -->\n<!-- /stagegraph -->\n": (
            "error: page.md:2:1: this block starts inside the block of line 1\n"
            "    2 | <!-- stagegraph: . -->\n"
            "      | ^~~~~~~~~~~~~~~~~~~~~~\n"
            "hint: add <!-- /stagegraph --> above it\n"
        ),
        "\n<!-- /stagegraph -->\n": (
            "error: page.md:2:1: this end marker has no start marker\n"
            "    2 | <!-- /stagegraph -->\n"
            "      | ^~~~~~~~~~~~~~~~~~~~\n"
            "hint: remove it, or add a start marker above\n"
        ),
        EMPTY.replace("file", "file prnue=true"): (
            "error: page.md:1:29: unknown option `prnue`\n"
            "    1 | <!-- stagegraph: Dockerfile prnue=true -->\n"
            "      |                             ^~~~~~~~~~\n"
            "hint: did you mean prune?\n"
        ),
        EMPTY.replace("file", "file prune"): (
            "error: page.md:1:29: expected OPTION=VALUE, not `prune`\n"
            "    1 | <!-- stagegraph: Dockerfile prune -->\n"
            "      |                             ^~~~~\n"
            "hint: write prune=true\n"
        ),
        EMPTY.replace("Dockerfile", "../nope"): (
            "error: page.md:1: ../nope does not exist\nhint: use a path relative to the page\n"
        ),
        "a <!-- stagegraph: . -->\n": (
            "error: page.md:1:1: a marker must be alone on its line\n"
            "    1 | a <!-- stagegraph: . -->\n"
            "      | ^~~~~~~~~~~~~~~~~~~~~~~~\n"
            "hint: move the other text\n"
        ),
        "> <!-- stagegraph: . -->\n\n<!-- /stagegraph -->\n": (
            "error: page.md:3:1: the block of line 1 starts in another list or quote\n"
            "    3 | <!-- /stagegraph -->\n"
            "      | ^~~~~~~~~~~~~~~~~~~~\n"
            "hint: indent both markers the same way\n"
        ),
    }
    assert {text: refused(stagegraph, folder, text) for text in said} == said


def test_a_dockerfile_that_does_not_read_is_shown_where(stagegraph: Run, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM a\nRNU make\n")
    assert refused(stagegraph, folder, f"\n{EMPTY}") == (
        "error: page.md:2: Dockerfile:2:1: unknown instruction `RNU`\n"
        "    2 | RNU make\n"
        "      | ^~~\n"
        "hint: did you mean RUN?\n"
    )


@pytest.mark.parametrize("output", ["../up.svg", "/tmp/x.svg", "x.png"])
def test_a_page_cannot_write_outside_of_its_project(stagegraph: Run, folder: Path, output: str) -> None:
    text = EMPTY.replace("file -->", f"file format=svg output={output} -->")
    assert "page.md:1:" in refused(stagegraph, folder, text)


def test_two_blocks_cannot_write_one_picture(stagegraph: Run, folder: Path) -> None:
    one = EMPTY.replace("file -->", "file format=svg output=x.svg -->")
    said = refused(stagegraph, folder, one + one.replace("format", "prune=true title=b format"))
    assert "page.md:3:59: another block writes a different picture to x.svg" in said
    assert not (folder / "x.svg").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("a b", "expected OPTION=VALUE, not `b`"),
        ("title='x", "missing closing quotation mark"),
        ("title=a title=b", "option `title` is given twice"),
        ("legend=yes", "invalid value `yes` for `legend`"),
        ("direction=UP", "invalid value `UP` for `direction`"),
        ("format=gif", "invalid value `gif` for `format`"),
        ("format=svg", "format=svg needs a file to write to"),
        ("output=a.svg", "only format=svg and format=png write a file"),
        ("build-arg=X", "`build-arg=X` has no value"),
        ("build-context=A=b", "image names must be lower case"),
    ],
)
def test_settings_that_are_refused(words: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(words)
    assert str(caught.value).startswith(message)


def test_every_option_of_a_build_can_be_asked_for() -> None:
    found = parse_settings(
        "app target=a target=b build-arg=X=1=2 platform=linux/arm64,linux/amd64 build-context=x=y "
        "direction=LR critical-path=true labels=false link-base=https://e.org/D"
    )
    assert found.dockerfile == "app"
    assert found.options.targets == ("a", "b")
    assert found.options.build_args == {"X": "1=2"}
    assert found.options.platforms == ("linux/arm64", "linux/amd64")
    assert found.options.contexts == {"x": "y"}
    assert (found.view.direction, found.view.critical_path, found.view.labels) == ("LR", True, False)


def test_a_block_has_the_options_of_render() -> None:
    names = {
        name.removeprefix("--")
        for option in render.params
        if isinstance(option, click.Option) and not option.hidden
        for name in option.opts
        if name.startswith("--")
    }
    # a diagram in a page is made from the Dockerfile alone, and lasts longer than a build record or a change;
    # its path says whether it is a bake file, whose values are not overridden
    others = {"build", "check", "file", "record", "since", "bake", "compose", "set"}
    assert names - others <= {*OPTIONS, "help"}


def test_init_puts_a_block_under_a_new_heading(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, "# Title\r\n\r\nText", "--init")
    start = (
        "# Title\r\n\r\nText\r\n\r\n## Build graph\r\n\r\n<!-- stagegraph: Dockerfile -->\r\n\r\n```mermaid"
    )
    assert made.startswith(start)
    assert made.endswith("```\r\n\r\n<!-- /stagegraph -->\r\n")
    assert embedded(stagegraph, folder, made, "--init") == made


def test_init_uses_the_heading_that_is_there(stagegraph: Run, folder: Path) -> None:
    made = embedded(stagegraph, folder, "# A\n\n## How\ntext\n", "--init", "--heading", "How")
    assert made.startswith("# A\n\n## How\n\n<!-- stagegraph: Dockerfile -->\n")
    assert made.endswith("<!-- /stagegraph -->\n\ntext\n")


def test_init_looks_for_the_dockerfile_above(stagegraph: Run, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/page.md").write_text("")
    assert stagegraph("embed", "--init", "a/b/page.md", cwd=folder).returncode == 0
    text = (folder / "a/b/page.md").read_text()
    assert text.startswith("## Build graph\n\n<!-- stagegraph: ../../Dockerfile -->\n")


def test_init_without_a_dockerfile_says_so(stagegraph: Run, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("x")
    done = stagegraph("embed", "--init", "page.md", cwd=tmp_path)
    assert done.stderr.decode() == (
        "error: no Dockerfile found in the directory of page.md or above it\nhint: choose one with -f PATH\n"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("# T\n\nno markers\n", "error: page.md has no block\nhint: add one with --init"),
        (
            "# T\n\n<!-- stagegrahp: Dockerfile -->\n",
            "error: page.md:3:1: this marker does not start a block\n",
        ),
        (
            "# T\n\n    <!-- stagegraph: Dockerfile -->\n",
            "error: page.md:3:5: this marker does not start a block\n",
        ),
    ],
)
def test_a_check_of_a_page_without_a_block_fails(
    stagegraph: Run, folder: Path, text: str, error: str
) -> None:
    (folder / "page.md").write_text(text)
    done = stagegraph("embed", "--check", "page.md", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(error)
    assert stagegraph("embed", "--check", ".", cwd=folder).returncode == 1
    assert stagegraph("embed", "--check", "--allow-empty", "page.md", cwd=folder).returncode == 0
    assert stagegraph("embed", "--check", "--allow-empty", ".", cwd=folder).returncode == 0
    assert stagegraph("embed", "page.md", cwd=folder).returncode == 0


def test_a_run_without_any_block_says_how_to_begin(stagegraph: Run, folder: Path) -> None:
    (folder / "page.md").write_text("x")
    done = stagegraph("embed", "page.md", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"no file has a block; add one with --init\n")


def test_a_link_out_of_the_repository_is_not_written_through(stagegraph: Run, tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "repository"
    for folder in (outside, inside / ".git", inside / "real"):
        folder.mkdir(parents=True)
    for path in (outside / "Dockerfile", inside / "Dockerfile", inside / "real" / "Dockerfile"):
        path.write_text(DOCKERFILE)
    for path in (outside / "page.md", inside / "own.md", inside / "real" / "page.md"):
        path.write_text(EMPTY)
    (inside / "page.md").symlink_to("../outside/page.md")
    (inside / "docs").symlink_to("../outside")
    (inside / "linked.md").symlink_to("real/page.md")
    for name in ("page.md", "docs", "docs/page.md"):
        done = stagegraph("embed", name, cwd=inside)
        assert done.returncode == (0 if name == "docs" else 1)
        assert (b"is a symbolic link to a file outside the repository" in done.stderr) == (name != "docs")
    assert stagegraph("embed", ".", cwd=inside).returncode == 0
    assert (outside / "page.md").read_text() == EMPTY
    assert "mermaid" in (inside / "own.md").read_text()
    assert "mermaid" in (inside / "real" / "page.md").read_text()


def test_a_misspelled_start_marker_is_named_at_its_end_marker(stagegraph: Run, folder: Path) -> None:
    (folder / "page.md").write_text("# T\n\n<!-- stagegrahp: Dockerfile -->\n<!-- /stagegraph -->\n")
    done = stagegraph("embed", "--check", "page.md", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode().endswith("hint: line 3 looks like a misspelled start marker\n")


@pytest.mark.parametrize(
    ("dialect", "opening", "closing"),
    [("sphinx", "```{mermaid}", "```"), ("azure", "::: mermaid", ":::"), ("plain", "```mermaid", "```")],
)
def test_a_block_is_fenced_as_its_dialect_asks(
    tmp_path: Path, stagegraph: Run, dialect: str, opening: str, closing: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    page = tmp_path / "README.md"
    page.write_text(f"<!-- stagegraph: Dockerfile dialect={dialect} -->\n<!-- /stagegraph -->\n")
    assert stagegraph("embed", "README.md", cwd=tmp_path).returncode == 0
    lines = page.read_text("utf-8").splitlines()
    assert lines[2] == opening
    assert lines[-3] == closing
    assert lines[3] != "---"
    assert stagegraph("embed", "--check", "README.md", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(("name", "dialect"), [("svg", "azure"), ("svg", "github"), ("json", "plain")])
def test_a_dialect_for_another_format_is_refused(
    tmp_path: Path, stagegraph: Run, name: str, dialect: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    done = stagegraph("render", str(tmp_path), "-o", str(tmp_path / f"a.{name}"), "--dialect", dialect)
    assert done.returncode == 2
    assert (
        f"--dialect has no effect on {name}; formats that it changes: mermaid, markdown"
        in done.stderr.decode()
    )
    assert not (tmp_path / f"a.{name}").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("format=svg output=a.svg dialect=github", "`dialect` has no effect on svg"),
        ("format=svg output=a.svg dialect=azure", "`dialect` has no effect on svg"),
        ("theme=dark", "`theme` has no effect on mermaid"),
        ("engine=pure", "`engine` has no effect on mermaid"),
    ],
)
def test_an_option_without_effect_is_refused(
    tmp_path: Path, stagegraph: Run, settings: str, message: str
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    (tmp_path / "README.md").write_text(f"<!-- stagegraph: Dockerfile {settings} -->\n<!-- /stagegraph -->\n")
    done = stagegraph("embed", "README.md", cwd=tmp_path)
    assert (done.returncode, message in done.stderr.decode()) == (1, True)


def test_the_markdown_of_a_dialect_has_its_fence(stagegraph: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    made = stagegraph("render", "--format", "markdown", "--dialect", "azure", cwd=tmp_path).stdout.decode()
    assert "\n::: mermaid\ngraph TB\n" in made
    assert "\n:::\n" in made
