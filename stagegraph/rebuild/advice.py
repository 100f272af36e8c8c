"""Changes of a Dockerfile or its ignore file that let fewer steps run again, as other recipes to play."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.early_arguments import early_arguments
from stagegraph.check.install_order import LateInstall, command_of, copies_context, late_installs
from stagegraph.check.package_managers import installs, manifests
from stagegraph.check.unused_files import unused_files
from stagegraph.dockerfile.file import StageText
from stagegraph.dockerfile.instructions import Copy, Run, User
from stagegraph.errors import StagegraphError
from stagegraph.graph.build import build_of
from stagegraph.rebuild.context import Context
from stagegraph.rebuild.history import Recipe
from stagegraph.rebuild.tree import Node, NodeKind
from stagegraph.source import Source

_MOST_READ = 1024 * 1024  # bytes of a manifest
_MOST = 12  # pieces of advice
_LINKABLE = re.compile(r"(\s*(?:COPY|ADD))(\s)", re.IGNORECASE)
_NUMERIC = re.compile(r"\d*(?::\d*)?\Z")


class AdviceKind(StrEnum):
    """What to change."""

    MANIFESTS_FIRST = "manifests-first"
    IGNORE = "ignore"
    ARGUMENT = "argument"
    LINK = "link"
    CACHE_MOUNT = "cache-mount"


class Advice(Struct, frozen=True, kw_only=True):
    """A change at ``line``; ``write`` are the lines to write there, or in the ignore file.

    ``recipe`` is the build after the change; None if which steps run does not change.
    """

    kind: AdviceKind
    line: int
    names: tuple[str, ...]  # files that are copied first or ignored; the argument; the folder of a cache
    write: tuple[str, ...]
    about: str = ""  # the package manager
    recipe: Recipe | None = None
    lines: tuple[int, ...] = ()  # of the installs below an argument that do not use it


def advice(recipe: Recipe, context: Node) -> tuple[Advice, ...]:
    """What could be changed in ``recipe``, whose files are in ``context``, before its ignore file.

    Only changes after which BuildKit accepts the Dockerfile, and that cannot break the build as far as its
    files show.
    """
    found: list[Advice] = []
    sent = Context(context).without_ignored(recipe.ignore, recipe.ignore_name)
    for index, stage in enumerate(recipe.build.file.stages):
        if any(index in one.resolved.needed for one in recipe.build.target_builds):
            found += _manifests_first(recipe, stage, sent)
            found += _early_arguments(stage)
            found += _links(recipe, stage)
            found += _cache_mounts(stage)
    found += _ignored(recipe, sent)
    return tuple(found[:_MOST])


def _manifests_first(recipe: Recipe, stage: StageText, context: Node) -> Iterator[Advice]:
    for late in late_installs(stage.body):
        inside = Context(context).at(late.folder) if late.folder else context
        found = _manifests(late, inside) if inside is not None else []
        files = [posixpath.join(late.folder, name) for name in found]
        copy = f"COPY {' '.join(files)} {_folder(posixpath.join(late.copy.destination, late.folder))}"
        changed = _with_text(recipe, _moved(recipe.build.source.text, late, copy)) if files else None
        if changed:
            yield Advice(
                kind=AdviceKind.MANIFESTS_FIRST,
                line=late.copy.span.line,
                names=tuple(files),
                write=(copy, *([late.workdir.text] if late.workdir else []), late.run.text, late.copy.text),
                about=late.manager.name,
                recipe=changed,
            )


def _manifests(late: LateInstall, inside: Node) -> list[str]:
    """The files that an install reads, of those in the folder in which it runs."""
    return manifests(late.manager, late.command, _files_in(inside), lambda name: _text(inside, name))


def _folder(destination: str) -> str:
    return destination if destination.endswith("/") else f"{destination}/"


def _moved(text: str, late: LateInstall, first: str) -> str:
    """The Dockerfile with the COPY of the manifests in place of that of the sources, which is moved down."""
    lines = text.split("\n")
    copy, run = late.copy.span, late.run.span
    own = lines[copy.line - 1 : copy.end_line]
    between = lines[copy.end_line : run.end_line]
    return "\n".join([*lines[: copy.line - 1], first, *between, *own, *lines[run.end_line :]])


def _early_arguments(stage: StageText) -> Iterator[Advice]:
    for early in early_arguments(stage.body):
        last = early.installs[-1].span.end_line
        yield Advice(
            kind=AdviceKind.ARGUMENT,
            line=early.item.span.line,
            names=(early.name,),
            write=(early.item.text, *(one.text for one in early.labels)),
            about=f"below line {last}",
            lines=tuple(run.span.line for run in early.installs),
        )


def _links(recipe: Recipe, stage: StageText) -> Iterator[Advice]:
    """A copy that does not need the files below it can be linked: then it does not run again with them."""
    for item in stage.body:
        if not isinstance(item, Copy) or not _can_be_linked(item):
            continue
        lines = recipe.build.source.text.split("\n")
        position = item.span.line - 1
        lines[position] = _LINKABLE.sub(r"\1 --link\2", lines[position], count=1)
        changed = _with_text(recipe, "\n".join(lines))
        if changed:
            yield Advice(
                kind=AdviceKind.LINK,
                line=item.span.line,
                names=(),
                write=(_LINKABLE.sub(r"\1 --link\2", item.text, count=1),),
                recipe=changed,
            )


def _can_be_linked(item: Copy) -> bool:
    plain = not (item.link or item.add or item.documents or item.flags.chmod)
    return plain and bool(_NUMERIC.match(item.flags.chown)) and item.destination.startswith("/")


def _cache_mounts(stage: StageText) -> Iterator[Advice]:
    for position, item in enumerate(stage.body):
        if any(isinstance(one, User) for one in stage.body[:position]):
            return  # the folder is another one
        manager = installs(command_of(item)) if isinstance(item, Run) and not item.mounts else None
        if manager and manager.cache:
            mount = f"--mount=type=cache,target={manager.cache}"
            yield Advice(
                kind=AdviceKind.CACHE_MOUNT,
                line=item.span.line,
                names=(manager.cache,),
                write=(re.sub(r"^\s*RUN\s+", f"RUN {mount} ", item.text, flags=re.IGNORECASE),),
                about=manager.name,
            )


def _ignored(recipe: Recipe, context: Node) -> Iterator[Advice]:
    """Files that are copied and not used can be excluded."""
    copies = [
        item
        for stage in recipe.build.file.stages
        for item in stage.body
        if isinstance(item, Copy) and copies_context(item)
    ]
    names = unused_files(context.children, recipe.build.source.text, lambda name: _text(context, name))
    if not copies or not names:
        return
    ignore = recipe.ignore.rstrip(b"\n") + b"\n" if recipe.ignore else b""
    changed = replace(recipe, ignore=ignore + "".join(f"{name}\n" for name in names).encode())
    yield Advice(
        kind=AdviceKind.IGNORE,
        line=copies[0].span.line,
        names=tuple(names),
        write=tuple(names),
        about=recipe.ignore_name,
        recipe=changed,
    )


def _with_text(recipe: Recipe, text: str) -> Recipe | None:
    """``recipe`` with another Dockerfile; None if BuildKit would reject it."""
    build = recipe.build
    try:
        return replace(recipe, build=build_of(Source(name=build.source.name, text=text), build.options))
    except StagegraphError:
        return None


def _files_in(context: Node) -> list[str]:
    return [name for name, node in context.children.items() if node.kind is NodeKind.FILE]


def _text(context: Node, name: str) -> str:
    node = context.children.get(name)
    data = node.start(_MOST_READ) if node is not None and node.kind is NodeKind.FILE else None
    return (data or b"").decode("utf-8", "replace")
