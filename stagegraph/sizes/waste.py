"""What is wrong with an image, as findings: bytes that nobody needs, secrets, unsafe modes.

A finding is about a line of the Dockerfile. What the base image holds is the work of others and is not
judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from stagegraph.model import Severity
from stagegraph.sizes import kinds
from stagegraph.sizes.filesystem import Filesystem, Hidden, Position
from stagegraph.sizes.layer import FILE, HARDLINK, WHITEOUT
from stagegraph.sizes.lines import Origin
from stagegraph.source import printable
from stagegraph.units import counted, size

_MOST_PATHS = 20
_WARNS_FROM = 0.01  # share of the image
_SMALLEST_DUPLICATE = 4096  # bytes; files of a block or less cost nothing to repeat
_SETUID, _WORLD = 0o6000, 0o002


class SizeFinding(Struct, frozen=True, kw_only=True):
    """One thing to change: its line in the Dockerfile, the bytes it would save, and paths as examples.

    ``line`` is None without a Dockerfile that made the image; ``layer`` counts from 1.
    """

    code: str
    severity: Severity
    layer: int
    line: int | None
    bytes: int
    files: int
    paths: tuple[str, ...]
    message: str
    fix: str


class _Case(Struct, frozen=True, kw_only=True):
    """One file with a problem; cases with equal ``group`` are one finding."""

    group: tuple[str, int, str]  # code, layer, what tells findings of one code apart
    at: Position


def findings(files: Filesystem, origins: Sequence[Origin | None]) -> tuple[SizeFinding, ...]:
    """The findings of an image, the largest first; those without bytes last, by line."""
    own = [origin is not None and origin.span is not None for origin in origins]
    if not any(own):
        own = [True] * len(origins)
    cases = [*_hidden(files, own), *_duplicates(files, own), *_by_path(files, own), *_secrets(files, own)]
    groups: dict[tuple[str, int, str], list[_Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    total = sum(layer.unpacked for layer in files.layers)
    found = [_finding(files, origins, group, total) for group in groups.values()]
    return tuple(sorted(found, key=lambda one: (-one.bytes, one.layer, one.code, one.paths)))


def _hidden(files: Filesystem, own: Sequence[bool]) -> Iterator[_Case]:
    for hidden in files.hidden:
        if not files.size(hidden.file):
            continue
        code = _how(files, hidden)
        if own[hidden.file.layer]:
            yield _Case(group=(code, hidden.by.layer, str(hidden.file.layer)), at=hidden.file)
        elif own[hidden.by.layer] and code in _SAME_CONTENT:
            # the base image cannot be changed, but the copy of its file can be left out
            yield _Case(group=(code, hidden.by.layer, ""), at=hidden.by)


def _how(files: Filesystem, hidden: Hidden) -> str:
    if files.is_same_content(hidden.file, hidden.by):
        return "same-content" if files.is_same_mode(hidden.file, hidden.by) else "changed-mode"
    by_kind = files.layers[hidden.by.layer].kinds[hidden.by.file]
    return (
        "removed-later"
        if by_kind == WHITEOUT or files.name(hidden.by) != files.name(hidden.file)
        else "overwritten"
    )


def _duplicates(files: Filesystem, own: Sequence[bool]) -> Iterator[_Case]:
    """Files of the image with the bytes of another one in it, which comes first."""
    first: dict[int, Position] = {}  # by size and content
    # a copy whose mode a later layer changes was made where its bytes were written
    written: dict[tuple[str, int], int] = {}
    for one in files.hidden:
        if files.size(one.file) >= _SMALLEST_DUPLICATE:
            written.setdefault((files.name(one.file), _content(files, one.file)), one.file.layer)
    for at in files.visible:
        layer = files.layers[at.layer]
        if layer.sizes[at.file] < _SMALLEST_DUPLICATE:
            continue
        known = first.setdefault(layer.sizes[at.file] << 64 | layer.contents[at.file], at)
        layer_of_copy = written.get((files.name(at), layer.contents[at.file]), at.layer)
        if known != at and own[layer_of_copy]:
            yield _Case(group=("duplicate", layer_of_copy, ""), at=at)


def _content(files: Filesystem, at: Position) -> int:
    return files.layers[at.layer].contents[at.file]


def _by_path(files: Filesystem, own: Sequence[bool]) -> Iterator[_Case]:
    linked = _linked_elsewhere(files)
    for at in files.visible:
        if not own[at.layer]:
            continue
        path, mode = files.name(at), files.layers[at.layer].modes[at.file]
        if at not in linked and (cache := kinds.cache_of(path)):
            yield _Case(group=("package-cache", at.layer, cache.manager), at=at)
        elif folder := kinds.version_control_of(path):
            yield _Case(group=("version-control", at.layer, folder), at=at)
        elif kinds.is_documentation(path):
            yield _Case(group=("documentation", at.layer, ""), at=at)
        if mode & _SETUID:
            yield _Case(group=("setuid", at.layer, ""), at=at)
        if mode & _WORLD:
            yield _Case(group=("world-writable", at.layer, ""), at=at)


def _linked_elsewhere(files: Filesystem) -> set[Position]:
    """The files of caches that have a hard link outside: without the cache, its bytes stay."""
    linked = set()
    for number, layer in enumerate(files.layers):
        names = {
            target
            for position, target in layer.links.items()
            if layer.kinds[position] == HARDLINK
            and kinds.cache_of(target)
            and not kinds.cache_of(layer.names[position])
        }
        for position, name in enumerate(layer.names if names else ()):
            if name in names:
                linked.add(Position(number, position))
    return linked


def _secrets(files: Filesystem, own: Sequence[bool]) -> Iterator[_Case]:
    """Files that look like secrets, also those that a later layer hides: they can be read all the same."""
    for number, layer in enumerate(files.layers):
        for position, path in enumerate(layer.names) if own[number] else ():
            if layer.kinds[position] == FILE and (
                secret := kinds.secret_of(path, layer.kept.get(position, b""))
            ):
                yield _Case(group=("secret", number, secret), at=Position(number, position))


def _finding(
    files: Filesystem, origins: Sequence[Origin | None], cases: Sequence[_Case], total: int
) -> SizeFinding:
    code, number, detail = cases[0].group
    saved = 0 if code in _WITHOUT_BYTES else sum(files.size(case.at) for case in cases)
    paths = tuple(sorted({files.name(case.at) for case in cases}))
    origin = origins[number]
    written = {_line(origins[case.at.layer]) for case in cases} - {None}
    text = _Text(
        count=len(paths),
        first=f"`/{printable(paths[0])}`",
        bytes=size(saved),
        detail=detail,
        written=", ".join(str(line) for line in sorted(written, key=str)),
    )
    message, fix = _TEXTS[code](text)
    return SizeFinding(
        code=code,
        severity=_severity(code, saved, total),
        layer=number + 1,
        line=_line(origin),
        bytes=saved,
        files=len(paths),
        paths=paths[:_MOST_PATHS],
        message=message,
        fix=fix,
    )


_SAME_CONTENT = ("changed-mode", "same-content")
_WITHOUT_BYTES = ("secret", "setuid", "world-writable")


def _severity(code: str, saved: int, total: int) -> Severity:
    if code == "secret":
        return Severity.ERROR
    return Severity.WARNING if code not in _WITHOUT_BYTES and saved >= total * _WARNS_FROM else Severity.INFO


def _line(origin: Origin | None) -> int | None:
    return origin.span.line if origin and origin.span else None


class _Text(Struct, frozen=True, kw_only=True):
    """The words of a message: how many files, the first of them, their bytes."""

    count: int
    first: str
    bytes: str
    detail: str
    written: str  # the lines that wrote the files

    @property
    def files(self) -> str:
        """``12 files such as `/a/b```, or the only one."""
        return self.first if self.count == 1 else f"{counted(self.count, 'file')} such as {self.first}"

    @property
    def line(self) -> str:
        """Where the files were written."""
        return f"line {self.written}" if self.written else "an earlier layer"


_TEXTS: dict[str, Callable[[_Text], tuple[str, str]]] = {
    "removed-later": lambda t: (
        f"removes {t.files}, but {t.line} keeps {t.bytes} of it in the image",
        f"remove it in the same RUN that writes it, or do not copy it: {t.line}",
    ),
    "overwritten": lambda t: (
        f"writes {t.files} again; the {t.bytes} of {t.line} stay in the image",
        f"write it once, in the same RUN as {t.line}",
    ),
    "changed-mode": lambda t: (
        f"changes only the mode or owner of {t.files}, which stores {t.bytes} again",
        "set the mode where the file is written: COPY --chmod or --chown, or in the same RUN",
    ),
    "same-content": lambda t: (
        f"writes {t.files} again with the same content, mode and owner, which stores {t.bytes} again",
        "write it once: a new time, a hard link or a second copy stores all of it",
    ),
    "duplicate": lambda t: (
        f"{t.files} repeats {t.bytes} that the image already has",
        "keep one copy, or use a link",
    ),
    "package-cache": lambda t: (
        f"{t.bytes} are the cache of {t.detail}: {t.files}",
        next(cache.fix for cache in kinds.CACHES if cache.manager == t.detail),
    ),
    "version-control": lambda t: (
        f"`/{printable(t.detail)}` ships with {t.bytes}",
        "add it to .dockerignore",
    ),
    "documentation": lambda t: (
        f"{t.bytes} are documentation or tests of packages: {t.files}",
        "install without them, or remove them in the same RUN",
    ),
    "secret": lambda t: (
        f"{t.files} looks like {t.detail}, and everyone who can pull the image can read it",
        "add it to .dockerignore and use RUN --mount=type=secret; replace the secret if the image was pushed",
    ),
    "setuid": lambda t: (
        f"{t.files} runs with the rights of its owner (setuid or setgid)",
        "take the bit away with chmod u-s,g-s where the file is written, if nothing needs it",
    ),
    "world-writable": lambda t: (
        f"every user can change {t.files}",
        "take the right away with chmod o-w where the file is written",
    ),
}
