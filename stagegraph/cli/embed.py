"""``stagegraph embed``: updates the diagrams in Markdown files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field

from stagegraph.cli.common import colour_wanted, for_log, warn_of_old_spelling
from stagegraph.cli.completed_values import paths
from stagegraph.cli.dockerfile import file_option
from stagegraph.cli.format_choice import is_given
from stagegraph.cli.writing import write
from stagegraph.errors import InputError, StagegraphError
from stagegraph.units import counted

if TYPE_CHECKING:
    from stagegraph.embedding.page import PageText
    from stagegraph.embedding.page_file import PageFile

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=paths)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; if a diagram is out of date, print a diff and exit with code 1.",
)
@click.option(
    "--allow-empty",
    is_flag=True,
    help="With --check: accept a FILE without a block, and a folder without any.",
)
@click.option("--init", is_flag=True, help="Add a block to each FILE that does not have one.")
@file_option(text="With --init: path of the Dockerfile, as in docker build.")
@click.option("--dockerfile", default="", hidden=True)
@click.option(
    "--heading",
    default="Build graph",
    show_default=True,
    help="With --init: the heading to put the diagram under.",
)
def embed(
    files: tuple[str, ...],
    file: str,
    check: bool,
    allow_empty: bool,
    init: bool,
    dockerfile: str,
    heading: str,
) -> int:
    """Update the diagrams between the markers in Markdown files.

    A block starts with a marker that describes the diagram, and ends with an end marker:

    \b
      <!-- stagegraph: Dockerfile target=release prune=true -->
      <!-- /stagegraph -->

    FILE is a Markdown file, a directory to search, a glob, or a Dockerfile. For a Dockerfile, every
    Markdown file below the current directory that shows it is updated. Text outside the
    blocks does not change.

    \b
    Examples:
      stagegraph embed README.md docs
      stagegraph embed --check .
      stagegraph embed --init README.md
    """
    if check and init:
        raise click.UsageError("--check writes nothing, so it cannot be used with --init")
    for name, option in (("dockerfile", "--dockerfile"), ("heading", "--heading")):
        if is_given(name) and not init:
            raise click.UsageError(f"{option} is for --init: it describes the first block of a page")
    if allow_empty and not check:
        raise click.UsageError("--allow-empty is for --check: only that needs a block")
    if dockerfile:
        warn_of_old_spelling("--dockerfile", "-f, a path from the current directory")
    if (file or dockerfile) and not init:
        raise click.UsageError("-f names the Dockerfile of the block that --init adds; add --init")
    if file == "-":
        raise click.UsageError("a block names a Dockerfile by its path, so -f - cannot be used")
    run = _Run(check=check, names=files, needs_blocks=check and not allow_empty)
    first = _FirstBlock(file=file, dockerfile=dockerfile, heading=heading) if init else None
    for path, dockerfiles in _paths(run, files):
        try:
            run.process(path, dockerfiles, first)
        except StagegraphError as error:
            run.fail(error)
    return run.finish()


def _paths(run: _Run, names: Sequence[str]) -> Iterator[tuple[Path, frozenset[Path]]]:
    """The selected Markdown files; each with the Dockerfiles of which it must show one, if any."""
    from stagegraph.embedding.paths import names_dockerfile, page_files, pages_below

    dockerfiles = [name for name in names if names_dockerfile(name) and not Path(name).is_dir()]
    named: dict[Path, Path] = {}
    for name in names:
        if name not in dockerfiles:
            try:
                named |= {path.resolve(): path for path in page_files([name])}
            except StagegraphError as error:
                run.fail(error)
    yield from ((path, frozenset()) for path in named.values())
    if dockerfiles:
        shown = frozenset(Path(name).resolve() for name in dockerfiles)
        yield from ((path, shown) for path in pages_below(Path()) if path.resolve() not in named)


class _FirstBlock(Struct, frozen=True, kw_only=True):
    """The block that --init adds."""

    file: str  # the Dockerfile, from the current directory; empty for the nearest one
    dockerfile: str  # the same from the directory of the page, in the old spelling
    heading: str


class _Run(Struct, kw_only=True):
    """One run over many files; an error in one file does not stop the others."""

    check: bool
    names: tuple[str, ...]
    needs_blocks: bool = False  # whether a file that is named must have a block
    failed: int = 0
    outdated: int = 0
    blocks: int = 0
    pictures: dict[Path, tuple[Path, bytes]] = field(default_factory=dict)

    def process(self, path: Path, dockerfiles: frozenset[Path], first: _FirstBlock | None) -> None:
        """Update or check one file; skip it if it shows none of ``dockerfiles`` and there are some."""
        from stagegraph.embedding.page_file import dockerfiles_of, read_page, update

        page = read_page(path)
        if dockerfiles and dockerfiles.isdisjoint(dockerfiles_of(path, page)):
            self.blocks += 1  # a Dockerfile that no file shows is not worth a message
            return
        file = update(path, _with_first_block(path, page, first) if first else page)
        self.blocks += file.blocks
        if (
            self.needs_blocks
            and not file.blocks
            and not dockerfiles
            and str(path) in map(os.path.normpath, self.names)
        ):
            self.fail(_without_block(path, page))
        self._check_pictures(file)
        outdated = bool(file.outdated_pictures) or file.updated != page.encoded(page.lines)
        self.outdated += outdated
        if self.check:
            self._show(file)
        elif outdated:
            self._write(file)
        elif file.blocks:
            click.echo(f"{path.as_posix()}: already up to date", err=True)

    def _check_pictures(self, file: PageFile) -> None:
        for path, data in file.pictures.items():
            other, known = self.pictures.setdefault(path.resolve(), (file.path, data))
            if known != data:
                raise InputError(
                    f"{file.path}: {other} writes a different picture to {path}",
                    hint="use a different file for each picture",
                )

    def _show(self, file: PageFile) -> None:
        from stagegraph.embedding.page_file import unified_diff

        colour = colour_wanted()
        for line in map(for_log, unified_diff(file)):
            bold = line.startswith(("---", "+++"))
            shown = click.style(line, fg=None if bold else _COLOURS.get(line[:1]), bold=bold)
            click.echo(shown if colour else line)
        for path in file.outdated_pictures:
            click.echo(f"{path.as_posix()}: the picture of {file.path.as_posix()} is out of date or missing")

    def _write(self, file: PageFile) -> None:
        # pictures first, so that a file never links to a picture that does not exist yet
        for path in file.outdated_pictures:
            with suppress(OSError):  # write reports what is wrong with the directory
                path.parent.mkdir(parents=True, exist_ok=True)
            write(file.pictures[path], str(path))
        write(file.updated, str(file.path))
        count = max(len(file.outdated), 1)  # one block for a picture alone
        click.echo(f"{file.path.as_posix()}: updated {counted(count, 'block')}", err=True)

    def fail(self, error: StagegraphError) -> None:
        """Print the error of one file and count it."""
        self.failed += 1
        click.echo(f"error: {error}", err=True)

    def finish(self) -> int:
        """Print what to do next; returns the exit code."""
        if self.check and self.outdated:
            command = shlex.join(["stagegraph", "embed", *self.names])
            click.echo(f"{counted(self.outdated, 'file')} out of date: run {command}", err=True)
        if not self.blocks and not self.failed:
            click.echo("no file has a block; add one with --init", err=True)
            self.failed += self.needs_blocks
        return 1 if self.failed or (self.check and self.outdated) else 0


def _without_block(path: Path, page: PageText) -> InputError:
    from stagegraph.embedding.blocks import almost_marker

    span = almost_marker(page)
    if span is None:
        return InputError(f"{path.as_posix()} has no block", hint="add one with --init, or use --allow-empty")
    marker = page.language.marker("stagegraph: PATH").strip()
    hint = f"write `{marker}` on its own line, outside of code, without an indent"
    return InputError("this marker does not start a block", source=page.source, span=span, hint=hint)


def _with_first_block(path: Path, page: PageText, first: _FirstBlock) -> PageText:
    from stagegraph.embedding.blocks import (
        blocks_of,
        first_picture,
        nearest_dockerfile,
        with_first_block,
    )
    from stagegraph.embedding.languages import SUFFIXES
    from stagegraph.embedding.paths import is_page

    if blocks_of(page):
        return page
    dockerfile = first.dockerfile or _from_page(path, first.file) or nearest_dockerfile(path)
    if path.suffix and not is_page(path):
        names = ", ".join(SUFFIXES)
        raise InputError(
            f"{path} is not a page that --init can write", hint=f"name a file with one of {names}"
        )
    words = f'"{dockerfile}"' if any(char.isspace() for char in dockerfile) else dockerfile
    if page.language.default_format == "svg":
        words += f" output={first_picture(path)}"
    return with_first_block(path, page, words, first.heading)


def _from_page(page: Path, dockerfile: str) -> str:
    """The path of ``dockerfile`` from the directory of ``page``; empty without one."""
    if not dockerfile:
        return ""
    return Path(os.path.relpath(Path(dockerfile).resolve(), page.resolve().parent)).as_posix()
