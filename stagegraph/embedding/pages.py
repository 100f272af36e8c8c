"""One Markdown file with its blocks made anew: what it should hold, and which pictures beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.api import read, render
from stagegraph.embedding.blocks import Block, blocks_of
from stagegraph.embedding.markdown import MAX_BYTES, Document, document_from_bytes
from stagegraph.embedding.places import picture_path
from stagegraph.embedding.settings import Settings, SettingsError, settings_of
from stagegraph.errors import InputError, StagegraphError
from stagegraph.formats.markdown import escaped, table
from stagegraph.formats.quoting import xml_text
from stagegraph.formats.report_sections import headline, left_behind_rows, shipped_rows
from stagegraph.graph.report import analyse
from stagegraph.model import Report
from stagegraph.picture.picture import description
from stagegraph.reading import find, read_source
from stagegraph.source import Source, Span


class Content(Struct, frozen=True, kw_only=True):
    """The lines of a block, without line ends, and the picture that they link to, if any."""

    lines: tuple[str, ...]
    picture: bytes | None = None


def content_of(report: Report, settings: Settings) -> Content:
    """``report`` as ``settings`` ask for it; RenderError where a picture cannot be made."""
    picture = render(report, "svg", settings.view) if settings.format == "svg" else None
    return Content(lines=("", *_framed(report, settings), ""), picture=picture)


def _framed(report: Report, settings: Settings) -> Iterator[str]:
    if not settings.collapsed:
        yield from _inside(report, settings)
        return
    yield "<details>"
    yield f"<summary>{xml_text(settings.view.title or headline(report))}</summary>"
    yield ""
    # the summary says the title already
    yield from _inside(report, replace(settings, view=replace(settings.view, title="")))
    yield ""
    yield "</details>"


def _inside(report: Report, settings: Settings) -> Iterator[str]:
    if settings.format == "svg":
        yield f"![{escaped(alternative(report, settings))}]({quote(settings.output, safe='/')})"
    else:
        yield "```mermaid"
        yield from render(report, "mermaid", settings.view).decode().rstrip("\n").split("\n")
        yield "```"
    if settings.report:
        yield ""
        yield from what_ships(report)


def alternative(report: Report, settings: Settings) -> str:
    """The picture in words, for those who do not see it."""
    words = description(report)
    return f"{settings.view.title}: {words}" if settings.view.title else words


def what_ships(report: Report) -> Iterator[str]:
    """What is in the image and what is left behind, as lines of Markdown."""
    # without lines: a comment in the Dockerfile would make every page old
    lineless = tuple(replace(item, line=None) for item in report.shipped)
    rows = shipped_rows(replace(report, shipped=lineless))
    if rows:
        yield from table(rows, "In the image", "Where from")
    else:
        yield "In the image is only what its own steps make."
    left = left_behind_rows(report)
    if left:
        yield ""
        names = ", ".join(f"{row.what} ({row.detail})" if row.detail else row.what for row in left)
        yield f"Left behind: {escaped(names)}."


_HERE = Path()


class Change(Struct, frozen=True, kw_only=True):
    """A block that is old: the lines between its markers, from line ``first`` (from 0)."""

    first: int
    old: tuple[str, ...]
    new: tuple[str, ...]


class Page(Struct, frozen=True, kw_only=True):
    """A Markdown file; ``data`` is what it should hold, ``pictures`` the files it links to."""

    path: Path
    document: Document
    data: bytes
    blocks: int
    changes: tuple[Change, ...]
    pictures: Mapping[Path, bytes]

    @property
    def old_pictures(self) -> tuple[Path, ...]:
        """The pictures that are missing or differ on disk."""
        return tuple(path for path, data in self.pictures.items() if not _holds(path, data))


def read_page(path: Path) -> Document:
    """The Markdown file at ``path``; InputError when it cannot be read."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is no file")
        with path.open("rb") as file:
            return document_from_bytes(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def made_anew(path: Path, document: Document) -> Page:
    """``document``, which is at ``path``, with every block made anew; nothing is written.

    Raises InputError, with the line of the page, for markers, options or Dockerfiles that do not read.
    """
    blocks = blocks_of(document)
    changes: list[Change] = []
    pictures: dict[Path, bytes] = {}
    for block in blocks:
        settings = _settings(document, block)
        content = _content(path, document, block, settings)
        if content.picture is not None:
            _add_picture(pictures, path, document, block, settings.output, content.picture)
        old, new = document.lines[block.first : block.end], block.lines(content.lines)
        if old != new:
            changes.append(Change(first=block.first, old=old, new=new))
    return Page(
        path=path,
        document=document,
        data=_checked(document, blocks, changes),
        blocks=len(blocks),
        changes=tuple(changes),
        pictures=pictures,
    )


def dockerfiles_of(path: Path, document: Document) -> tuple[Path, ...]:
    """The Dockerfiles that the blocks of ``document`` show, resolved."""
    asked = (_settings(document, block).dockerfile for block in blocks_of(document))
    return tuple(find(str(path.parent / name)).resolve() for name in asked)


def _settings(document: Document, block: Block) -> Settings:
    try:
        return settings_of(block.words)
    except SettingsError as error:
        span = _span(document, block, error.word)
        raise InputError(str(error), source=document.source, span=span, hint=error.hint) from None


def _span(document: Document, block: Block, word: str) -> Span:
    """Where ``word`` stands in the marker of ``block``; the whole marker when it does not."""
    for number in range(block.start, block.first if word else block.start):
        column = document.lines[number].find(word)
        if column >= 0:
            return Span(line=number + 1, end_line=number + 1, column=column + 1, length=len(word))
    return Span(line=block.start + 1, end_line=block.first)


def dockerfile_at(folder: Path, name: str) -> Path:
    """The Dockerfile that a page in ``folder`` calls ``name``; InputError when there is none."""
    found = find(str(folder / name))
    if not found.is_file():
        hint = "the path of a Dockerfile is relative to the page"
        raise InputError(f"{found} {'is no file' if found.exists() else 'does not exist'}", hint=hint)
    return found


def report_for(dockerfile: Path | Source, settings: Settings, folder: Path = _HERE) -> Report:
    """What ``settings`` ask of a Dockerfile, which is called as a page in ``folder`` knows it."""
    source = dockerfile if isinstance(dockerfile, Source) else read_source(str(dockerfile))
    report = analyse(read(source, settings.options))
    if isinstance(dockerfile, Source):
        return report
    # so that every folder and machine makes the same bytes
    return replace(report, source=Path(os.path.relpath(dockerfile, folder)).as_posix())


def _content(path: Path, document: Document, block: Block, settings: Settings) -> Content:
    try:
        found = dockerfile_at(path.parent, settings.dockerfile)
        return content_of(report_for(found, settings, path.parent), settings)
    except (StagegraphError, OSError, ValueError) as error:
        raise InputError(f"{document.source.name}:{block.start + 1}: {error}") from None


def _add_picture(
    pictures: dict[Path, bytes], page: Path, document: Document, block: Block, output: str, data: bytes
) -> None:
    try:
        path = picture_path(page, output)
    except ValueError as error:
        span = _span(document, block, f"output={output}")
        raise InputError(
            str(error), source=document.source, span=span, hint="a relative path such as docs/build.svg"
        ) from None
    if pictures.setdefault(path, data) != data:
        span = _span(document, block, f"output={output}")
        raise InputError(
            f"another block writes another picture to {output}",
            source=document.source,
            span=span,
            hint="give each picture a file of its own",
        )


def _checked(document: Document, blocks: Sequence[Block], changes: Sequence[Change]) -> bytes:
    """The bytes of the document with ``changes``; InputError when it would not read back."""
    if not changes:
        return document.encoded(document.lines)
    new = [line for change in changes for line in change.new]
    first = Span(line=changes[0].first, end_line=changes[0].first)
    if not document.is_text and not "".join(new).isascii():
        raise InputError(
            "this file is not UTF-8, and the diagram has letters that need it",
            source=document.source,
            span=first,
            hint="save the file as UTF-8",
        )
    data = document.encoded(_with(document, changes))
    again = blocks_of(document_from_bytes(data, document.source.name))
    if len(again) != len(blocks):
        raise InputError(
            "the diagram would not be read back from here",
            source=document.source,
            span=first,
            hint="move the block out of the HTML or list around it",
        )
    return data


def _with(document: Document, changes: Sequence[Change]) -> list[str]:
    lines: list[str] = []
    place = 0
    for change in changes:
        lines += [*document.lines[place : change.first], *change.new]
        place = change.first + len(change.old)
    return [*lines, *document.lines[place:]]


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.is_file() and path.read_bytes() == data
    except OSError:
        return False
