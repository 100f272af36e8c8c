"""``stagegraph embed``: updates the diagrams in Markdown files."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct, field

from stagegraph.cli.common import colour_wanted
from stagegraph.cli.writing import write
from stagegraph.errors import InputError, StagegraphError

if TYPE_CHECKING:
    from stagegraph.embedding.markdown import Document
    from stagegraph.embedding.pages import Page

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; if a diagram is out of date, print a diff and exit with code 1.",
)
@click.option("--init", is_flag=True, help="Add a block to each FILE that has none.")
@click.option(
    "--dockerfile", default="", metavar="PATH", help="With --init: path of the Dockerfile, relative to FILE."
)
@click.option(
    "--heading",
    default="Build graph",
    show_default=True,
    help="With --init: the heading to put the diagram under.",
)
def embed(files: tuple[str, ...], check: bool, init: bool, dockerfile: str, heading: str) -> int:
    """Update the diagrams between the markers in Markdown files.

    A block starts with a marker that describes the diagram, and ends with an end marker:

    \b
      <!-- stagegraph: Dockerfile target=release prune=true -->
      <!-- /stagegraph -->

    FILE is a Markdown file, a folder to search, a glob, or a Dockerfile. For a Dockerfile, every
    Markdown file below the current directory that shows it is updated. Nothing outside of the blocks
    changes.

    \b
    Examples:
      stagegraph embed README.md docs
      stagegraph embed --check .
      stagegraph embed --init README.md
    """
    if check and init:
        raise click.UsageError("--check writes nothing, so it cannot be used with --init")
    run = _Run(check=check, names=files)
    first = _First(dockerfile=dockerfile, heading=heading) if init else None
    for path, wanted in _paths(run, files):
        try:
            run.page(path, wanted, first)
        except StagegraphError as error:
            run.fail(error)
    return run.finish()


def _paths(run: _Run, names: Sequence[str]) -> Iterator[tuple[Path, frozenset[Path]]]:
    """The Markdown files of ``names``, and of each the Dockerfiles of which it must show one."""
    from stagegraph.embedding.places import below, markdown_files, names_dockerfile

    dockerfiles = [name for name in names if names_dockerfile(name) and not Path(name).is_dir()]
    pages: dict[Path, Path] = {}
    for name in names:
        if name not in dockerfiles:
            try:
                pages |= {path.resolve(): path for path in markdown_files([name])}
            except StagegraphError as error:
                run.fail(error)
    yield from ((path, frozenset()) for path in pages.values())
    if dockerfiles:
        wanted = frozenset(Path(name).resolve() for name in dockerfiles)
        yield from ((path, wanted) for path in below(Path()) if path.resolve() not in pages)


class _First(Struct, frozen=True, kw_only=True):
    """The Dockerfile and the heading of the block that --init adds."""

    dockerfile: str
    heading: str


class _Run(Struct, kw_only=True):
    """One run over many files; an error in one does not stop the others."""

    check: bool
    names: tuple[str, ...]
    failed: int = 0
    old: int = 0
    blocks: int = 0
    pictures: dict[Path, tuple[Path, bytes]] = field(default_factory=dict)

    def page(self, path: Path, wanted: frozenset[Path], first: _First | None) -> None:
        """Update or check one file, but with ``wanted`` only if it shows one of these Dockerfiles."""
        from stagegraph.embedding.pages import dockerfiles_of, made_anew, read_page

        document = read_page(path)
        if wanted and wanted.isdisjoint(dockerfiles_of(path, document)):
            self.blocks += 1  # no error: a Dockerfile need not be shown anywhere
            return
        page = made_anew(path, _with_first(path, document, first) if first else document)
        self.blocks += page.blocks
        self._check_pictures(page)
        old = bool(page.old_pictures) or page.data != document.encoded(document.lines)
        self.old += old
        if self.check:
            self._show(page)
        elif old:
            self._write(page)
        elif page.blocks:
            click.echo(f"{page.path.as_posix()}: already up to date", err=True)

    def _check_pictures(self, page: Page) -> None:
        for path, data in page.pictures.items():
            other, known = self.pictures.setdefault(path.resolve(), (page.path, data))
            if known != data:
                raise InputError(
                    f"{page.path}: {other} writes a different picture to {path}",
                    hint="use a different file for each picture",
                )

    def _show(self, page: Page) -> None:
        from stagegraph.embedding.difference import unified_diff

        colour = colour_wanted()
        for line in unified_diff(page):
            bold = line.startswith(("---", "+++"))
            shown = click.style(line, fg=None if bold else _COLOURS.get(line[:1]), bold=bold)
            click.echo(shown if colour else line)
        for path in page.old_pictures:
            click.echo(f"{path.as_posix()}: the picture of {page.path.as_posix()} is out of date or missing")

    def _write(self, page: Page) -> None:
        # pictures first, so that no page links to a missing one
        for path in page.old_pictures:
            with suppress(OSError):  # write() reports it
                path.parent.mkdir(parents=True, exist_ok=True)
            write(page.pictures[path], str(path))
        write(page.data, str(page.path))
        click.echo(f"{page.path.as_posix()}: updated {_counted(page.blocks, 'block')}", err=True)

    def fail(self, error: StagegraphError) -> None:
        """Print the error of one file and count it."""
        self.failed += 1
        click.echo(f"error: {error}", err=True)

    def finish(self) -> int:
        """Print a summary; returns the exit code."""
        if self.check and self.old:
            command = shlex.join(["stagegraph", "embed", *self.names])
            click.echo(f"{_counted(self.old, 'file')} out of date: run {command}", err=True)
        if not self.blocks and not self.failed:
            click.echo("no file has a block; add one with --init", err=True)
        return 1 if self.failed or (self.check and self.old) else 0


def _with_first(path: Path, document: Document, first: _First) -> Document:
    from stagegraph.embedding.blocks import blocks_of, dockerfile_for, with_block

    if blocks_of(document):
        return document
    dockerfile = first.dockerfile or dockerfile_for(path)
    words = f'"{dockerfile}"' if any(char.isspace() for char in dockerfile) else dockerfile
    return with_block(path, document, words, first.heading)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
