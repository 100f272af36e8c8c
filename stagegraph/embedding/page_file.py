"""Updates the blocks of one page, and shows what would change as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from msgspec import Struct

from stagegraph.embedding.blocks import Block, blocks_of
from stagegraph.embedding.content import Content, content_of, dockerfile_at, report_for
from stagegraph.embedding.diagram_settings import DiagramSettings, SettingsError, parse_settings
from stagegraph.embedding.languages import language_of
from stagegraph.embedding.page import MAX_BYTES, PageText, page_from_bytes
from stagegraph.embedding.paths import leaves_repository, picture_path
from stagegraph.errors import InputError, StagegraphError
from stagegraph.reading import find
from stagegraph.source import Span, printable

_CONTEXT = 3  # unchanged lines above and below in a diff
_MOST_COMPARED = 5_000  # lines; larger blocks are shown as removed and added in full: difflib is quadratic
_Opcode = tuple[str, int, int, int, int]


class OutdatedBlock(Struct, frozen=True, kw_only=True):
    """The lines between the markers of an outdated block, from line ``first`` (from 0)."""

    first: int
    old: tuple[str, ...]
    new: tuple[str, ...]


class PageFile(Struct, frozen=True, kw_only=True):
    """A page on disk; ``updated`` is what it should hold, ``pictures`` the files it links to."""

    path: Path
    page: PageText
    updated: bytes
    blocks: int
    outdated: tuple[OutdatedBlock, ...]
    pictures: Mapping[Path, bytes]

    @property
    def outdated_pictures(self) -> tuple[Path, ...]:
        """The pictures that are missing or different on disk."""
        return tuple(path for path, data in self.pictures.items() if not _holds(path, data))


def read_page(path: Path) -> PageText:
    """Reads the file at ``path``; InputError if that fails."""
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a file")
        if leaves_repository(path):
            raise InputError(
                f"{path} is a symbolic link to a file outside the repository",
                hint="name the file itself if it may be changed",
            )
        with path.open("rb") as file:
            return page_from_bytes(file.read(MAX_BYTES + 1), str(path), language_of(path))
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}",
            hint="give a page, a directory or a Dockerfile",
        ) from None


def update(path: Path, page: PageText) -> PageFile:
    """The file at ``path``, which holds ``page``, with updated blocks; writes nothing.

    Raises InputError with the line of the marker for invalid markers, settings and Dockerfiles.
    """
    blocks = blocks_of(page)
    outdated: list[OutdatedBlock] = []
    pictures: dict[Path, bytes] = {}
    for block in blocks:
        settings = _settings(page, block)
        content = _content(path, page, block, settings)
        if content.picture is not None:
            _add_picture(pictures, path, page, block, settings, content.picture)
        old, new = page.lines[block.first : block.end], block.lines(content.lines)
        if old != new:
            outdated.append(OutdatedBlock(first=block.first, old=old, new=new))
    return PageFile(
        path=path,
        page=page,
        updated=_updated(page, blocks, outdated),
        blocks=len(blocks),
        outdated=tuple(outdated),
        pictures=pictures,
    )


def dockerfiles_of(path: Path, page: PageText) -> tuple[Path, ...]:
    """The absolute paths of the Dockerfiles that the blocks show."""
    names = (_settings(page, block).dockerfile for block in blocks_of(page))
    return tuple(find(str(path.parent / name)).resolve() for name in names)


def _settings(page: PageText, block: Block) -> DiagramSettings:
    try:
        return parse_settings(block.words, page.language.default_format)
    except SettingsError as error:
        span = _span(page, block, error.word)
        raise InputError(str(error), source=page.source, span=span, hint=error.hint) from None


def _span(page: PageText, block: Block, word: str) -> Span:
    """Where the start marker of ``block`` has ``word``; the whole marker if it does not have it."""
    for index in range(block.start, block.first if word else block.start):
        column = page.lines[index].find(word)
        if column >= 0:
            return Span(line=index + 1, end_line=index + 1, column=column + 1, length=len(word))
    return Span(line=block.start + 1, end_line=block.first)


def _content(path: Path, page: PageText, block: Block, settings: DiagramSettings) -> Content:
    try:
        dockerfile = dockerfile_at(path.parent, settings.dockerfile)
        return content_of(report_for(dockerfile, settings, path.parent), settings, page)
    except (StagegraphError, OSError, ValueError) as error:
        first, *rest = str(error).split("\n")
        raise InputError(f"{page.source.name}:{block.start + 1}: {first}", details=rest) from None


def _add_picture(
    pictures: dict[Path, bytes],
    file: Path,
    page: PageText,
    block: Block,
    settings: DiagramSettings,
    data: bytes,
) -> None:
    output = settings.output
    span = _span(page, block, f"output={output}")
    try:
        path = picture_path(file, output, f".{settings.format}")
    except ValueError as error:
        hint = f"use a relative path such as docs/build.{settings.format}"
        raise InputError(str(error), source=page.source, span=span, hint=hint) from None
    if pictures.setdefault(path, data) != data:
        raise InputError(
            f"another block writes a different picture to {output}",
            source=page.source,
            span=span,
            hint="use a different file for each picture",
        )


def _updated(page: PageText, blocks: Sequence[Block], outdated: Sequence[OutdatedBlock]) -> bytes:
    """The updated bytes of the file; InputError if they could not be updated again."""
    if not outdated:
        return page.encoded(page.lines)
    new = "".join(line for block in outdated for line in block.new)
    marker = Span(line=outdated[0].first, end_line=outdated[0].first)
    if not page.is_valid and not new.isascii():
        raise InputError(
            "this file is not UTF-8, but the diagram has non-ASCII characters",
            source=page.source,
            span=marker,
            hint="save the file as UTF-8",
        )
    data = page.encoded(_replaced(page.lines, outdated))
    if len(blocks_of(page_from_bytes(data, page.source.name, page.language))) != len(blocks):
        raise InputError(
            "a diagram at this place would not be recognised again",
            source=page.source,
            span=marker,
            hint="move the block out of the HTML or list around it",
        )
    return data


def _replaced(old: Sequence[str], outdated: Sequence[OutdatedBlock]) -> list[str]:
    lines: list[str] = []
    start = 0
    for block in outdated:
        lines += [*old[start : block.first], *block.new]
        start = block.first + len(block.old)
    return [*lines, *old[start:]]


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.is_file() and path.read_bytes() == data
    except OSError:
        return False


def unified_diff(file: PageFile) -> list[str]:
    """The lines of the diff without line ends and control characters; empty if ``file`` is up to date."""
    if not file.outdated:
        return []
    name = printable(file.path.as_posix())
    lines, growth = [f"--- {name}", f"+++ {name} (updated)"], 0
    for block in file.outdated:
        lines += _hunks(file.page, block, growth)
        growth += len(block.new) - len(block.old)
    return lines


def _hunks(page: PageText, block: OutdatedBlock, growth: int) -> Iterator[str]:
    """The hunks of one block; ``growth`` is how many lines the blocks above it have added."""
    start = max(0, block.first - _CONTEXT)
    after = block.first + len(block.old)
    head = page.lines[start : block.first]
    tail = page.lines[after : after + _CONTEXT]
    old, new = (*head, *block.old, *tail), (*head, *block.new, *tail)
    for opcodes in _groups(old, new):
        first, last = opcodes[0], opcodes[-1]
        old_range = _range(start + first[1], last[2] - first[1])
        new_range = _range(start + growth + first[3], last[4] - first[3])
        yield f"@@ -{old_range} +{new_range} @@"
        yield from _lines(opcodes, old, new)


def _lines(opcodes: Sequence[_Opcode], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for kind, old_start, old_end, new_start, new_end in opcodes:
        if kind == "equal":
            yield from (f" {_shown(line)}" for line in old[old_start:old_end])
        else:
            yield from (f"-{_shown(line)}" for line in old[old_start:old_end])
            yield from (f"+{_shown(line)}" for line in new[new_start:new_end])


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterator[list[_Opcode]]:
    if len(old) + len(new) > _MOST_COMPARED:
        yield [("replace", 0, len(old), 0, len(new))]
    else:
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        yield from (list(group) for group in matcher.get_grouped_opcodes())


def _range(start: int, length: int) -> str:
    return f"{start + 1 if length else start},{length}"


def _shown(line: str) -> str:
    return "\t".join(printable(part) for part in line.rstrip("\r\n").split("\t"))
