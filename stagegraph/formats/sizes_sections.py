"""What the text and the Markdown say of the sizes of an image: sentences and tables."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from stagegraph.formats.report_sections import weight_words
from stagegraph.sizes.compare import SizeChange, SizeComparison
from stagegraph.sizes.sizes import CopiedSize, FolderSize, Sizes
from stagegraph.source import printable
from stagegraph.units import counted, share, size

_MOST_ROWS = 20
_MOST_FOLDERS = 12
_FOLDER_FROM = 0.005  # share of the image


class Table(Struct, frozen=True, kw_only=True):
    """A table: its first columns are numbers, the last is text. ``more`` says what is left out."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: str = ""


def headline(sizes: Sizes) -> str:
    """What ships and what stays behind, in one sentence."""
    name = printable(sizes.name.removeprefix("docker.io/library/").removeprefix("docker.io/")) or "the image"
    left = None if sizes.left_behind is None else [(one.label, one.bytes) for one in sizes.left_behind]
    return f"{name} ({sizes.platform}): {weight_words(sizes.in_image, left)}"


def facts(sizes: Sizes) -> Iterator[str]:
    """Sentences below the headline."""
    layers = counted(len(sizes.layers), "layer")
    yield f"{size(sizes.packed)} to download in {layers}, {size(sizes.unpacked)} unpacked"
    if sizes.wasted:
        part = share(sizes.wasted, sizes.unpacked)
        hidden = f"{size(sizes.wasted)} ({part}) are files that a later layer hides"
        yield f"{hidden}: they are downloaded, but are not in the image"
    if sizes.could_stay:
        most = size(sizes.could_stay)
        made = (
            f"this build has one stage: {most} of the image are from its base image and its RUN instructions"
        )
        yield f"{made}, and a second stage ships only its own base image and what it copies"


def changes(sizes: Sizes) -> Table:
    """What to change, the largest first: each finding with its line and what it saves."""
    rows = tuple(
        (
            size(one.bytes) if one.bytes else "",
            _where(sizes, one.line, one.layer),
            f"{one.message}: {one.fix}",
        )
        for one in sizes.findings[:_MOST_ROWS]
    )
    return Table(
        heading="What to change first",
        columns=("saves", "where", "what"),
        rows=rows,
        more=_more(len(sizes.findings), len(rows)),
    )


def _where(sizes: Sizes, line: int | None, layer: int) -> str:
    return f"line {line}" if line is not None else f"layer {layer}"


def _more(count: int, shown: int) -> str:
    return f"and {count - shown} more: see --format json" if count > shown else ""


def tables(sizes: Sizes) -> Iterator[Table]:
    """By line, by copied path, by folder, and the packages and programs that ship."""
    yield Table(
        heading="What ships, by line",
        columns=("in image", "download", "where", "made by"),
        rows=tuple(_by_line(sizes)),
    )
    if sizes.copied:
        rows = tuple((size(one.in_image), f"line {one.line}", _copied(one)) for one in sizes.copied)
        yield Table(heading="Copied into the image", columns=("in image", "where", "from"), rows=rows)
    folders = [one for one in _folders(sizes) if one.bytes >= sizes.in_image * _FOLDER_FROM][:_MOST_FOLDERS]
    if folders:
        rows = tuple((size(one.bytes), f"{one.files:,}", f"/{printable(one.path)}") for one in folders)
        yield Table(heading="The largest folders", columns=("in image", "files", "folder"), rows=rows)


def _folders(sizes: Sizes) -> Iterator[FolderSize]:
    """The folders, without those of which all is in one folder below them."""
    below = {(one.path.rpartition("/")[0], one.bytes, one.files) for one in sizes.folders}
    return (one for one in sizes.folders if (one.path, one.bytes, one.files) not in below)


def _by_line(sizes: Sizes) -> Iterator[tuple[str, str, str, str]]:
    base = [layer for layer in sizes.layers if layer.line is None]
    if sizes.dockerfile and base:
        shipped, packed = sum(layer.in_image for layer in base), sum(layer.packed for layer in base)
        yield size(shipped), size(packed), "base image", counted(len(base), "layer")
    for layer in sizes.layers:
        if layer.line is not None or not sizes.dockerfile:
            where = _where(sizes, layer.line, layer.number)
            yield size(layer.in_image), size(layer.packed), where, instruction(layer.created_by)


def instruction(created_by: str) -> str:
    """An entry of history as the Dockerfile has it."""
    text = printable(created_by).removesuffix("# buildkit").replace("/bin/sh -c #(nop)", "")
    return " ".join(text.replace("RUN /bin/sh -c ", "RUN ").split()) or "unknown"


def _copied(copied: CopiedSize) -> str:
    source = f"{copied.label}:" if copied.label else ""
    return ", ".join(printable(source + path) for path in copied.paths)


def comparison_headline(comparison: SizeComparison) -> str:
    """How much the image grew, in one sentence."""
    before, after = comparison.before, comparison.after
    grown = after.in_image - before.in_image
    if not grown:
        return f"{size(after.in_image)} ship, as before"
    word = "more" if grown > 0 else "less"
    return f"{size(after.in_image)} ship, {size(abs(grown))} {word} than before ({size(before.in_image)})"


def comparison_tables(comparison: SizeComparison) -> Iterator[Table]:
    """What grew, by line and by folder."""
    lines = tuple(
        (*_amounts(one), _moved(one), instruction(one.name)) for one in comparison.lines[:_MOST_ROWS]
    )
    yield Table(
        heading="Changed by line",
        columns=("change", "before", "after", "where", "made by"),
        rows=lines,
        more=_more(len(comparison.lines), len(lines)),
    )
    folders = tuple((*_amounts(one), f"/{printable(one.name)}") for one in comparison.folders[:_MOST_ROWS])
    yield Table(
        heading="Changed by folder",
        columns=("change", "before", "after", "folder"),
        rows=folders,
        more=_more(len(comparison.folders), len(folders)),
    )


def _amounts(change: SizeChange) -> tuple[str, str, str]:
    sign = "+" if change.grown > 0 else "−"
    before, after = (size(one) if one is not None else "" for one in (change.before, change.after))
    return f"{sign}{size(abs(change.grown))}", before, after


def _moved(change: SizeChange) -> str:
    lines = [line for line in (change.line_before, change.line_after) if line is not None]
    return f"line {' → '.join(map(str, dict.fromkeys(lines)))}" if lines else ""


def contents(sizes: Sizes) -> Iterator[str]:
    """Sentences on packages and programs."""
    if sizes.packages:
        yield "Packages: " + ", ".join(f"{count:,} {name}" for name, count in sizes.packages.items())
    for kind, paths in sizes.tools.items():
        plural = f"{kind.capitalize()}s" if not kind.endswith("s") else kind
        yield f"{plural}: " + ", ".join(paths[:8]) + (f" and {len(paths) - 8} more" if len(paths) > 8 else "")
