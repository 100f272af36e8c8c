"""Reads the builds that ``diff`` compares: of files, or of git revisions as ``REV:PATH``."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stagegraph.cli.named_build import NamedBuild
from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.git import MissingGitError, error_of, object_named, run
from stagegraph.options import Options
from stagegraph.reading import NAMES
from stagegraph.source import Source, printable

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.graph.request import Request


def build_named(name: str, options: Options) -> Build | Request:
    """The build of the Dockerfile ``name``, or the request of the bake or compose file.

    ``name`` is a path, ``-``, or ``REV:PATH`` if there is no such path. PATH starts at the root of the
    repository, or at the current directory if it begins with ``./``; without REV it is the staged file.
    Raises InputError for an unknown revision or file, and if git is not installed.
    """
    if ":" not in name or _is_path(name):
        return NamedBuild(path=name, options=options).read()
    try:
        return _at_revision(name, options)
    except MissingGitError as error:
        message = f"{error.message}, so REV:PATH cannot be read"
        raise InputError(message, hint="install git, or use a path") from None


def _at_revision(name: str, options: Options) -> Build | Request:
    from stagegraph.graph.build import build_of

    source = _dockerfile(name)
    if source is not None:
        return build_of(source, options)
    if options != Options():
        raise click.UsageError(f"{printable(name)} has the options of its builds: leave them out")
    return _request(name)


def _dockerfile(name: str) -> Source | None:
    """The Dockerfile that ``name`` means at its revision; None for a bake or compose file."""
    from stagegraph.discovery.build_files import build_file_kind

    revision, _, path = name.partition(":")
    for candidate in (path, *(f"{path.rstrip('/')}/{known}".lstrip("/") for known in NAMES)):
        object_name = f"{revision}:{candidate}"
        kind, identity, size = object_named(object_name)
        if kind == "blob":
            if build_file_kind(candidate):
                return None
            data = _contents(object_name, identity, size)
            source = source_from_bytes(data, name if candidate == path else object_name)
            return None if build_file_kind(candidate, source.text) else source
    if object_named(f"{revision}:{path.rstrip('/')}{'/' * bool(path)}")[0] == "tree":
        return None
    raise _not_found(name, revision, path)


def _request(name: str) -> Request:
    """The request of the bake or compose file at a revision, or of the default files of a directory."""
    from stagegraph.bake.reading import DEFAULT_FILES
    from stagegraph.rebuild.context import Context
    from stagegraph.rebuild.git_tree import Repository
    from stagegraph.rebuild.tree_files import TreeFiles
    from stagegraph.request.read import read_request_in

    revision, _, path = name.partition(":")
    repository = Repository(".")
    tree = repository.tree(repository.commit(revision)) if revision else repository.staged()
    here = os.path.relpath(os.path.realpath("."), os.path.realpath(repository.root)).replace(os.sep, "/")
    system = TreeFiles(Context(tree), repository.root)
    is_local = path.split("/")[0] in (".", "..")
    local = posixpath.normpath(path) if is_local else posixpath.relpath(path or ".", here)
    if system.is_file(local):
        files, directory = [posixpath.basename(local)], posixpath.dirname(local) or "."
    else:
        directory = local
        files = [one for one in DEFAULT_FILES if system.is_file(posixpath.join(local, one))]
        if not files:
            message = f"there is no Dockerfile and no bake or compose file in {printable(name)}"
            raise InputError(message, hint="name the path of a file")
    return read_request_in(system, directory, files, name, os.environ)


def _is_path(name: str) -> bool:
    try:
        return name == "-" or Path(name).is_absolute() or Path(name).exists()
    except (OSError, ValueError):
        return False


def _contents(name: str, identity: str, size: int) -> bytes:
    if size > MAX_BYTES:
        raise InputError(f"{name}: {size:,} bytes is too large for a Dockerfile; the limit is {MAX_BYTES:,}")
    done = run("cat-file", "blob", identity)
    if done.returncode:
        raise InputError(f"git cannot read {name}", hint=error_of(done))
    return done.stdout


def _not_found(name: str, revision: str, path: str) -> InputError:
    message = f"cannot find {name} in git"
    inside = run("rev-parse", "--git-dir")
    if inside.returncode:
        return InputError(
            f"{message}: {error_of(inside)}", hint="run this in a git repository, or use a path"
        )
    if not object_named(revision or "HEAD")[0]:
        unknown = f"unknown revision {revision}" if revision else "there is no commit yet"
        return InputError(f"{message}: {unknown}", hint="use a commit, branch or tag of this repository")
    if path.startswith("./"):
        hint = f"check the path: {path} starts at the current directory; without ./ it starts at the root"
    else:
        hint = f"check the path: {path} starts at the root of the repository; use ./{path} for this directory"
    return InputError(message, hint=hint)
